/** The installation itself: settings, health, numbers, the record of who did what, and its own description. */
import { z } from 'zod';
import { Mode } from '../handoff.ts';
import { route, shows } from '../route.ts';
import { pageOf, pageQuery } from './page.ts';

/** A number that can be changed while it runs. */
const Limits = z.strictObject({
  user_minute_max: z.number().int().min(1).max(1_000_000).describe('requests a minute of one user: 100'),
  chat_minute_max: z.number().int().min(1).max(1_000_000).describe('chat requests a minute of one user: 20'),
  key_minute_max: z.number().int().min(1).max(1_000_000).describe('requests a minute with the keys of one user: 6 000'),
});

/** What can be set while it runs, and what was fixed when it started. */
export const RuntimeSettings = z.object({
  mode: Mode,
  configured_mode: Mode.describe('of the configuration; after a restart the narrower of the two is in force'),
  limits: Limits,
  duplicate_window_hours: z.number().describe('how long the same alert is a duplicate: 24'),
  fixed: z
    .object({
      approval_ms: z.number(),
      protected_assets: z.array(z.string()),
      flow: z.record(z.string(), z.number()).describe('queues, retries and breakers that the configuration sets'),
    })
    .describe('needs the configuration and a restart'),
  updated_at: z.string().nullable(),
  updated_by: z.string().nullable(),
  version: z.number().int(),
});
export type RuntimeSettings = z.infer<typeof RuntimeSettings>;

/** One thing that somebody did, or tried. */
export const AuditEntry = z.object({
  audit_id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  outcome: z.enum(['done', 'refused']),
  request_id: z.string().nullable(),
  remote: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** One part of the whole, as a probe sees it (R22). */
const Check = z.object({ status: z.enum(['healthy', 'degraded', 'unhealthy']), message: z.string() });

/** The answer of a probe. */
export const Health = z.object({
  overall_status: z.enum(['healthy', 'degraded', 'unhealthy']),
  timestamp: z.string(),
  response_time_ms: z.number().nonnegative(),
  checks: z.object({ database: Check, orchestrator: Check, agents: Check, streams: Check }),
});
export type Health = z.infer<typeof Health>;

/** The routes of the whole: health, settings, figures. */
export const systemRoutes = {
  settings: route({
    method: 'GET',
    path: '/api/v1/settings/runtime',
    permission: 'system:read',
    summary: 'Read the settings in force.',
    keeps: ['E103'],
    input: z.strictObject({}),
    output: RuntimeSettings,
    etag: 'version',
  }),
  updateSettings: route({
    method: 'PATCH',
    path: '/api/v1/settings/runtime',
    permission: 'system:write',
    summary: 'Change settings while it runs; every change is on the audit record.',
    keeps: ['E104'],
    input: z.strictObject({
      mode: Mode.optional(),
      limits: Limits.partial().optional(),
      duplicate_window_hours: z.number().min(0).max(8_760).optional(),
    }),
    output: RuntimeSettings,
    shows: shows('system:read', RuntimeSettings.pick({ mode: true, version: true })),
    errors: [4120],
    etag: 'version',
  }),
  audit: route({
    method: 'GET',
    path: '/api/v1/audit',
    permission: 'Admin',
    summary: 'Read who did what, newest first.',
    keeps: [],
    input: z.strictObject({
      ...pageQuery,
      actor: z.string().max(128).optional(),
      action: z.string().max(64).optional(),
    }),
    output: pageOf(AuditEntry),
  }),
  metrics: route({
    method: 'GET',
    path: '/metrics',
    permission: 'AUTH',
    summary: 'Numbers for Prometheus.',
    keeps: ['E105'],
    input: z.strictObject({}),
    output: z.string(),
    media: 'text/plain',
  }),
  ticket: route({
    method: 'POST',
    path: '/api/v1/ws/ticket',
    permission: 'AUTH',
    summary: 'Get a ticket that opens one stream within 30 seconds, for browsers.',
    keeps: ['T07'],
    input: z.strictObject({}),
    output: z.object({ ticket: z.string(), expires_in: z.number().int() }),
    status: 201,
    idempotency: 'none',
  }),
  openapi: route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    permission: 'PUB',
    summary: 'This description.',
    keeps: [],
    input: z.strictObject({}),
    output: z.record(z.string(), z.unknown()),
  }),
  health: route({
    method: 'GET',
    path: '/health',
    permission: 'PUB',
    summary: 'How all parts are; 503 when it cannot work.',
    keeps: ['R22', 'T03'],
    input: z.strictObject({}),
    output: Health,
    also: [503],
    rate: 'none',
  }),
  liveness: route({
    method: 'GET',
    path: '/health/liveness',
    permission: 'PUB',
    summary: 'Whether the process lives.',
    keeps: ['R23', 'T03'],
    input: z.strictObject({}),
    output: z.object({ status: z.literal('alive'), timestamp: z.string() }),
    rate: 'none',
  }),
  readiness: route({
    method: 'GET',
    path: '/health/readiness',
    permission: 'PUB',
    summary: 'Whether new work is taken; 503 with the causes when it is not.',
    keeps: ['R24', 'T03'],
    input: z.strictObject({}),
    output: z.object({ status: z.enum(['ready', 'not_ready']), causes: z.array(z.string()), timestamp: z.string() }),
    also: [503],
    rate: 'none',
  }),
};
