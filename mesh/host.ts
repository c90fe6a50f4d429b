/** Where an agent's skills run: one call of one skill at a time per lane, for whoever the reception let in. */
import { AuroraError, openRpcOf, type Implementation, type RpcParams } from '../protocol/index.ts';
import {
  createStop,
  inertFailpoints,
  memoryInbox,
  noEffects,
  noWorkers,
  type Content,
  type Effects,
  type Failpoints,
  type Inbox,
  type Workers,
} from '../seams/index.ts';
import type { Agent } from './agent.ts';
import { createEffects } from './effects.ts';
import { createExecutions } from './executions.ts';
import type { Introduced, Principal } from './handshake.ts';
import { createLanes, type LeaveLane, type Lanes } from './lanes.ts';
import type { Link } from './link.ts';
import { createMethods, type Call, type MethodHandler } from './peer.ts';
import { createReception, type ReceptionDeps } from './reception.ts';
import { createTold } from './told.ts';
import { parseWork, runWork, type Run, type WorkDeps } from './work.ts';

/** What a host needs. */
export interface HostDeps extends Omit<ReceptionDeps, 'methods' | 'admit' | 'notifications'> {
  content: Content;
  openRef: WorkDeps['openRef'];
  /** Where heavy work is done aside; refuses it unless said. Whoever made them closes them. */
  workers?: Workers;
  /** Where the outcomes of skills with an effect are kept; in memory unless said. Whoever opened it closes it. */
  inbox?: Inbox;
  /** Carries effects out; refuses them unless said. */
  effects?: Effects;
  failpoints?: Failpoints;
  /** How long handed-off work goes on after its link was lost, ms: 15 s, then nobody came back for it. */
  orphan_ms_max?: number;
  /** Calls that may wait for one skill: 256. */
  queue_max?: number;
}

/** A running agent without its port. */
export interface Host {
  /** Takes a link over. */
  accept(link: Link): void;
  /** Calls that run now. */
  readonly running: number;
  /** Tells everybody that we are leaving, waits for running calls at most `drain_ms_max`, closes 1001. */
  drain(drain_ms_max: number): Promise<void>;
}

/** Makes a host for one agent. */
export function createHost(agent: Agent, deps: HostDeps): Host {
  const { clock, log, metrics, effects: driver = noEffects, failpoints = inertFailpoints, workers = noWorkers } = deps;
  const reads = memoryInbox(clock);
  const inbox = deps.inbox ?? memoryInbox(clock);
  const effectsOf = createEffects({ agent_id: agent.id, driver, inbox, clock, log, failpoints });
  const work_deps = { ...deps, effectsOf, workers };
  let document: ReturnType<typeof openRpcOf> | undefined; // once: anybody may ask, and making it takes 20 ms
  let running = 0;
  let is_draining = false;

  const executions = createExecutions({
    ...deps,
    agent_id: agent.id,
    inboxOf: ({ skill }) => (skill.effect === 'read' ? reads : inbox),
    earlier: inbox.recent(EARLIER_MAX),
    orphan_ms_max: deps.orphan_ms_max ?? ORPHAN_MS_MAX,
    run,
  });
  const reception = createReception({
    ...deps,
    inFlight: executions.inFlight,
    methods: () => ({ mesh, bare }),
    admit,
  });
  const lanes = new Map<string, Lanes>(
    agent.skills.map(({ id, concurrency }) => [
      id,
      createLanes({ width: concurrency ?? LANES_DEFAULT, queue_max: deps.queue_max ?? QUEUE_MAX }),
    ]),
  );
  const offered: [string, MethodHandler][] = [
    ['rpc.ping', () => ({ ok: true })],
    ['rpc.discover', () => (document ??= openRpcOf(agent))],
    ...[...agent.implementations].map(([id, implementation]): [string, MethodHandler] => [
      id,
      (params, call) => work(implementation, params, call),
    ]),
  ];
  const bare = createMethods(new Map(offered));
  const mesh = createMethods(new Map([...offered, ['mesh/hello', reception.onHello]]));

  return {
    accept: reception.accept,
    get running() {
      return running;
    },
    async drain(drain_ms_max) {
      is_draining = true;
      const over = new Promise<void>((resolve) => void clock.after(drain_ms_max, resolve));
      // Work that nobody asks for now may still be asked for again, and its outcome is kept.
      await Promise.all([reception.drain(drain_ms_max), Promise.race([executions.idle(), over])]);
      executions.stop(new AuroraError(5030, { message: LEAVING }));
    },
  };

  async function work(implementation: Implementation, params: RpcParams | undefined, call: Call): Promise<unknown> {
    const principal = await reception.principalOf(call.peer);
    if (!principal && implementation.skill.effect !== 'read') {
      throw new AuroraError(4030, { message: 'An anonymous caller may only use skills that read' });
    }
    const asked = parseWork(params, clock, principal?.role === 'orchestrator');
    const { routing, progress_token } = asked;
    if (routing) return executions.serve(implementation, asked, routing, call);
    const { peer, request_id, stop } = call;
    const asker = () => ({ peer, routing, progress_token });
    const { tell } = createTold(clock, asker);
    return run(implementation, { work: asked, request_id, stop, asker, tell });
  }

  async function run(implementation: Implementation, asked: Run, onStart?: () => void): Promise<unknown> {
    if (is_draining) throw new AuroraError(5030, { message: LEAVING, retry_after_ms: RETRY_AFTER_MS });
    const leave = await enterInTime(implementation.skill.id, asked.work.due, asked.stop);
    onStart?.();
    metrics.gauge('skills_running', ++running);
    const { answer, settled } = runWork(work_deps, implementation, asked);
    void settled.then(() => {
      metrics.gauge('skills_running', --running);
      leave?.();
    });
    const result = await answer;
    failpoints.hit('agent.after_run'); // nothing of it is kept yet
    return result;
  }

  /** A place in the skill's lane, while there is time: a call that waits is over at its deadline too. */
  async function enterInTime(skill_id: string, due: number, stop: Run['stop']): Promise<LeaveLane | undefined> {
    const free = stop.aborted ? undefined : lanes.get(skill_id)?.enterNow();
    if (free) return free;
    const waiting = createStop();
    const stopTimer = clock.after(due - clock.monotonic(), () => waiting.abort(new AuroraError(5040)));
    const ignoreAsker = stop.onAbort((reason) => waiting.abort(reason));
    try {
      return await lanes.get(skill_id)?.enter(waiting.signal);
    } finally {
      stopTimer();
      ignoreAsker();
    }
  }
}

/** An agent works for the orchestrator and for operators whose key is pinned; other agents reach it through a handoff. */
function admit({ role, ...introduced }: Introduced): Principal {
  if (role === 'orchestrator' || role === 'operator') return { ...introduced, role };
  throw new AuroraError(4030, { message: 'This key is not pinned here as an orchestrator or operator' });
}

const LANES_DEFAULT = 8;
const QUEUE_MAX = 256;
/** Kept outcomes of an earlier life that are offered again. */
const EARLIER_MAX = 256;
const ORPHAN_MS_MAX = 15_000;
const RETRY_AFTER_MS = 1_000;
const LEAVING = 'This agent is leaving';
