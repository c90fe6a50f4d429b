/** Which process tree an event belongs to, learnt from process starts as they come by. */
import { textsOf, type LogEvent } from '../events/index.ts';
import { makeRoom } from '../../seams/index.ts';

/** What was learnt so far. */
export interface ProcessRoots {
  note(event: LogEvent): void;
  /**
   * The root of the event's process; the process itself when nobody saw it start, '' when the event names none. For a start that so
   * far only the audit told of it is the name of that start, until `settled`.
   */
  rootOf(event: LogEvent): string;
  /** The root behind a name that `rootOf` gave: Sysmon may have told of the same start since. '' when it did not. */
  settled(root: string): string;
}

/** Knows nothing yet. Beyond the bound the oldest processes are forgotten: their trees then start where they are seen again. */
export function createProcessRoots(): ProcessRoots {
  const roots = new Map<string, string>();
  /** The last start under each number on a host, as Sysmon or as the audit told of it. */
  const starts = new Map<string, Start>();
  /** Starts of the audit that Sysmon told of as well, with the root of that tree. */
  const twins = new Map<string, string>();
  const nameOf = (event: LogEvent): string => {
    for (const field of PROCESS_FIELDS) {
      const [id] = textsOf(event, field);
      if (id !== undefined) return id;
    }
    return '';
  };
  const noteTwin = (event: LogEvent, root: string | undefined) => {
    const pid = numberOf(event, root === undefined ? 'NewProcessId' : 'ProcessId');
    if (pid === '') return;
    const place = `${hostKeyOf(event.host)} ${pid}`;
    const start = { place, root, image: (textsOf(event, 'Image')[0] ?? '').toLowerCase(), at_ms: event.at_ms };
    const known = starts.get(place);
    if (known && (known.root === undefined) !== (root === undefined) && isSame(known, start))
      keep(twins, auditName(root === undefined ? start : known), root ?? known.root ?? '');
    // What Sysmon tells stays: the audit may write of a start twice.
    if (!known || root !== undefined || !isSame(known, start)) keep(starts, place, start);
  };
  return {
    note(event) {
      if (!event.origin.categories.includes('process_creation')) return;
      if (event.origin.event_id === AUDITED) {
        noteTwin(event, undefined);
        return;
      }
      const [own] = textsOf(event, 'ProcessGuid');
      if (own === undefined) return;
      const [parent] = textsOf(event, 'ParentProcessGuid');
      if (parent !== undefined) keep(roots, own, roots.get(parent) ?? parent);
      noteTwin(event, roots.get(own) ?? own);
    },
    rootOf(event) {
      const name = nameOf(event);
      if (name !== '' || event.origin.event_id !== AUDITED) return roots.get(name) ?? name;
      const pid = numberOf(event, 'NewProcessId');
      if (pid === '') return '';
      const own = auditName({ place: `${hostKeyOf(event.host)} ${pid}`, at_ms: event.at_ms });
      return twins.get(own) ?? own;
    },
    settled: (root) => (root.startsWith(AUDIT) ? (twins.get(root) ?? '') : root),
  };
}

/** A host by its first label: logs of one machine give its name with and without a domain, and in any case. */
export function hostKeyOf(host: string | undefined): string {
  const lower = (host ?? '').toLowerCase();
  return /^[\d.]+$|:/.test(lower) ? lower : (lower.split('.')[0] ?? '');
}

interface Start {
  place: string;
  /** Undefined for what the audit told. */
  root: string | undefined;
  image: string;
  at_ms: number;
}

const isSame = (known: Start, start: Start): boolean =>
  known.image === start.image &&
  (Number.isNaN(known.at_ms) || Number.isNaN(start.at_ms) || Math.abs(known.at_ms - start.at_ms) < TWIN_MS_MAX);

const auditName = ({ place, at_ms }: Pick<Start, 'place' | 'at_ms'>): string => `${AUDIT}${place} ${at_ms}`;

/** The number of a process: `0x2564` and `9572` alike. */
function numberOf(event: LogEvent, field: string): string {
  const text = textsOf(event, field)[0] ?? '';
  return /^0x[0-9a-f]{1,12}$/i.test(text) ? String(Number(text)) : text;
}

function keep<V>(map: Map<string, V>, key: string, value: V): void {
  if (!map.has(key)) makeRoom(map, PROCESSES_MAX, PROCESSES_MAX / 8);
  map.set(key, value);
}

const PROCESS_FIELDS = ['ProcessGuid', 'SourceProcessGUID', 'SourceProcessGuid'];
const AUDITED = '4688';
/** No identity of Sysmon begins so. */
const AUDIT = 'audit ';
const PROCESSES_MAX = 100_000;
const TWIN_MS_MAX = 2_000;
