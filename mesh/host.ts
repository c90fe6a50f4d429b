/** Where an agent's skills run: one call of one skill at a time per lane, for whoever the reception let in. */
import { AuroraError, openRpcOf, type Implementation, type Routing, type RpcParams } from '../protocol/index.ts';
import type { Content } from '../seams/index.ts';
import type { Agent } from './agent.ts';
import type { Introduced, Principal } from './handshake.ts';
import { createLanes, type LeaveLane, type Lanes } from './lanes.ts';
import type { Link } from './link.ts';
import { createMethods, type Call, type MethodHandler } from './peer.ts';
import { createReception, type ReceptionDeps } from './reception.ts';
import { parseWork, runWork, type WorkDeps } from './work.ts';

/** What a host needs. */
export interface HostDeps extends Omit<ReceptionDeps, 'methods' | 'admit' | 'notifications'> {
  content: Content;
  openRef: WorkDeps['openRef'];
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
  const { clock, metrics } = deps;
  const fences = new Map<string, number>();
  const task_ids = new Set<string>();
  let document: ReturnType<typeof openRpcOf> | undefined; // once: anybody may ask, and making it takes 20 ms
  let running = 0;
  let is_draining = false;

  const reception = createReception({
    ...deps,
    inFlight: () => [...task_ids],
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
    drain: (drain_ms_max) => {
      is_draining = true;
      return reception.drain(drain_ms_max);
    },
  };

  async function work(implementation: Implementation, params: RpcParams | undefined, call: Call): Promise<unknown> {
    const { skill } = implementation;
    const principal = await reception.principalOf(call.peer);
    if (!principal && skill.effect !== 'read') {
      throw new AuroraError(4030, { message: 'An anonymous caller may only use skills that read' });
    }
    if (is_draining) throw new AuroraError(5030, { message: 'This agent is leaving', retry_after_ms: RETRY_AFTER_MS });

    const asked = parseWork(params, clock, principal?.role === 'orchestrator');
    if (asked.routing) claim(asked.routing);
    const leave = await enterInTime(skill.id, asked.due, call.signal);
    const task_id = asked.routing?.task_id ?? call.request_id;
    metrics.gauge('skills_running', ++running);
    task_ids.add(task_id);
    const { answer, settled } = runWork(deps, implementation, asked, call);
    void settled.then(() => {
      metrics.gauge('skills_running', --running);
      task_ids.delete(task_id);
      leave?.();
    });
    return answer;
  }

  /** A place in the skill's lane, while there is time: a call that waits is over at its deadline too. */
  async function enterInTime(skill_id: string, due: number, signal: AbortSignal): Promise<LeaveLane | undefined> {
    const late = new AbortController();
    const stopTimer = clock.after(due - clock.monotonic(), () => late.abort(new AuroraError(5040)));
    try {
      return await lanes.get(skill_id)?.enter(AbortSignal.any([signal, late.signal]));
    } finally {
      stopTimer();
    }
  }

  /** A fence is taken once: a replayed or older handoff of the same task is refused (ATK-E5). */
  function claim({ task_id, fence, to }: Routing): void {
    if (to !== agent.id) throw new AuroraError(4030, { message: `This handoff is for ${to}` });
    const newest = fences.get(task_id) ?? -1;
    if (fence <= newest) throw new AuroraError(4090, { message: 'This attempt was taken already', detail: { fence } });
    fences.delete(task_id);
    fences.set(task_id, fence);
    const [oldest] = fences.keys();
    if (fences.size > FENCES_MAX && oldest !== undefined) fences.delete(oldest);
  }
}

/** An agent works for the orchestrator and for operators whose key is pinned; other agents reach it through a handoff. */
function admit({ role, ...introduced }: Introduced): Principal {
  if (role === 'orchestrator' || role === 'operator') return { ...introduced, role };
  throw new AuroraError(4030, { message: 'This key is not pinned here as an orchestrator or operator' });
}

const LANES_DEFAULT = 8;
const QUEUE_MAX = 256;
const FENCES_MAX = 10_000;
const RETRY_AFTER_MS = 1_000;
