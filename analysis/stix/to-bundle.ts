/** Indicators, observables and techniques as a STIX 2.1 bundle; ids and bytes follow from the content alone. */
import type { Ioc } from '../../protocol/index.ts';
import { techniqueOf } from '../attack/index.ts';
import { idOf, observableIdOf } from './identifiers.ts';
import { patternOf } from './indicators.ts';
import type { StixBundle, StixObject } from './intelligence.ts';
import { parsePattern } from './pattern.ts';

/** What a bundle is made of. `created_at` is the caller's word: an export has no clock of its own. */
export interface BundleContent {
  title: string;
  created_at: string;
  producer: string;
  indicators: readonly (Ioc & { name?: string; first_seen?: string })[];
  observed?: readonly Ioc[];
  techniques: readonly string[];
}

/** The bundle, and what STIX has no place for. */
export function toBundle(content: BundleContent): { bundle: StixBundle; left_out: string[] } {
  const created = new Date(content.created_at).toISOString();
  const left_out: string[] = [];
  const author = {
    ...commonOf('identity', { producer: content.producer }, created),
    name: content.producer || 'unnamed',
    identity_class: 'organization',
  };
  const base = { created, created_by_ref: author.id };
  const objects = distinct([
    ...content.indicators.flatMap((ioc) => indicatorObject(ioc, base, left_out)),
    ...(content.observed ?? []).flatMap((ioc) =>
      ioc.type === 'cve' ? [vulnerability(ioc.value, base)] : observable(ioc, left_out),
    ),
    ...content.techniques.flatMap((id) => attackPattern(id, base, left_out)),
  ]);
  const report: StixObject[] =
    objects.length === 0
      ? []
      : [
          {
            ...commonOf('report', { title: content.title, created, refs: objects.map(({ id }) => id) }, created),
            created_by_ref: author.id,
            name: content.title,
            published: created,
            object_refs: objects.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])),
          },
        ];
  const all = [author, ...report, ...objects];
  return { bundle: { type: 'bundle', id: idOf('bundle', all), objects: all }, left_out };
}

interface Base {
  created: string;
  created_by_ref: string;
}

function indicatorObject(ioc: BundleContent['indicators'][number], base: Base, left_out: string[]): StixObject[] {
  if (ioc.type === 'cve') return [vulnerability(ioc.value, base)];
  const pattern = patternOf(ioc);
  if (pattern === undefined || !parsePattern(pattern).ok) {
    left_out.push(pattern === undefined ? `an indicator of type ${ioc.type}` : `an indicator that is no ${ioc.type}`);
    return [];
  }
  return [
    {
      ...commonOf('indicator', { pattern, by: base.created_by_ref }, base.created),
      created_by_ref: base.created_by_ref,
      name: ioc.name ?? ioc.value,
      indicator_types: ['malicious-activity'],
      pattern,
      pattern_type: 'stix',
      pattern_version: '2.1',
      valid_from: new Date(ioc.first_seen ?? base.created).toISOString(),
    },
  ];
}

function observable({ type, value }: Ioc, left_out: string[]): StixObject[] {
  const kind = type === 'ip' ? (value.includes(':') ? 'ipv6-addr' : 'ipv4-addr') : ADDRESSES[type];
  const algorithm = ALGORITHMS[type];
  if (kind !== undefined) return [sco(kind, { value })];
  if (algorithm !== undefined) return [sco('file', { hashes: { [algorithm]: value.toLowerCase() } })];
  if (type === 'file' && value !== '') return [sco('file', { name: value })];
  left_out.push(`an observation of type ${type}`);
  return [];
}

const sco = (type: string, properties: object): StixObject => ({
  type,
  spec_version: '2.1',
  id: observableIdOf(type, properties),
  ...properties,
});

function attackPattern(id: string, base: Base, left_out: string[]): StixObject[] {
  const technique = techniqueOf(id);
  if (!technique) {
    left_out.push(`the technique ${id}, which our ATT&CK table does not hold`);
    return [];
  }
  return [
    {
      ...commonOf('attack-pattern', { technique: id, version: technique.attack_version }, base.created),
      created_by_ref: base.created_by_ref,
      name: technique.name,
      kill_chain_phases: technique.tactics.map((phase_name) => ({ kill_chain_name: 'mitre-attack', phase_name })),
      external_references: [
        {
          source_name: 'mitre-attack',
          external_id: id,
          url: `https://attack.mitre.org/techniques/${id.replace('.', '/')}`,
          description: `ATT&CK ${technique.attack_version}`,
        },
      ],
    },
  ];
}

const vulnerability = (name: string, { created, created_by_ref }: Base): StixObject => ({
  ...commonOf('vulnerability', { name, by: created_by_ref }, created),
  created_by_ref,
  name,
  external_references: [{ source_name: 'cve', external_id: name }],
});

const commonOf = (type: string, content: object, created: string) => ({
  type,
  spec_version: '2.1',
  id: idOf(type, { ...content, created }),
  created,
  modified: created,
});

/** What is named twice is written once, at its first place. */
const distinct = (objects: readonly StixObject[]): StixObject[] =>
  [...new Map([...objects].reverse().map((object) => [object['id'], object])).values()].reverse();

const ADDRESSES: Record<string, string> = { domain: 'domain-name', url: 'url', email: 'email-addr' };
const ALGORITHMS: Record<string, string> = { md5: 'MD5', sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' };
