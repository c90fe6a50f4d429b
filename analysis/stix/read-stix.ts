/** STIX 2.1 bundles, or a single object, as intelligence: every object is kept as it came, what breaks the rules is named. */
import { z } from 'zod';
import { crosswalk } from '../attack/index.ts';
import { indicatorsIn } from './indicators.ts';
import { idOf } from './identifiers.ts';
import type { Intelligence, Named, SharedIndicator, StixBundle, StixObject } from './intelligence.ts';
import { parsePattern } from './pattern.ts';

/** Whether parsed JSON is a bundle or an object of STIX. */
export const isStix = (data: unknown): boolean => Bundle.safeParse(data).success || Single.safeParse(data).success;

/** Reads a bundle; an object alone becomes a bundle of one. */
export function readStix(data: unknown): Intelligence {
  const bundle = bundleOf(data);
  const rejected: Intelligence['rejected'] = [];
  const placed = bundle.objects.map((object, index) => ({ object, locator: `/objects/${index}` }));
  const known = new Map<string, { object: StixObject; locator: string }>();
  for (const each of placed) {
    const faults = faultsOf(each.object);
    rejected.push(...faults.map((why) => ({ locator: each.locator, why })));
    const { id } = each.object;
    if (faults.length === 0 && typeof id === 'string') known.set(id, each);
  }
  const sound = placed.filter(({ object }) => typeof object['id'] === 'string' && known.has(object['id']));
  const links = linksOf(sound.map(({ object }) => object));

  const indicators = sound
    .filter(({ object }) => object.type === 'indicator' && object['revoked'] !== true)
    .flatMap(({ object, locator }): SharedIndicator[] => {
      const parsed = object['pattern_type'] === 'stix' ? parsePattern(textOf(object, 'pattern')) : undefined;
      if (!parsed?.ok) {
        const why = parsed ? `its pattern stops at ${parsed.at}: ${parsed.why}` : 'a pattern of another language';
        rejected.push({ locator: `${locator}/pattern`, why });
        return [];
      }
      const meant = (links.get(textOf(object, 'id')) ?? []).flatMap((id) => known.get(id) ?? []);
      const name = textOf(object, 'name');
      const valid_until = textOf(object, 'valid_until');
      const first_seen = textOf(object, 'valid_from');
      return indicatorsIn(parsed.pattern).map((ioc) => ({
        ...ioc,
        locator: `${locator}/pattern`,
        sufficient: parsed.pattern.any_suffices,
        ...(name !== '' && { name }),
        ...(first_seen !== '' && { first_seen }),
        ...(valid_until !== '' && { valid_until }),
        malware: meant.filter((each) => SOFTWARE.has(each.object.type)).map((each) => textOf(each.object, 'name')),
        techniques: meant.flatMap((each) => techniquesOf(each).map(({ id }) => id)),
      }));
    });
  const named = (types: ReadonlySet<string>): Named[] =>
    sound
      .filter(({ object }) => types.has(object.type))
      .map(({ object, locator }) => ({ name: textOf(object, 'name') || textOf(object, 'id'), locator }));
  const author = known.get(
    sound.map(({ object }) => textOf(object, 'created_by_ref')).find((ref) => known.has(ref)) ?? '',
  );
  return {
    format: 'stix',
    objects: countsOf(bundle.objects),
    indicators,
    observed: sound.flatMap(({ object, locator }) => observedIn(object).map((ioc) => ({ ...ioc, locator }))),
    techniques: sound.flatMap(techniquesOf),
    groups: named(GROUPS),
    software: named(SOFTWARE),
    producer: author ? textOf(author.object, 'name') : '',
    rejected,
    bundle,
  };
}

function bundleOf(data: unknown): StixBundle {
  const bundle = Bundle.safeParse(data);
  if (bundle.success) return { ...bundle.data, objects: bundle.data.objects ?? [] };
  const single = Single.parse(data);
  return { type: 'bundle', id: idOf('bundle', single), objects: [single] };
}

/** The rules common to all objects (STIX 2.1, 3.2); a type's own properties are the schemas' matter. */
function faultsOf(object: StixObject): string[] {
  const { type } = object;
  const id = textOf(object, 'id');
  if (!id.startsWith(`${type}--`) || !UUID.test(id.slice(type.length + 2)))
    return ['its id is not its type and a UUID'];
  if (OBSERVABLES.has(type) || type === 'marking-definition') return [];
  const times = ['created', 'modified'].filter((key) => !TIMESTAMP.test(textOf(object, key)));
  return times.map((key) => `${key} is no timestamp`);
}

/** Source ids to what they indicate or use. */
function linksOf(objects: readonly StixObject[]): ReadonlyMap<string, readonly string[]> {
  const links = new Map<string, string[]>();
  for (const object of objects) {
    if (object.type !== 'relationship' || object['relationship_type'] !== 'indicates') continue;
    const source = textOf(object, 'source_ref');
    links.set(source, [...(links.get(source) ?? []), textOf(object, 'target_ref')].slice(0, LINKS_MAX));
  }
  return links;
}

function techniquesOf({ object, locator }: { object: StixObject; locator: string }): Intelligence['techniques'] {
  if (object.type !== 'attack-pattern') return [];
  const references = References.safeParse(object['external_references']);
  if (!references.success) return [];
  return references.data.flatMap(({ source_name, external_id = '' }) => {
    if (!/^mitre-/.test(source_name)) return [];
    const crossing = crosswalk(external_id);
    if (!crossing) return [];
    return [
      { id: crossing.technique.id, locator, ...(crossing.revoked !== undefined && { revoked: crossing.revoked }) },
    ];
  });
}

function observedIn(object: StixObject): { type: string; value: string }[] {
  const type = ADDRESSES.get(object.type);
  if (type !== undefined) return [{ type, value: textOf(object, 'value') }].filter(({ value }) => value !== '');
  if (object.type !== 'file') return [];
  const hashes = Object.values(Hashes.safeParse(object['hashes']).data ?? {});
  return hashes.flatMap((value) => {
    const kind = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' }[value.length];
    return kind === undefined ? [] : [{ type: kind, value: value.toLowerCase() }];
  });
}

function countsOf(objects: readonly StixObject[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of objects) counts.set(type, (counts.get(type) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
}

const textOf = (object: StixObject, key: string): string => {
  const value = object[key];
  return typeof value === 'string' ? value : '';
};

const TypeName = z.string().regex(/^[a-z][a-z0-9-]{1,248}[a-z0-9]$/);
const StixObjectShape = z.looseObject({ type: TypeName });
const Bundle = z.looseObject({
  type: z.literal('bundle'),
  id: z.string().regex(/^bundle--/),
  objects: z.array(StixObjectShape).max(20_000).optional(),
});
const Single = z.looseObject({ type: TypeName, id: z.string(), spec_version: z.literal('2.1') });
const References = z.array(z.looseObject({ source_name: z.string(), external_id: z.string().optional() })).max(1_000);
const Hashes = z.record(z.string(), z.string());
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;
const SOFTWARE = new Set(['malware', 'tool']);
const GROUPS = new Set(['intrusion-set', 'threat-actor']);
const ADDRESSES = new Map([
  ['ipv4-addr', 'ip'],
  ['ipv6-addr', 'ip'],
  ['domain-name', 'domain'],
  ['url', 'url'],
  ['email-addr', 'email'],
]);
const OBSERVABLES = new Set([
  ...ADDRESSES.keys(),
  ...(
    'artifact autonomous-system directory email-message file mac-addr mutex network-traffic process software ' +
    'user-account windows-registry-key x509-certificate'
  ).split(' '),
]);
const LINKS_MAX = 100;
