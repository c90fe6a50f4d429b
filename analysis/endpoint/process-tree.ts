/** Which process started which: by the identity that Sysmon gives each, else by number and time. */
import { skewOf, textsOf, type LogEvent } from '../events/index.ts';

/** A process as it was started. */
export interface ProcessNode {
  id: string;
  host: string;
  pid: string;
  image: string;
  command_line: string;
  user: string;
  /** ISO, UTC; empty when the event carries no time. */
  started_at: string;
  /** By how much that clock is off the `UtcTime` of the same event, ms. */
  skew_ms: number;
  /** Of the event that tells of it. */
  locator: string;
  parent_id: string | undefined;
  /** As the event names it: known also when the parent itself was never seen starting. */
  parent_image: string;
  parent_command_line: string;
  /** Of the program, where the event names it. */
  sha256: string;
  connections: { address: string; locator: string }[];
}

/** A tree under construction, in bounded memory. */
export interface ProcessTree {
  /** Takes events that start processes or open connections; others are passed over. */
  note(event: LogEvent): void;
  /** In the order of their events. */
  nodes(): readonly ProcessNode[];
  node(id: string): ProcessNode | undefined;
  /** The node itself, then who started it, up to the first one that is not known. */
  ancestry(node: ProcessNode): ProcessNode[];
  /** Starts that found no room. */
  dropped(): number;
  /** Further addresses that processes spoke to. */
  connections_dropped(): number;
}

/** An empty tree; `onDropped` hears of each start that finds no room. */
export function createProcessTree(onDropped: (node: ProcessNode) => void = () => undefined): ProcessTree {
  const by_id = new Map<string, ProcessNode>();
  /** The latest process with that number on that host: numbers are used again. */
  const by_pid = new Map<string, ProcessNode>();
  /** Nodes of the audit that Sysmon replaced, with where their successor stands. */
  const forgotten = new Map<string, string>();
  let dropped = 0;
  let connections_dropped = 0;

  const parentOf = ({ parent_id }: ProcessNode): ProcessNode | undefined =>
    parent_id === undefined ? undefined : (by_id.get(parent_id) ?? by_pid.get(forgotten.get(parent_id) ?? ''));

  const add = (node: ProcessNode) => {
    if (by_id.has(node.id)) return;
    if (by_id.size >= NODES_MAX) {
      dropped += 1;
      onDropped(node);
      return;
    }
    by_id.set(node.id, node);
    by_pid.set(`${node.host}\0${node.pid}`, node);
  };

  const forget = (node: ProcessNode) => {
    by_id.delete(node.id);
    forgotten.set(node.id, `${node.host}\0${node.pid}`);
  };

  const noteStart = (event: LogEvent) => {
    const text = (name: string) => textsOf(event, name)[0] ?? '';
    const host = (event.host ?? '').toLowerCase();
    const started_at = Number.isNaN(event.at_ms) ? '' : new Date(event.at_ms).toISOString();
    const shared = {
      host,
      user: text('User') || text('SubjectUserName'),
      started_at,
      skew_ms: skewOf(event) ?? 0,
      locator: event.locator,
      sha256: (text('sha256') || (/SHA256=([0-9A-Fa-f]{64})/.exec(text('Hashes'))?.[1] ?? '')).toLowerCase(),
      connections: [],
    };
    if (event.origin.event_id === '1') {
      const pid = numberOf(text('ProcessId'));
      const audited = by_pid.get(`${host}\0${pid}`);
      // The audit told of the same start before Sysmon did: the node stays, with what Sysmon knows better.
      if (audited?.id.includes('/') && isSame(audited, text('Image'), event.at_ms)) forget(audited);
      add({
        ...shared,
        id: text('ProcessGuid').toLowerCase() || `${host}/${text('ProcessId')}/${event.locator}`,
        pid,
        image: text('Image'),
        command_line: text('CommandLine'),
        parent_id: text('ParentProcessGuid').toLowerCase() || undefined,
        parent_image: text('ParentImage'),
        parent_command_line: text('ParentCommandLine'),
      });
      return;
    }
    const pid = numberOf(text('NewProcessId'));
    const image = text('NewProcessName') || text('Image');
    const twin = by_pid.get(`${host}\0${pid}`);
    if (twin && isSame(twin, image, event.at_ms)) return; // Sysmon told of the same start, and told more
    const creator = by_pid.get(`${host}\0${numberOf(text('ProcessId'))}`);
    add({
      ...shared,
      id: `${host}/${pid}/${event.locator}`,
      pid,
      image,
      command_line: text('CommandLine'),
      parent_id: creator?.id,
      parent_image: text('ParentProcessName') || text('ParentImage') || (creator?.image ?? ''),
      parent_command_line: creator?.command_line ?? '',
    });
  };

  const noteConnection = (event: LogEvent) => {
    const text = (name: string) => textsOf(event, name)[0] ?? '';
    const id = text('ProcessGuid').toLowerCase();
    const address = `${text('DestinationIp').replace(/^::ffff:/i, '')}:${text('DestinationPort')}`;
    if (id === '' || address === ':') return;
    // Started before the log began: that it is there, and whom it speaks to, is known all the same.
    if (!by_id.has(id)) add(unseen(event, id));
    const node = by_id.get(id);
    if (!node || node.connections.some((known) => known.address === address)) return;
    if (node.connections.length < CONNECTIONS_MAX) node.connections.push({ address, locator: event.locator });
    else connections_dropped += 1;
  };

  return {
    note(event) {
      const { channel = '', event_id } = event.origin;
      if (event_id === '1' && /sysmon/i.test(channel)) noteStart(event);
      else if (event_id === '4688') noteStart(event);
      else if (event_id === '3' && /sysmon/i.test(channel)) noteConnection(event);
      else nestedStarts(event).forEach(add);
    },
    nodes: () => [...by_id.values()],
    node: (id) => by_id.get(id),
    ancestry(node) {
      const line = [node];
      for (let parent = parentOf(node); parent && line.length < DEPTH_MAX; parent = parentOf(parent)) {
        if (line.includes(parent)) break; // a circle is a forged log
        line.push(parent);
      }
      return line;
    },
    dropped: () => dropped,
    connections_dropped: () => connections_dropped,
  };
}

/** Whether a record in Elastic's common schema says that a process started, and how. */
export const startsProcess = (event: LogEvent): boolean =>
  event.origin.channel === undefined &&
  nestedCommandOf(event) !== '' &&
  textsOf(event, 'event.category').includes('process');

/** The process that a record in Elastic's common schema names with its command line, after the one that started it. */
function nestedStarts(event: LogEvent): ProcessNode[] {
  const text = (name: string) => textsOf(event, name)[0] ?? '';
  const command_line = nestedCommandOf(event);
  const parent_command_line = event.fields.has('process.parent.command_line')
    ? text('process.parent.command_line')
    : '';
  if (command_line === '' && parent_command_line === '') return [];
  const host = (event.host ?? '').toLowerCase();
  const idOf = (at: string, command: string) =>
    text(`${at}.entity_id`).toLowerCase() || `${host}/${text(`${at}.pid`) || event.locator}/${command}`;
  const shared = {
    host,
    user: text('user.name'),
    started_at: Number.isNaN(event.at_ms) ? '' : new Date(event.at_ms).toISOString(),
    skew_ms: 0,
    locator: event.locator,
    connections: [],
  };
  const parent: ProcessNode = {
    ...shared,
    id: idOf('process.parent', parent_command_line),
    pid: text('process.parent.pid'),
    image: text('process.parent.executable') || text('process.parent.name'),
    command_line: parent_command_line,
    parent_id: undefined,
    parent_image: '',
    parent_command_line: '',
    sha256: '',
  };
  const child: ProcessNode = {
    ...shared,
    id: idOf('process', command_line),
    pid: text('process.pid'),
    image: text('process.executable') || text('process.name'),
    command_line,
    parent_id: parent.id,
    parent_image: parent.image,
    parent_command_line,
    sha256: text('process.hash.sha256').toLowerCase(),
    connections: [],
  };
  return [...(parent_command_line === '' ? [] : [parent]), ...(command_line === '' ? [] : [child])];
}

/** As it was typed, else its arguments in a row. */
function nestedCommandOf({ fields }: LogEvent): string {
  for (const name of NESTED_COMMANDS) {
    const value = fields.get(name);
    if (Array.isArray(value) && value.length > 0) return value.join(' ');
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}

/** A process of which only a later event tells. */
function unseen(event: LogEvent, id: string): ProcessNode {
  const text = (name: string) => textsOf(event, name)[0] ?? '';
  return {
    id,
    host: (event.host ?? '').toLowerCase(),
    pid: numberOf(text('ProcessId')),
    image: text('Image'),
    command_line: '',
    user: text('User'),
    started_at: '',
    skew_ms: 0,
    locator: event.locator,
    parent_id: undefined,
    parent_image: '',
    parent_command_line: '',
    sha256: '',
    connections: [],
  };
}

/** `0x1c1c` and `7196` alike. */
const numberOf = (text: string): string => (/^0x[0-9a-f]{1,12}$/i.test(text) ? String(Number(text)) : text);

const isSame = (twin: ProcessNode, image: string, at_ms: number): boolean =>
  twin.image.toLowerCase() === image.toLowerCase() &&
  (twin.started_at === '' || Number.isNaN(at_ms) || Math.abs(Date.parse(twin.started_at) - at_ms) < TWIN_MS_MAX);

/** The last part of a path, lower-cased. */
export const fileOf = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1).toLowerCase();

const NESTED_COMMANDS = ['process.command_line', 'winlog.event_data.CommandLine', 'process.args'];
const NODES_MAX = 50_000;
/** Addresses that are kept of one process. */
export const CONNECTIONS_MAX = 256;
const DEPTH_MAX = 32;
const TWIN_MS_MAX = 2_000;
