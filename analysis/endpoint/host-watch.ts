/** Everything that the events of some hosts say, gathered in one pass and in bounded memory. */
import { severityRank } from '../../protocol/index.ts';
import { textsOf, type LogEvent } from '../events/index.ts';
import { compareText } from '../order/index.ts';
import type { Gap } from '../verdict/index.ts';
import { createAccountWatch } from './account-watch.ts';
import type { Cited } from './cited.ts';
import { classifyCommand, type Classification } from './classify.ts';
import { odditiesOf } from './edges.ts';
import { severityOf } from './gravity.ts';
import { hashesIn, type DriverTable, type KnownDriver } from './drivers.ts';
import type { Lolbas } from './lolbas.ts';
import { isOwnStart } from './own-starts.ts';
import { CONNECTIONS_MAX, createProcessTree, type ProcessNode, type ProcessTree } from './process-tree.ts';
import { createRecordIds } from './record-ids.ts';
import { createScriptBlocks, type ScriptBlock } from './script-blocks.ts';
import { isSpokenAbout, kindOf, signalOf, type EventSignal } from './signals.ts';

/** A statement of events, with how often it was made. */
export interface CountedSignal extends EventSignal {
  host: string;
  locator: string;
  count: number;
  first_at: number;
  /** Further events that it rests on. */
  also: readonly Cited[];
}

/** A loaded driver that the table knows. */
export interface LoadedDriver {
  host: string;
  driver: KnownDriver;
  hash: string;
  path: string;
  locator: string;
}

/** A pass over events. */
export interface HostWatch {
  note(event: LogEvent): void;
  tree: ProcessTree;
  signals(): CountedSignal[];
  drivers(): LoadedDriver[];
  /** Blocks of PowerShell, joined. */
  scripts(): readonly ScriptBlock[];
  /** Programs of the system that are known to be misused, where the table is mounted. */
  lolbas: Lolbas | undefined;
  /** Events that this trade can say anything about. */
  spoken_about(): number;
  /** Kinds of events that it can say nothing about, the most frequent first. */
  unjudged(): { kind: string; events: number }[];
  /** Records that the log does not hold. */
  missing(): Gap[];
  /** Hosts with the number of their events, in order of names. */
  hosts(): { host: string; events: number }[];
  /** Starts that found no room in the tree and are grave by themselves. */
  beyond(): readonly ProcessNode[];
  /** What a command line of a process says; the same text is judged once. */
  classify(node: ProcessNode): Classification;
  /** Processes whose command lines were judged in part. */
  judged_in_part(): number;
  /** What found no room, in sentences; whole once the processes were judged. */
  left(): { what: string; why: string }[];
}

/** A watch over one recording, with the tables that are mounted. */
export function createHostWatch({
  lolbas,
  drivers,
}: { lolbas?: Lolbas | undefined; drivers?: DriverTable | undefined } = {}): HostWatch {
  const beyond: ProcessNode[] = [];
  let beyond_left = 0;
  // To judge what a start says by itself takes no tree: what is grave of it is kept beside.
  const tree = createProcessTree((node) => {
    if (!isGraveAlone(node, classify(node))) return;
    if (beyond.length < BEYOND_MAX) beyond.push(node);
    else beyond_left += 1;
  });
  const signals = new Map<string, CountedSignal>();
  const loaded = new Map<string, LoadedDriver>();
  const hosts = new Map<string, number>();
  const judged = new Map<string, Classification>();
  let signals_left = 0;
  let drivers_left = 0;
  const in_part = new Set<string>();
  let hosts_left = 0;
  let spoken_about = 0;
  const record_ids = createRecordIds();
  const accounts = createAccountWatch();
  const scripts = createScriptBlocks();
  const unjudged = new Map<string, number>();

  const classify = ({ id, command_line }: ProcessNode): Classification => {
    const known = judged.get(command_line);
    if (known && known.decoded.left.length > 0) in_part.add(id);
    if (known) return known;
    const classification = classifyCommand(command_line, lolbas);
    if (classification.decoded.left.length > 0) in_part.add(id);
    if (judged.size < JUDGED_MAX) judged.set(command_line, classification);
    return classification;
  };

  const noteUnjudged = (kind: string) => {
    const key = unjudged.has(kind) || unjudged.size < KINDS_MAX ? kind : 'further kinds';
    unjudged.set(key, (unjudged.get(key) ?? 0) + 1);
  };

  const noteSignal = (event: LogEvent, host: string) => {
    const signal = signalOf(event);
    if (!signal) return;
    const key = [signal.rule, host, signal.subject].join('\0');
    const known = signals.get(key);
    if (known) {
      known.count += 1;
      return;
    }
    if (signals.size >= SIGNALS_MAX) {
      signals_left += 1;
      return;
    }
    signals.set(key, { ...signal, host, locator: event.locator, count: 1, first_at: event.at_ms, also: [] });
  };

  const noteDriver = (event: LogEvent, host: string) => {
    if (event.origin.event_id !== '6' || !/sysmon/i.test(event.origin.channel ?? '')) return;
    for (const hash of hashesIn(textsOf(event, 'Hashes')[0] ?? '')) {
      const driver = drivers?.find(hash);
      if (!driver) continue;
      const key = `${host} ${driver.entry}`;
      if (loaded.has(key)) continue;
      if (loaded.size >= DRIVERS_MAX) drivers_left += 1;
      else
        loaded.set(key, { host, driver, hash, path: textsOf(event, 'ImageLoaded')[0] ?? '', locator: event.locator });
    }
  };

  /** Events that say nothing by themselves, and something together with those they are told with. */
  const toldTogether = (): string[] => {
    const cited = accounts.signals().flatMap(({ events }) => events);
    const kinds = new Map(cited.map(({ locator, unjudged_kind }) => [locator, unjudged_kind]));
    return [...kinds.values()].filter((kind) => kind !== undefined);
  };

  return {
    tree,
    note(event) {
      const host = (event.host ?? '').toLowerCase();
      if (hosts.has(host) || hosts.size < HOSTS_MAX) hosts.set(host, (hosts.get(host) ?? 0) + 1);
      else hosts_left += 1;
      record_ids.note(event.locator);
      if (isSpokenAbout(event)) spoken_about += 1;
      else noteUnjudged(kindOf(event));
      tree.note(event);
      noteSignal(event, host);
      noteDriver(event, host);
      accounts.note(event);
      scripts.note(event);
    },
    signals: () => [
      ...signals.values(),
      ...accounts
        .signals()
        .flatMap(({ events: [first, ...also], ...signal }): CountedSignal[] =>
          first ? [{ ...signal, host: first.host, locator: first.locator, count: 1, first_at: first.at_ms, also }] : [],
        ),
    ],
    scripts: () => scripts.blocks(),
    lolbas,
    drivers: () => [...loaded.values()],
    spoken_about: () => spoken_about + toldTogether().length,
    missing: () => [...record_ids.gaps(), ...commandsMissing(tree.nodes()), ...partsMissing(scripts.blocks())],
    unjudged: () => {
      const told = toldTogether();
      return [...unjudged]
        .map(([kind, events]) => ({ kind, events: events - told.filter((each) => each === kind).length }))
        .filter(({ events }) => events > 0)
        .sort((left, right) => right.events - left.events || compareText(left.kind, right.kind));
    },
    hosts: () =>
      [...hosts].map(([host, events]) => ({ host, events })).sort((left, right) => compareText(left.host, right.host)),
    classify,
    beyond: () => beyond,
    judged_in_part: () => in_part.size,
    left: () =>
      [
        {
          count: tree.dropped(),
          what: 'starts of processes in part',
          why: 'the tree is full: what each says by itself is judged, who started it is not',
        },
        { count: beyond_left, what: 'grave starts beyond the tree', why: `${BEYOND_MAX} are kept` },
        { count: signals_left, what: 'further statements of events', why: `${SIGNALS_MAX} are kept` },
        { count: drivers_left, what: 'further known drivers', why: `${DRIVERS_MAX} are kept` },
        { count: in_part.size, what: 'command lines in part', why: 'they are too long or hide too many layers' },
        {
          count: tree.connections_dropped(),
          what: 'further connections of processes',
          why: `${CONNECTIONS_MAX} addresses are kept of each`,
        },
        { count: accounts.left(), what: 'logons and tickets', why: 'too many addresses and accounts are told apart' },
        { count: scripts.left(), what: 'parts of blocks of PowerShell', why: 'there are more of them than are kept' },
        { count: hosts_left, what: 'events of further hosts', why: `${HOSTS_MAX} hosts are told apart` },
      ]
        .filter(({ count }) => count > 0)
        .map(({ count, what, why }) => ({ what: `${count} ${what}`, why })),
  };
}

/** Whether a start is of weight without those around it. */
const isGraveAlone = (node: ProcessNode, { signs }: Classification): boolean =>
  [
    ...odditiesOf(node).map(({ severity }) => severity),
    ...signs.filter((sign) => !isOwnStart(node, sign)).map(severityOf),
  ].some((severity) => severityRank(severity) >= severityRank('medium'));

/** Windows writes command lines into its audit only where it is told to: without them a start says little. */
function commandsMissing(nodes: readonly ProcessNode[]): Gap[] {
  const silent = nodes.filter(({ id, command_line, image }) => {
    const is_audited = id.includes('/'); // not by Sysmon's own identity
    return is_audited && command_line.trim() === '' && image !== '' && !WITHOUT_COMMAND.test(image);
  });
  if (silent.length === 0) return [];
  return [
    {
      what: `the command lines of ${silent.length} starts of processes`,
      why: 'the events do not hold them: have Windows include command lines in event 4688, or collect Sysmon events',
      is_unjudged: true,
    },
  ];
}

/** Blocks whose other parts the log does not hold are judged as far as they go. */
function partsMissing(blocks: readonly ScriptBlock[]): Gap[] {
  const torn = blocks.filter(({ parts, parts_total }) => parts.size < parts_total).length;
  if (torn === 0) return [];
  return [{ what: `parts of ${torn} blocks of PowerShell`, why: 'the log does not hold them', is_unjudged: true }];
}

/** What Windows starts before it audits whole commands, by its path. */
const WITHOUT_COMMAND =
  /^(?:registry|memcompression|memory compression|secure system|vmmem|system|[a-z]:\\windows\\system32\\(?:smss|autochk|csrss|wininit|winlogon|services|lsass)\.exe)$/i;
const SIGNALS_MAX = 5_000;
const DRIVERS_MAX = 200;
const HOSTS_MAX = 1_000;
const JUDGED_MAX = 20_000;
const BEYOND_MAX = 2_000;
const KINDS_MAX = 200;
