/** Alerts: what was seen, by whom, and what became of it. */
import { z } from 'zod';
import { Ioc, Severity } from '../result.ts';
import { route, shows } from '../route.ts';
import { stream } from '../stream.ts';
import { Username } from './auth.ts';
import { pageOf, pageQuery, Since } from './page.ts';

/** `ALRT-2026-05821`: the year it came, and its number in that year (M08). */
export const AlertId = z
  .string()
  .max(32)
  .regex(/^ALRT-\d{4}-\d{5,9}$/, 'ALRT-<year>-<number>');

/** Where an alert stands. From a closed state it can only be taken up again. */
export const AlertStatus = z.enum([
  'new',
  'triaged',
  'investigating',
  'escalated',
  'contained',
  'resolved',
  'false_positive',
]);
export type AlertStatus = z.infer<typeof AlertStatus>;

const TechniqueId = z.string().regex(/^T\d{4}(\.\d{3})?$/, 'an ATT&CK id like T1110 or T1110.001');
const metadata = z
  .record(z.string().max(128), z.unknown())
  .describe('what else the sensor knows: at most 16 KiB as JSON');

/** What a sensor, a SIEM or a person says. */
export const NewAlert = z.strictObject({
  title: z.string().min(1).max(500),
  description: z.string().max(65_536).optional(),
  severity: Severity,
  source: z.string().min(1).max(128).describe('who says so: wazuh, suricata, a person'),
  external_id: z.string().min(1).max(256).optional().describe('its id there: the same one is the same alert'),
  asset_type: z.string().max(64).optional(),
  affected_assets: z.array(z.string().min(1).max(256)).max(256).optional(),
  iocs: z.array(Ioc).max(1_000).optional(),
  mitre_techniques: z.array(TechniqueId).max(64).optional(),
  raw_log: z.string().max(262_144).optional(),
  http: z
    .strictObject({
      method: z.string().max(32),
      url: z.string().max(8_192),
      headers: z.record(z.string().max(128), z.string().max(8_192)).optional(),
      body: z.string().max(131_072).optional(),
    })
    .optional()
    .describe('the request that was seen'),
  email: z.string().max(262_144).optional().describe('the mail that was seen, as it came'),
  metadata: metadata.optional(),
});
export type NewAlert = z.infer<typeof NewAlert>;

/** An alert as it is kept. */
export const Alert = z.object({
  alert_id: AlertId,
  id: z.uuid(),
  external_id: z.string().nullable(),
  title: z.string(),
  description: z.string(),
  severity: Severity,
  status: AlertStatus,
  source: z.string(),
  asset_type: z.string().nullable(),
  affected_assets: z.array(z.string()),
  iocs: z.array(Ioc),
  mitre_techniques: z.array(z.string()),
  raw_log: z.string().nullable(),
  http: NewAlert.shape.http.unwrap().nullable(),
  email: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  assignee: z.string().nullable(),
  case_id: z.string().nullable(),
  acknowledged: z.boolean(),
  acknowledged_by: z.string().nullable(),
  acknowledged_at: z.string().nullable(),
  dedup_hash: z.string().describe('SHA-256 over title, source and sorted indicators'),
  occurrences: z.number().int().positive(),
  last_seen_at: z.string(),
  created_by: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  version: z.number().int(),
});
export type Alert = z.infer<typeof Alert>;

/** Detail of a 4091, and what a bulk says of a duplicate. */
export const DuplicateOf = z.object({ alert_id: AlertId, occurrences: z.number().int(), last_seen_at: z.string() });
export type DuplicateOf = z.infer<typeof DuplicateOf>;

/** What became of one alert of a bulk, by its place in the list. */
export const BulkOutcome = z.discriminatedUnion('status', [
  z.object({ index: z.number().int(), status: z.literal('created'), alert_id: AlertId }),
  z.object({ index: z.number().int(), status: z.literal('duplicate'), ...DuplicateOf.shape }),
  z.object({
    index: z.number().int(),
    status: z.literal('refused'),
    error: z.object({ code: z.string(), message: z.string(), detail: z.unknown() }),
  }),
]);
export type BulkOutcome = z.infer<typeof BulkOutcome>;

/** For senders and hands that may write alerts and not read them. */
const shown = shows(
  'alerts:read',
  Alert.pick({ alert_id: true, status: true, acknowledged: true, occurrences: true, version: true }),
);

/** How alerts are put in order. */
export const AlertSort = z.enum(['-created_at', 'created_at', '-last_seen_at', '-severity']);
export type AlertSort = z.infer<typeof AlertSort>;

/** The routes of alerts. */
export const alertRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/alerts',
    permission: 'alerts:read',
    summary: 'List alerts, newest first.',
    keeps: ['E015', 'K15'],
    input: z.strictObject({
      ...pageQuery,
      severity: Severity.optional(),
      status: AlertStatus.optional(),
      source: z.string().max(128).optional(),
      acknowledged: z.boolean().optional(),
      assignee: Username.optional(),
      since: Since.optional().describe('made then or later'),
      sort: AlertSort.default('-created_at'),
    }),
    output: pageOf(Alert),
  }),
  create: route({
    method: 'POST',
    path: '/api/v1/alerts',
    permission: 'alerts:write',
    summary:
      'Post an alert. What was seen before is counted there: 4091, or the alert itself with on_duplicate=return.',
    keeps: ['E016', 'X12'],
    query: ['on_duplicate'],
    input: NewAlert.extend({ on_duplicate: z.enum(['refuse', 'return']).default('refuse') }),
    output: Alert,
    shows: shown,
    status: 201,
    also: [200],
    errors: [4091],
    etag: 'version',
  }),
  bulk: route({
    method: 'POST',
    path: '/api/v1/alerts/bulk',
    permission: 'alerts:write',
    summary: 'Post up to 500 alerts; each is answered by itself.',
    keeps: ['T13'],
    bulk: { list: 'alerts', bytes_max: 8_388_608 },
    input: z.strictObject({
      alerts: z.array(z.unknown()).min(1).max(500).describe('each as POST /api/v1/alerts takes it'),
    }),
    output: z.object({
      items: z.array(BulkOutcome),
      created: z.number().int(),
      duplicates: z.number().int(),
      refused: z.number().int(),
    }),
  }),
  get: route({
    method: 'GET',
    path: '/api/v1/alerts/{alert_id}',
    permission: 'alerts:read',
    summary: 'Read an alert.',
    keeps: ['E017', 'X08'],
    input: z.strictObject({ alert_id: AlertId }),
    output: Alert,
    errors: [4042],
    etag: 'version',
  }),
  update: route({
    method: 'PATCH',
    path: '/api/v1/alerts/{alert_id}',
    permission: 'alerts:write',
    summary: 'Change what people judge: severity, status, assignee, words, techniques.',
    keeps: ['E018'],
    input: z.strictObject({
      alert_id: AlertId,
      title: z.string().min(1).max(500).optional(),
      description: z.string().max(65_536).optional(),
      severity: Severity.optional(),
      status: AlertStatus.optional(),
      assignee: Username.nullable().optional(),
      mitre_techniques: z.array(TechniqueId).max(64).optional(),
      metadata: metadata.optional(),
    }),
    output: Alert,
    shows: shown,
    errors: [4042, 4120],
    etag: 'version',
  }),
  acknowledge: route({
    method: 'POST',
    path: '/api/v1/alerts/{alert_id}/acknowledge',
    permission: 'alerts:write',
    summary: 'Say that somebody has seen it. The first one stays named.',
    keeps: ['E019'],
    input: z.strictObject({ alert_id: AlertId }),
    output: Alert,
    shows: shown,
    errors: [4042],
    etag: 'version',
    if_match: true,
  }),
};

/** The stream of alerts. */
export const alertStreams = {
  alerts: stream({
    path: '/api/v1/ws/alerts',
    permission: 'AUTH',
    shows: 'alerts:read',
    summary: 'Alerts as they come and change.',
    keeps: ['E106'],
    topic: 'alerts',
    event: Alert.pick({
      alert_id: true,
      id: true,
      title: true,
      severity: true,
      status: true,
      source: true,
      iocs: true,
      mitre_techniques: true,
      acknowledged: true,
      assignee: true,
      occurrences: true,
      last_seen_at: true,
      updated_at: true,
      version: true,
    }),
    kinds: ['alert.created', 'alert.updated', 'alert.acknowledged', 'alert.seen_again'],
  }),
};
