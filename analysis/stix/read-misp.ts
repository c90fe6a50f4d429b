/** MISP events as intelligence: attributes by their type, techniques and names by their galaxies and tags. */
import { z } from 'zod';
import type { Ioc } from '../../protocol/index.ts';
import { crosswalk, techniques } from '../attack/index.ts';
import { toBundle } from './to-bundle.ts';
import type { Intelligence } from './intelligence.ts';

/** Whether parsed JSON is an event of MISP, or an answer that holds some. */
export const isMisp = (data: unknown): boolean => eventsOf(data) !== undefined;

/** Reads the events of an export or of an answer. */
export function readMisp(data: unknown): Intelligence {
  const events = eventsOf(data) ?? [];
  const read: Omit<Intelligence, 'bundle'> = {
    format: 'misp',
    objects: {},
    indicators: [],
    observed: [],
    techniques: [],
    groups: [],
    software: [],
    producer: events[0]?.event.Orgc?.name ?? '',
    rejected: [],
  };
  for (const { event, locator } of events) readEvent(event, locator, read);
  read.objects = { event: events.length, attribute: read.indicators.length + read.observed.length };
  const first = events[0]?.event;
  const bundle = toBundle({
    title: first?.info || 'MISP event',
    created_at: timeOf(first?.timestamp ?? '') ?? '1970-01-01T00:00:00.000Z',
    producer: read.producer,
    indicators: read.indicators.filter(({ sufficient }) => sufficient),
    observed: read.observed,
    techniques: read.techniques.map(({ id }) => id),
  });
  read.rejected.push(...bundle.left_out.map((why) => ({ locator: '/', why })));
  return { ...read, bundle: bundle.bundle };
}

function readEvent(event: MispEvent, locator: string, read: Omit<Intelligence, 'bundle'>): void {
  const attributes = [
    ...event.Attribute.map((attribute, index) => ({ attribute, at: `${locator}/Attribute/${index}` })),
    ...event.Object.flatMap((object, nth) =>
      object.Attribute.map((attribute, index) => ({ attribute, at: `${locator}/Object/${nth}/Attribute/${index}` })),
    ),
  ];
  for (const { attribute, at } of attributes) {
    if (attribute.deleted) continue;
    const iocs = iocsOf(attribute);
    if (iocs.length === 0 && !TOLD_ELSEWHERE.has(attribute.type)) {
      read.rejected.push({ locator: at, why: `attributes of type ${attribute.type.slice(0, 64)} are not taken over` });
    }
    for (const ioc of iocs) {
      if (!attribute.to_ids) {
        read.observed.push({ ...ioc, locator: at });
        continue;
      }
      const first_seen = timeOf(attribute.timestamp);
      const comment = attribute.comment.trim();
      read.indicators.push({
        ...ioc,
        locator: at,
        sufficient: true,
        ...(comment !== '' && { name: comment }),
        ...(first_seen !== undefined && { first_seen }),
        malware: [],
        techniques: [],
      });
    }
  }
  for (const [index, { name }] of event.Tag.slice(0, TAGS_MAX).entries())
    readTag(name, `${locator}/Tag/${index}`, read);
}

function readTag(tag: string, locator: string, read: Omit<Intelligence, 'bundle'>): void {
  const [, galaxy = '', value = ''] = /^misp-galaxy:([a-z0-9-]{1,64})="([^"]{1,256})"$/.exec(tag) ?? [];
  if (galaxy === 'mitre-attack-pattern') {
    const id = /\bT\d{4}(?:\.\d{3})?$/.exec(value)?.[0] ?? ID_BY_NAME.get(value) ?? '';
    const crossing = crosswalk(id);
    if (!crossing) read.rejected.push({ locator, why: 'names no technique of our ATT&CK table' });
    else
      read.techniques.push({
        id: crossing.technique.id,
        locator,
        ...(crossing.revoked && { revoked: crossing.revoked }),
      });
  }
  if (/^(?:threat-actor|mitre-intrusion-set|microsoft-activity-group)$/.test(galaxy))
    read.groups.push({ name: value, locator });
  if (/^(?:tool|malpedia|mitre-malware|mitre-tool|ransomware|backdoor|rat|stealer)$/.test(galaxy)) {
    read.software.push({ name: value, locator });
  }
}

/** Composite types hold two things in one value. */
function iocsOf({ type, value }: MispAttribute): Ioc[] {
  const types = type.split('|');
  const values = types.length > 1 ? value.split('|') : [value];
  return types.flatMap((part, index) => {
    const known = TYPES[part];
    const own = values[index]?.trim() ?? '';
    return known === undefined || own === '' || own.length > VALUE_LENGTH_MAX ? [] : [{ type: known, value: own }];
  });
}

/** Seconds since 1970, as MISP writes them. */
function timeOf(seconds: string): string | undefined {
  const ms = Number(seconds) * 1_000;
  return seconds !== '' && Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : undefined;
}

function eventsOf(data: unknown): { event: MispEvent; locator: string }[] | undefined {
  const shapes = [
    { shape: z.object({ Event }).transform((one) => [one]), prefix: () => '/Event' },
    {
      shape: z.object({ response: Answer }).transform(({ response }) => response),
      prefix: (n: number) => `/response/${n}/Event`,
    },
    { shape: Answer, prefix: (n: number) => `/${n}/Event` },
  ];
  for (const { shape, prefix } of shapes) {
    const parsed = shape.safeParse(data);
    if (parsed.success) return parsed.data.map(({ Event: event }, index) => ({ event, locator: prefix(index) }));
  }
  return undefined;
}

const Attribute = z.object({
  type: z.string().max(256),
  value: z.string().max(1_048_576),
  to_ids: z.boolean().default(false),
  deleted: z.boolean().default(false),
  comment: z.string().default(''),
  timestamp: z.string().default(''),
});
type MispAttribute = z.infer<typeof Attribute>;
const Event = z.object({
  info: z.string().default(''),
  timestamp: z.string().default(''),
  Orgc: z.object({ name: z.string() }).optional(),
  Attribute: z.array(Attribute).max(50_000).default([]),
  Object: z
    .array(z.object({ Attribute: z.array(Attribute).max(1_000).default([]) }))
    .max(20_000)
    .default([]),
  Tag: z
    .array(z.object({ name: z.string().max(1_024) }))
    .max(10_000)
    .default([]),
});
type MispEvent = z.infer<typeof Event>;
const Answer = z.array(z.object({ Event })).min(1).max(100);

const ID_BY_NAME = new Map(
  techniques()
    .reverse()
    .map(({ id, name }) => [name, id]),
);
const TYPES: Record<string, string> = {
  'ip-src': 'ip',
  'ip-dst': 'ip',
  ip: 'ip',
  domain: 'domain',
  hostname: 'domain',
  url: 'url',
  uri: 'url',
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  sha512: 'sha512',
  filename: 'file',
  'email-src': 'email',
  'email-dst': 'email',
  email: 'email',
  vulnerability: 'cve',
};
/** Remarks and links: they say something about the event, and name nothing to look for. */
const TOLD_ELSEWHERE = new Set([
  'text',
  'comment',
  'link',
  'other',
  'datetime',
  'size-in-bytes',
  'float',
  'counter',
  'boolean',
]);
const VALUE_LENGTH_MAX = 4_096;
const TAGS_MAX = 1_000;
