/** Warning lists as MISP writes them: what is known to be harmless, shared by many, or a sensor, asked by indicator. */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { Indicator, IndicatorType } from './indicator.ts';

/** What membership means: `harmless` lowers; `shared` and `sensor` are said but excuse nothing. */
export type ListKind = 'harmless' | 'shared' | 'sensor';

/** A list that names an indicator. */
export interface Listing {
  list: string;
  kind: ListKind;
}

/** Mounted lists, ready to be asked. */
export interface WarningLists {
  lookup: (indicator: Indicator) => Listing[];
  /** Patterns that were not used, as their evaluation could not be bounded. */
  patterns_left_out: number;
}

const WarningList = z.object({
  name: z.string(),
  type: z.enum(['string', 'hostname', 'substring', 'cidr', 'regex']),
  matching_attributes: z.array(z.string()).optional(),
  list: z.array(z.string()),
});
type WarningList = z.infer<typeof WarningList>;
const Pack = z.union([
  z.array(WarningList),
  z.object({ warninglists: z.array(WarningList) }).transform((pack) => pack.warninglists),
]);

/** Indexes a pack, or undefined when it has another shape. The same pack object is indexed once. */
export function warningListsOf(data: unknown): WarningLists | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const known = INDEXED.get(data);
  if (known) return known;
  const parsed = Pack.safeParse(data);
  if (!parsed.success) return undefined;
  const lists = indexed(parsed.data);
  INDEXED.set(data, lists);
  return lists;
}

type Lookup = (candidates: readonly string[], indicator: Indicator) => boolean;

function indexed(lists: readonly WarningList[]): WarningLists {
  let patterns_left_out = 0;
  const entries = lists
    .filter(({ name }) => !UNUSABLE.test(name))
    .map((list) => {
      const { lookup, left_out } = LOOKUPS[list.type](list.list);
      patterns_left_out += left_out ?? 0;
      return {
        name: list.name,
        kind: kindOf(list.name),
        attributes: list.matching_attributes && new Set(list.matching_attributes),
        lookup,
      };
    });
  return {
    patterns_left_out,
    lookup: (indicator) => {
      const candidates = candidatesOf(indicator);
      return entries
        .filter(
          ({ attributes }) => !attributes || ATTRIBUTES[indicator.type].some((attribute) => attributes.has(attribute)),
        )
        .filter(({ lookup }) => lookup(candidates, indicator))
        .map(({ name, kind }) => ({
          list: name,
          kind: indicator.type === 'url' && kind === 'harmless' ? 'shared' : kind,
        }));
    },
  };
}

/** The spellings of an indicator that a list may hold. */
const candidatesOf = ({ value, host }: Indicator): string[] => [
  ...new Set([value.toLowerCase(), ...(host ? [host] : [])]),
];

const LOOKUPS: Record<WarningList['type'], (list: readonly string[]) => { lookup: Lookup; left_out?: number }> = {
  string: (list) => {
    const exact = new Set(list.filter((entry) => !entry.startsWith('.')).map((entry) => entry.toLowerCase()));
    const under = new Set(list.filter((entry) => entry.startsWith('.')).map((entry) => entry.slice(1).toLowerCase()));
    return {
      lookup: (candidates) => candidates.some((candidate) => exact.has(candidate) || isUnder(candidate, under)),
    };
  },
  hostname: (list) => {
    const names = new Set(list.map((entry) => entry.replace(/^\./, '').toLowerCase()));
    return { lookup: (_, { host }) => host !== undefined && isUnder(host, names) };
  },
  substring: (list) => {
    const parts = list.filter(Boolean).map((entry) => entry.toLowerCase());
    return { lookup: ([value = '']) => parts.some((part) => value.includes(part)) };
  },
  cidr: (list) => {
    const networks = networksOf(list);
    return { lookup: (_, { type, host }) => type === 'ip' && host !== undefined && networks(host) };
  },
  regex: (list) => {
    const usable = list.flatMap(boundedPattern);
    return {
      left_out: list.length - usable.length,
      lookup: ([value = '']) => value.length <= PATTERN_INPUT_MAX && usable.some((pattern) => pattern.test(value)),
    };
  },
};

function isUnder(host: string, names: ReadonlySet<string>): boolean {
  const labels = host.split('.').slice(-LABELS_MAX);
  return labels.some((_, index) => names.has(labels.slice(index).join('.')));
}

/** Answers whether an address lies in one of the networks: one set a prefix length, so the length of the list does not matter. */
function networksOf(list: readonly string[]): (address: string) => boolean {
  const by_prefix = new Map<string, { kind: string; bits: number; keys: Set<string> }>();
  for (const entry of list) {
    const [address = '', prefix] = entry.split('/');
    if (!ipaddr.isValid(address)) continue;
    const parsed = ipaddr.parse(address);
    const bits = prefix === undefined ? parsed.toByteArray().length * 8 : Number(prefix);
    const name = `${parsed.kind()}/${bits}`;
    const group = by_prefix.get(name) ?? { kind: parsed.kind(), bits, keys: new Set<string>() };
    group.keys.add(networkKey(parsed.toByteArray(), bits));
    by_prefix.set(name, group);
  }
  return (address) => {
    const parsed = ipaddr.process(address);
    const bytes = parsed.toByteArray();
    return [...by_prefix.values()].some(
      ({ kind, bits, keys }) => kind === parsed.kind() && keys.has(networkKey(bytes, bits)),
    );
  };
}

const networkKey = (bytes: readonly number[], bits: number): string =>
  bytes.map((byte, index) => byte & (0xff << Math.max(0, Math.min(8, 8 - (bits - index * 8)))) & 0xff).join('.');

/** A pattern that ends in time: short, and with no repetition inside a repetition. */
function boundedPattern(written: string): RegExp[] {
  const [, source = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(written) ?? [];
  if (source === '' || source.length > PATTERN_LENGTH_MAX || /[+*}]\)*[+*{]|\\[1-9]/.test(source)) return [];
  try {
    return [new RegExp(source, flags.replace(/[^imsu]/g, ''))];
  } catch {
    return [];
  }
}

function kindOf(name: string): ListKind {
  if (SENSOR.test(name)) return 'sensor';
  return SHARED.test(name) ? 'shared' : 'harmless';
}

const INDEXED = new WeakMap<object, WarningLists>();
const LABELS_MAX = 32;
const PATTERN_LENGTH_MAX = 256;
const PATTERN_INPUT_MAX = 256;
/** A list of all top-level domains says nothing about a name. */
const UNUSABLE = /\bTLDs\b/i;
const SENSOR = /sinkhole|parking|blockpage/i;
const SHARED =
  /\b(?:AWS|GCP|Azure|Cloud|Oracle|OVH|CDN|Akamai|Fastly|Cloudflare IP|Stackpath|VPN|LOTS|Shorteners?|IPFS|Scanning|Scanners?|link in Bio|SMTP|Gmail sending|Telegram|external IP|source IP|connection-attempt|check-host)\b/i;
const ATTRIBUTES: Record<IndicatorType, readonly string[]> = {
  ip: ['ip-src', 'ip-dst'],
  cidr: ['ip-src', 'ip-dst'],
  domain: ['domain', 'hostname'],
  url: ['url', 'uri'],
  email: ['email-src', 'email-dst', 'target-email'],
  hash: ['md5', 'sha1', 'sha256', 'sha512'],
  file: ['filename'],
  cve: ['vulnerability'],
};
