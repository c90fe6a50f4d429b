/** What an alert calls for, and what several in one input do: the desk weighs them, and specialists look at what they carry. */
import { z } from 'zod';
import { Ioc } from '../protocol/index.ts';
import type { Placed } from './alert-evidence.ts';
import type { Step } from './plan.ts';

/** An alert as people and SIEMs post it: the reference's fields, all else kept out of the way. */
export const Alert = z.looseObject({
  alert_id: z.string().max(128).optional(),
  title: z.string().max(500).optional(),
  description: z.string().max(65_536).optional(),
  iocs: z.array(Ioc).max(1_000).default([]),
  /** Text as the sensor wrote it: log lines, a request or a mail. */
  raw_log: z.string().max(262_144).optional(),
  http: z
    .looseObject({
      method: z.string(),
      url: z.string(),
      headers: z.record(z.string(), z.string()).default({}),
      body: z.string().optional(),
    })
    .optional(),
  email: z.string().max(262_144).optional(),
  /** What a process was started with. */
  command_line: z.string().min(1).max(65_536).optional(),
});
export type Alert = z.infer<typeof Alert>;

/** An alert, where it lies in its input, and what its product lists beside the fields of ours. */
export interface PlacedAlert {
  alert: Alert;
  /** A pointer, behind the number of a line where the input has several; '' for the input itself. */
  place: string;
  /** Of the fields of ours that a product calls otherwise, the pointers within the alert. */
  places: ReadonlyMap<string, string>;
  commands: readonly Placed[];
  iocs: readonly (Placed & { type: string })[];
}

/** The first look at the alerts of an input; all of it may run side by side. */
export function alertLook(alerts: readonly PlacedAlert[], name: string): Step[] {
  const is_one = alerts.length === 1;
  return [
    ...(is_one ? alerts.flatMap(triageStep) : correlateStep(alerts)),
    ...carriedStep(alerts, CARRIED.log, name),
    ...requestStep(alerts),
    ...carriedStep(alerts, CARRIED.mail, name),
    ...commandStep(alerts, name),
    ...TEXT_FIELDS.flatMap((field) => textStep(alerts, field, name)),
  ];
}

/** Its indicators and texts go to those who judge them: the same evidence is not weighed twice. */
const deskView = (alert: Alert) =>
  Object.fromEntries(
    [...DESK_FIELDS, ...DESK_LABELS].flatMap((field) => (alert[field] === undefined ? [] : [[field, alert[field]]])),
  );

const isForDesk = ({ alert }: PlacedAlert): boolean => DESK_FIELDS.some((field) => alert[field] !== undefined);

function triageStep(placed: PlacedAlert): Step[] {
  if (!isForDesk(placed)) return [];
  const { alert } = placed;
  return [
    {
      step: 'triage',
      skill: 'triage_alert',
      params: { alert: { ...deskView(alert), alert_id: alert.alert_id ?? 'investigation' } },
      reason: 'A sensor judged it and says what it is about',
    },
  ];
}

function correlateStep(alerts: readonly PlacedAlert[]): Step[] {
  const weighed = alerts.filter(isForDesk);
  if (weighed.length === 0) return [];
  const params = {
    alerts: weighed.map(({ alert, place }) => ({
      ...deskView(alert),
      alert_id: alert.alert_id ?? place.replace(/, $/, ''),
    })),
  };
  const reason = `A sensor judged these ${weighed.length} alerts: which of them belong together`;
  return [{ step: 'triage', skill: 'correlate_alerts', params, reason }];
}

/** A text that a sensor hands over whole. */
function carriedStep(
  alerts: readonly PlacedAlert[],
  { field, step, skill, param, reason }: (typeof CARRIED)['log' | 'mail'],
  name: string,
): Step[] {
  return alerts.flatMap(({ alert, place }, nth) => {
    const text = alert[field];
    if (text === undefined) return [];
    const source = { name: sourceOf(name, `${place}/${field}`), text };
    return [{ step: nth === 0 ? step : `${step}-${nth + 1}`, skill, params: { [param]: source }, reason }];
  });
}

function requestStep(alerts: readonly PlacedAlert[]): Step[] {
  const requests = alerts.flatMap(({ alert: { http } }) => {
    if (!http) return [];
    const { method, url, headers, body } = http;
    return [{ method, url, headers, ...(body !== undefined && { body }) }];
  });
  const [request, ...others] = requests;
  if (!request) return [];
  return [
    {
      step: 'http',
      skill: 'analyze_http',
      params: others.length === 0 ? { request } : { requests },
      reason: `The alert carries ${others.length === 0 ? 'an HTTP request' : `${requests.length} HTTP requests`}`,
    },
  ];
}

function commandStep(alerts: readonly PlacedAlert[], name: string): Step[] {
  const commands = commandsOf(alerts);
  if (commands.length === 0) return [];
  const params = {
    commands: commands.map(({ value }) => value),
    origins: commands.map(({ place }) => ({
      source: name.slice(0, SOURCE_CHARS_MAX),
      locator: place.slice(0, SOURCE_CHARS_MAX),
    })),
  };
  const reason = `The alert carries ${commands.length === 1 ? 'a command line' : `${commands.length} command lines`}`;
  return [{ step: 'command_line', skill: 'check_lolbins', params, reason }];
}

/** Every command line once, with where it stands. */
export function commandsOf(alerts: readonly PlacedAlert[]): Placed[] {
  const all = alerts.flatMap(({ alert, place, places, commands }) => [
    ...(alert.command_line === undefined
      ? []
      : [{ value: alert.command_line, place: place + (places.get('command_line') ?? '/command_line') }]),
    ...commands.map(({ value, place: within }) => ({ value, place: place + within })),
  ]);
  const by_text = new Map<string, Placed>();
  for (const each of all) if (!by_text.has(each.value)) by_text.set(each.value, each);
  return [...by_text.values()];
}

/** Read one by one, so that evidence points into the field itself; of several alerts, one line each, so that its line is theirs. */
function textStep(alerts: readonly PlacedAlert[], field: (typeof TEXT_FIELDS)[number], name: string): Step[] {
  const [first, ...others] = alerts;
  const texts = alerts.map(({ alert }) => alert[field] ?? '');
  if (!first || texts.every((text) => text.trim() === '')) return [];
  const source =
    others.length === 0
      ? { name: sourceOf(name, first.place + (first.places.get(field) ?? `/${field}`)), text: texts.join('') }
      : {
          name: sourceOf(name, `the ${field} of each alert`),
          text: texts.map((text) => text.replace(/[\r\n]+/g, ' ')).join('\n'),
        };
  return [{ step: field, skill: 'extract_iocs', params: { source }, reason: `The ${field} may name indicators` }];
}

/** The input, and what of it: the end of a long name goes first. */
const sourceOf = (name: string, place: string): string => {
  const shown = `#${place}`.slice(0, PLACE_CHARS_MAX);
  return name.slice(0, SOURCE_CHARS_MAX - shown.length) + shown;
};

/** Fields of an alert that the desk weighs, and those by which it tells alerts apart. */
export const DESK_FIELDS = [
  'severity',
  'rule',
  'host',
  'hostname',
  'user',
  'username',
  'src_ip',
  'dst_ip',
  'process_guid',
  'mitre_techniques',
  'entities',
  'asset_criticality',
] as const;
/** Fields that the desk shows and does not weigh. */
export const DESK_LABELS = ['title', 'source', 'timestamp', 'created_at'] as const;
const CARRIED = {
  log: {
    field: 'raw_log',
    step: 'access_log',
    skill: 'analyze_access_log',
    param: 'log',
    reason: 'The alert carries raw log lines',
  },
  mail: {
    field: 'email',
    step: 'email',
    skill: 'analyze_email',
    param: 'email',
    reason: 'The alert carries a mail',
  },
} as const;
/** Fields of an alert that people write. */
const TEXT_FIELDS = ['title', 'description'] as const;
/** The longest source that a finding cites. */
const SOURCE_CHARS_MAX = 255;
const PLACE_CHARS_MAX = 128;
