/**
 * A mesh of real processes for one scenario: an orchestrator, agent doubles, proxies between them, callers, and a verdict.
 *
 * A scenario is a file of `scenarios/` that exports `scenario`; `npm run test:faults -- --only X7` runs it. In `run(seed, kit)`:
 * `const mesh = await kit.start({ agents: ['a', 'b'], proxied: true })` starts everything, with everybody online;
 * `mesh.caller.insist({ params: { call: 'one', until: kit.file('go') } })` asks a double (double.mjs tells what it takes) and
 * answers the task id; `kit.inject('what')` marks the fault, `mesh.agent('a').end('SIGKILL')`, `.signal('SIGSTOP')`,
 * `mesh.orchestrator.start()`, `mesh.proxy('a').set({ down: { blackhole: true } })` make it, `kit.recovered()` takes the time.
 * `mesh.runs()` is what the doubles wrote so far. `mesh.finish()` waits until everything accepted ended, stops all, reads the
 * journal from the disk, and answers what the checker says: the verdict. Nothing outlives the scenario, and every wait is bounded.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addOperator, enrollAgent, ensureFleetKeys, loadConfig, type ConfigFlags } from '../../boot/index.ts';
import { seededRandom, type Random } from '../../seams/index.ts';
import { freePorts } from '../support/ports.ts';
import { createCaller, type Caller } from './caller.ts';
import { startChaosProxy, type ChaosProxy } from './chaos-proxy.ts';
import { check } from './checker.ts';
import { historyFile, readHistory, stamp, type AgentEvent, type HistoryEvent } from './history.ts';
import { dumpActions } from './action-dump.ts';
import { dumpJournal } from './journal-dump.ts';
import { createProcess, type ProcessSpec, type TestProcess } from './process.ts';

/** One fault of promises.md 6. */
export interface Scenario {
  /** `X7` */
  id: string;
  name: string;
  /** `short` ones run with `npm test` as well. */
  set: 'short' | 'full';
  /** What this machine has to have: commands, paths, or `root`. Without them the scenario is a counted skip. */
  needs?: readonly string[];
  /** How long it may take at most, ms; 120 s unless said. */
  ms_max?: number;
  run(seed: number, kit: Kit): Promise<Outcome>;
}

/** What came of it. */
export interface Outcome {
  /** What broke, a sentence each; empty when everything held. */
  verdict: readonly string[];
  recovery_ms?: number | undefined;
  figures?: Readonly<Record<string, number | string>>;
}

/** What a scenario is given. */
export interface Kit {
  seed: number;
  /** Run as one of the short set: less of the same will do. */
  is_short: boolean;
  random: Random;
  /** A folder of this run, removed afterwards. */
  folder: string;
  /** A path in it, for `until` and `once` of a double. */
  file(name: string): string;
  /** Makes such a file: whoever waits for it goes on. */
  touch(name: string): void;
  start(options?: MeshOptions): Promise<TestMesh>;
  /** Marks the time of a fault. */
  inject(what: string): void;
  /** Marks the time at which it was over, once; answers the ms since the last fault. */
  recovered(): number;
  readonly injections: readonly { what: string; at_ms: number }[];
  readonly recovery_ms: number | undefined;
  /** Runs at the end, whatever happened, newest first. */
  onEnd(run: () => Promise<unknown> | undefined): void;
}

/** Which processes. */
export interface MeshOptions {
  /** Agent ids of doubles; `double-a` and `double-b` unless said. */
  agents?: readonly string[];
  /** A chaos proxy stands between the orchestrator and each agent. */
  proxied?: boolean;
  /** Whatever else stands between the orchestrator and an agent; it is closed at the end. */
  between?: (target_port: number, id: string) => Promise<{ port: number; close(): Promise<void> }>;
  /** Addresses to dial instead of the doubles' own, by agent id; with one, nothing stands in between. */
  addresses?: Readonly<Record<string, string>>;
  /** For the orchestrator's process: failpoints, preloads, a tool around it. */
  orchestrator?: Pick<ProcessSpec, 'env' | 'wrap'>;
  /** Where the orchestrator fails in its first life, e.g. `dispatch.after_commit=kill@3`. */
  failpoints?: string;
  /** Which of the agents are not doubles but specialists as they are shipped; `agent_flags` says what only agents are told. */
  shipped?: readonly string[];
  agent_flags?: ConfigFlags;
  /** Where a shipped one fails in its first life, by agent id. */
  agent_failpoints?: Readonly<Record<string, string>>;
  /** For all doubles. */
  agent_env?: Readonly<Record<string, string>>;
  flags?: ConfigFlags;
  /** Reads the journal where it is not the file in the data folder. */
  journal?: () => HistoryEvent[];
  /** Agents that are not started, nor waited for. */
  absent?: readonly string[];
  /** A double that dies is started again, as a fleet would. */
  revive?: boolean;
  call_ms_max?: number;
}

/** A running mesh. */
export interface TestMesh {
  data: string;
  /** What the orchestrator was told, for another one beside it. */
  flags: ConfigFlags;
  url: string;
  orchestrator: TestProcess;
  agent(id: string): TestProcess;
  proxy(id: string): ChaosProxy;
  /** The port that a double listens on. */
  port(id: string): number;
  caller: Caller;
  /** Another caller; its own link, to `through` where something stands in between. */
  another(name: string, options?: { call_ms_max?: number; through?: number }): Caller;
  /** What the doubles wrote so far. */
  runs(kind?: AgentEvent['kind']): AgentEvent[];
  /** More lines for the checker. */
  history: ReturnType<typeof historyFile>;
  /** `/health` of the orchestrator's port, and its status. */
  health(path?: string): Promise<{ status: number; body: unknown; retry_after: string | null }>;
  /** All lines there are, the journal among them; for rules of a scenario's own. */
  events(): HistoryEvent[];
  /** The journal on the disk now. */
  journal(): HistoryEvent[];
  /** Waits for all ends (INV18: 30 s), stops everything, judges. Ends with the sentences of what broke. */
  finish(options?: { ends_ms_max?: number; running?: boolean }): Promise<string[]>;
}

/** Makes the kit of one run. */
export function createKit(
  seed: number,
  say: (line: string) => void = () => undefined,
  is_short = false,
): Kit & { end(keep?: boolean): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-fault-'));
  const random = seededRandom(Math.imul(seed, 0x9e3779b1)); // neighbours begin alike otherwise
  const began = performance.now();
  const injections: { what: string; at_ms: number }[] = [];
  const endings: (() => Promise<unknown> | undefined)[] = [];
  let recovery_ms: number | undefined;
  const kit: Kit & { end(keep?: boolean): Promise<void> } = {
    seed,
    is_short,
    random,
    folder,
    file: (name) => join(folder, name),
    touch: (name) => closeSync(openSync(join(folder, name), 'a')),
    start: (options = {}) => startMesh(kit, options),
    inject(what) {
      injections.push({ what, at_ms: Math.round(performance.now() - began) });
      say(`  ${injections.at(-1)?.at_ms ?? 0} ms: ${what}`);
    },
    recovered() {
      const since = injections.at(-1)?.at_ms ?? 0;
      recovery_ms ??= Math.round(performance.now() - began - since);
      return recovery_ms;
    },
    injections,
    get recovery_ms() {
      return recovery_ms;
    },
    onEnd: (run) => void endings.unshift(run),
    async end(keep = false) {
      for (const run of endings.splice(0)) await run();
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
  return kit;
}

async function startMesh(kit: Kit, options: MeshOptions): Promise<TestMesh> {
  const { agents = ['double-a', 'double-b'], proxied = false, addresses = {}, absent = [] } = options;
  const data = join(kit.folder, 'data');
  const world = join(kit.folder, 'world');
  for (const path of [data, world, join(kit.folder, 'logs')]) mkdirSync(path, { recursive: true });
  const [port = 0, ...ports] = await freePorts(1 + agents.length);
  const portOf = (id: string) => ports[agents.indexOf(id)] ?? 0;

  const proxies = new Map<string, ChaosProxy>();
  const dialled = new Map(Object.entries(addresses));
  for (const [place, id] of agents.entries()) {
    const other = await options.between?.(portOf(id), id);
    if (other) {
      kit.onEnd(() => other.close());
      dialled.set(id, `ws://127.0.0.1:${other.port}`);
    }
    if (!proxied || dialled.has(id)) continue;
    const proxy = await startChaosProxy({ target_port: portOf(id), seed: kit.seed + place });
    kit.onEnd(() => proxy.close());
    proxies.set(id, proxy);
  }
  const urlOf = (id: string) => dialled.get(id) ?? `ws://127.0.0.1:${proxies.get(id)?.port ?? portOf(id)}`;
  const flags: ConfigFlags = {
    hosts: HOSTS,
    ...options.flags,
    data,
    agents: agents.map((id) => `${id}=${urlOf(id)}`),
    ports: { orchestrator: port },
  };
  const config = loadConfig({ env: {}, flags });
  ensureFleetKeys(config);
  addOperator(config, 'local');
  for (const id of agents) enrollAgent(config, id);

  const agentFlags = (id: string) => ({ ...options.agent_flags, data, port: portOf(id), hosts: HOSTS });
  const history = historyFile(join(kit.folder, 'client.jsonl'));
  const agentFile = (id: string) => join(kit.folder, `agent-${id}.jsonl`);
  const processes = new Map<string, TestProcess>();
  let is_over = false;
  const make = (spec: Omit<ProcessSpec, 'log'>) => {
    const made = createProcess({ ...spec, log: join(kit.folder, 'logs', `${spec.name}.log`) });
    kit.onEnd(() => {
      is_over = true;
      return made.end('SIGKILL');
    });
    processes.set(spec.name, made);
    return made;
  };
  const orchestrator = make({
    name: 'orchestrator',
    entry: join(root, 'dist', 'boot', 'process.js'),
    args: ['orchestrator', '--flags', JSON.stringify(flags)],
    ...options.orchestrator,
  });
  for (const id of agents) {
    const own = JSON.stringify(agentFlags(id));
    const shipped = { entry: join(root, 'dist', 'boot', 'process.js'), args: ['agent', id, '--flags', own] };
    const double = { entry: join(root, 'test', 'faults', 'double.mjs'), args: [own, agentFile(id), world] };
    make({
      name: id,
      ...(options.shipped?.includes(id) ? shipped : double),
      env: { ...options.agent_env, DOUBLE_ID: id },
      onExit(pid) {
        history.write({ who: 'agent', kind: 'gone', ...stamp(), agent_id: id, pid });
        if (options.revive && !is_over) setTimeout(() => is_over || processOf(id).launch(), REVIVE_MS);
      },
    });
  }

  const url = `ws://127.0.0.1:${port}`;
  const callers: Caller[] = [];
  const another: TestMesh['another'] = (name, { call_ms_max = options.call_ms_max, through = port } = {}) => {
    const bound = call_ms_max === undefined ? {} : { call_ms_max };
    const made = createCaller({ url: `ws://127.0.0.1:${through}`, data, name, history, ...bound });
    callers.push(made);
    kit.onEnd(() => {
      made.close();
      return undefined;
    });
    return made;
  };
  const processOf = (id: string) => {
    const found = processes.get(id);
    if (!found) throw new Error(`there is no process ${id}`);
    return found;
  };
  const told = () => agents.flatMap((id) => readHistory(agentFile(id)));
  const journal = options.journal ?? (() => dumpJournal(data, join(kit.folder, `dump-${performance.now()}`)) ?? []);

  const mesh: TestMesh = {
    data,
    flags,
    url,
    orchestrator,
    agent: processOf,
    proxy(id) {
      const found = proxies.get(id);
      if (!found) throw new Error(`nothing stands before ${id}`);
      return found;
    },
    port: portOf,
    caller: another('caller'),
    another,
    runs: (kind = 'exec-start') =>
      told().filter((event): event is AgentEvent => event.who === 'agent' && event.kind === kind),
    history,
    async health(path = '/health') {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
      const text = await response.text();
      const retry_after = response.headers.get('retry-after');
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text), retry_after };
    },
    journal,
    events: () => [...readHistory(join(kit.folder, 'client.jsonl')), ...told(), ...journal(), ...dumpActions(data)],
    async finish({ ends_ms_max = ENDS_MS_MAX, running = false } = {}) {
      const broken: string[] = [];
      const end = performance.now() + ends_ms_max;
      for (const caller of callers) {
        for (const task_id of caller.accepted) {
          const left = Math.max(1_000, end - performance.now());
          await mesh.caller.ended(task_id, left).catch((reason: unknown) => broken.push(`INV18: ${sentence(reason)}`));
        }
      }
      for (const caller of callers) caller.close();
      is_over ||= !running;
      if (!running) await Promise.all([...processes.values()].map((one) => one.end('SIGTERM')));
      return [...broken, ...verdictOf(mesh.events())];
    },
  };

  const present = agents.filter((id) => !absent.includes(id));
  const { failpoints, agent_failpoints } = options;
  const armed = (own: ConfigFlags, failpoint: string | undefined) =>
    failpoint === undefined ? [] : ['--flags', JSON.stringify({ ...own, failpoints: [failpoint] })];
  await Promise.all([
    orchestrator.start({ args: armed(flags, failpoints) }),
    ...present.map((id) => processOf(id).start({ args: armed(agentFlags(id), agent_failpoints?.[id]) })),
  ]);
  await mesh.caller.online(present);
  return mesh;
}

/** The checker's sentences. A run without a journal proves nothing, and says so. */
function verdictOf(events: readonly HistoryEvent[]): string[] {
  if (!events.some(({ who }) => who === 'journal')) return ['there is no journal to check'];
  return check(events).map(({ code, about, why }) => `${code}: ${about}: ${why}`);
}

const sentence = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));
const root = join(import.meta.dirname, '..', '..');
/** What stands in between has a port of its own: any port of this machine may be named. */
const HOSTS = ['127.0.0.1'];
const REVIVE_MS = 100;
/** After a fault healed, everything accepted ends within this (INV18). */
const ENDS_MS_MAX = 30_000;
