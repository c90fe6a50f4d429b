/** What a rule says about itself, held against the specification and against ATT&CK: status, dates, log source, tags, names of fields. */
import type { SigmaProblem } from '../../protocol/index.ts';
import { ATTACK_VERSION, crosswalk, currentTactics, techniques } from '../attack/index.ts';
import {
  CATEGORIES,
  LOGSOURCE_FIELDS,
  NAMESPACES,
  nearest,
  PRODUCTS,
  SERVICES,
  STATUSES,
  TOP_FIELDS,
} from './known.ts';
import { problem, type Place } from './problem.ts';
import type { Entry, MapNode, Node } from './yaml-tree.ts';

/** All warnings about the head of one document, each at its place. */
export function lintHead(document: MapNode): SigmaProblem[] {
  const entry = (key: string) => document.entries.find((each) => each.key === key);
  return [
    ...idWarnings(entry('id'), document),
    ...document.entries.filter(({ key }) => !TOP_FIELDS.has(key)).map(unknownField),
    ...statusWarnings(entry('status')),
    ...['date', 'modified'].flatMap((key) => dateWarnings(entry(key))),
    ...['falsepositives', 'references', 'tags', 'fields'].flatMap((key) => listWarnings(entry(key))),
    ...logSourceWarnings(entry('logsource')),
    ...itemsOf(entry('tags')).flatMap((item) => tagWarnings(item)),
  ];
}

const warn = ({ line, column }: Place, path: string, message: string): SigmaProblem =>
  problem({ line, column }, path, message, 'warning');
const meant = (name: string | undefined): string => (name === undefined ? '' : `; did you mean ${name}?`);
const itemsOf = (entry: Entry | undefined): readonly Node[] =>
  entry === undefined ? [] : entry.value.kind === 'list' ? entry.value.items : [entry.value];

function idWarnings(entry: Entry | undefined, document: MapNode): SigmaProblem[] {
  const text = entry?.value.kind === 'scalar' ? entry.value.text : '';
  return UUID.test(text) ? [] : [warn(entry?.value ?? document, 'id', 'a UUID lets others refer to the rule for good')];
}

const unknownField = ({ key, ...place }: Entry): SigmaProblem =>
  warn(place, key.slice(0, NAME_CHARS_MAX), `is no field of a rule${meant(nearest(key, TOP_FIELDS))}`);

function statusWarnings(entry: Entry | undefined): SigmaProblem[] {
  if (entry?.value.kind !== 'scalar' || STATUSES.has(entry.value.text)) return [];
  return [
    warn(
      entry.value,
      'status',
      `must be one of ${[...STATUSES].join(', ')}${meant(nearest(entry.value.text, STATUSES))}`,
    ),
  ];
}

function dateWarnings(entry: Entry | undefined): SigmaProblem[] {
  if (entry === undefined) return [];
  const text = entry.value.kind === 'scalar' ? entry.value.text : '';
  const [, year, sign, month, day] = /^(\d{4})([-/])(\d{2})\2(\d{2})$/.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined)
    return [warn(entry.value, entry.key, 'write the day like 2026-11-30')];
  const iso = `${year}-${month}-${day}`;
  const at = new Date(`${iso}T00:00:00Z`);
  if (Number.isNaN(at.getTime()) || !at.toISOString().startsWith(iso))
    return [warn(entry.value, entry.key, 'there is no such day')];
  return sign === '-' ? [] : [warn(entry.value, entry.key, `write it with dashes: ${iso}`)];
}

const listWarnings = (entry: Entry | undefined): SigmaProblem[] =>
  entry === undefined || entry.value.kind === 'list' ? [] : [warn(entry.value, entry.key, 'must be a list')];

function logSourceWarnings(entry: Entry | undefined): SigmaProblem[] {
  if (entry?.value.kind !== 'map') return [];
  return entry.value.entries.flatMap(({ key, value, ...place }) => {
    if (!LOGSOURCE_FIELDS.has(key)) {
      const path = `logsource.${key.slice(0, NAME_CHARS_MAX)}`;
      return [warn(place, path, `is not known of a log source${meant(nearest(key, LOGSOURCE_FIELDS))}`)];
    }
    const known = LOG_NAMES.get(key);
    if (known === undefined || value.kind !== 'scalar' || known.has(value.text.toLowerCase())) return [];
    const name = value.text.slice(0, NAME_CHARS_MAX);
    const slip = nearest(value.text, known);
    const effect = slip === undefined ? ': only events that are called so themselves are looked at' : meant(slip);
    return [warn(value, `logsource.${key}`, `no ${key} of Sigma is called ${name}${effect}`)];
  });
}

function tagWarnings(item: Node): SigmaProblem[] {
  if (item.kind !== 'scalar') return [];
  const text = item.text.slice(0, NAME_CHARS_MAX);
  const [namespace = '', ...rest] = text.toLowerCase().split('.');
  const say = (message: string): SigmaProblem[] => [warn(item, 'tags', `${text}: ${message}`)];
  if (namespace !== 'attack') {
    const slip = NAMESPACES.has(namespace) ? undefined : nearest(namespace, NAMESPACES);
    return slip === undefined ? [] : say(`no namespace of tags is called ${namespace}${meant(slip)}`);
  }
  const name = rest.join('.');
  if (/^t\d/.test(name)) return techniqueWarnings(name.toUpperCase(), say);
  if (/^(?:[gscmd]|ds|dc|det)\d{4}$/.test(name)) return [];
  const tactic = name.replaceAll('_', '-');
  const now = currentTactics(tactic);
  if (now.length > 1) return say(`in ATT&CK v${ATTACK_VERSION} that tactic is ${now.join(' or ')}`);
  if (TACTICS().has(name)) return [];
  if (TACTICS().has(tactic)) return say(`write attack.${tactic}`);
  const slip = nearest(tactic, TACTICS());
  return say(`ATT&CK has no such tactic${meant(slip && `attack.${slip}`)}`);
}

/** An id that ATT&CK has taken back is told with what it is now. */
function techniqueWarnings(id: string, say: (message: string) => SigmaProblem[]): SigmaProblem[] {
  const crossing = /^T\d{4}(?:\.\d{3})?$/.test(id) ? crosswalk(id) : undefined;
  if (!crossing) return say(`ATT&CK has no technique ${id}`);
  const { technique, revoked } = crossing;
  return revoked === undefined
    ? []
    : say(`revoked; in ATT&CK v${ATTACK_VERSION} it is attack.${technique.id.toLowerCase()} (${technique.name})`);
}

let tactics: ReadonlySet<string> | undefined;
const TACTICS = (): ReadonlySet<string> => (tactics ??= new Set(techniques().flatMap((each) => each.tactics)));
const LOG_NAMES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['category', CATEGORIES],
  ['product', PRODUCTS],
  ['service', SERVICES],
]);
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const NAME_CHARS_MAX = 80;
