/** Where an agent's skills run: accepts links, knows who is at their other end, answers their calls. */
import { AuroraError, openRpcOf, type Implementation, type RpcParams } from '../protocol/index.ts';
import type { Clock, Content, Ids, Log, Metrics, Random } from '../seams/index.ts';
import type { Agent } from './agent.ts';
import { answerHello, sayHello, type Principal } from './handshake.ts';
import type { Identity, Pins } from './identity.ts';
import { createLanes, type Lanes } from './lanes.ts';
import type { Link } from './link.ts';
import { createMethods, createPeer, type Call, type MethodHandler, type Peer } from './peer.ts';
import { FRAME_QUOTA, type FrameQuota } from './quota.ts';
import { parseWork, runWork, type WorkDeps } from './work.ts';

/** What a host needs. */
export interface HostDeps {
  self: Identity;
  pins: Pins;
  clock: Clock;
  ids: Ids;
  random: Random;
  log: Log;
  metrics: Metrics;
  content: Content;
  openRef: WorkDeps['openRef'];
  /** Whether loopback strangers may call `read` skills bare (wire.md 1). */
  anonymous: 'loopback' | 'off';
  quota?: FrameQuota;
  /** Time an unproven mesh.v1 link has to say who it is, ms: 5 s. */
  hello_ms_max?: number;
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
  const { clock, log, metrics } = deps;
  const hello_ms_max = deps.hello_ms_max ?? HELLO_MS_MAX;
  const guests = new Map<Peer, Guest>();
  const fences = new Map<string, number>();
  const running = new Set<string>();
  let is_draining = false;
  let in_flight = 0;

  const handshake = { ...deps, inFlight: () => [...running] };
  const lanes = new Map<string, Lanes>(
    agent.skills.map(({ id, concurrency }) => [
      id,
      createLanes({ width: concurrency ?? LANES_DEFAULT, queue_max: deps.queue_max ?? QUEUE_MAX }),
    ]),
  );
  const methods = createMethods(
    new Map<string, MethodHandler>([
      ['rpc.ping', () => ({ ok: true })],
      ['rpc.discover', () => openRpcOf(agent)],
      ['mesh/hello', onHello],
      ...[...agent.implementations].map(([id, implementation]): [string, MethodHandler] => [
        id,
        (params, call) => work(implementation, params, call),
      ]),
    ]),
  );
  const bare_methods = createMethods(
    new Map<string, MethodHandler>([
      ['rpc.ping', () => ({ ok: true })],
      ['rpc.discover', () => openRpcOf(agent)],
      ...[...agent.implementations].map(([id, implementation]): [string, MethodHandler] => [
        id,
        (params, call) => work(implementation, params, call),
      ]),
    ]),
  );

  return {
    accept,
    drain,
    get running() {
      return in_flight;
    },
  };

  function accept(link: Link): void {
    const is_mesh = link.protocol !== '';
    if (!is_mesh && (deps.anonymous === 'off' || !link.loopback)) {
      link.attach({ onText: ignore, onClose: ignore });
      link.close(4001, 'authentication required');
      return;
    }
    const peer = createPeer({
      ...deps,
      link,
      methods: is_mesh ? methods : bare_methods,
      quota: deps.quota ?? FRAME_QUOTA,
      notifications: new Map([['mesh/goaway', ignore]]),
    });
    const guest: Guest = { principal: undefined };
    guests.set(peer, guest);
    const stopTimer = is_mesh
      ? clock.after(hello_ms_max, () => {
          if (!guest.principal) peer.close(4008, 'no hello in time');
        })
      : ignore;
    void peer.closed.then(() => {
      stopTimer();
      guests.delete(peer);
    });
  }

  /** Answers who we are; then asks the same of the caller, which is a stranger until it proved a pinned key. */
  function onHello(params: RpcParams | undefined, call: Call): unknown {
    const result = answerHello(handshake, params, call);
    const guest = guests.get(call.peer);
    if (guest && !guest.asked) {
      guest.asked = sayHello(call.peer, handshake, hello_ms_max).then(
        (introduced) => admit(call.peer, guest, introduced),
        (reason: unknown) => refuse(call.peer, reason),
      );
    }
    return result;
  }

  function admit(peer: Peer, guest: Guest, introduced: Awaited<ReturnType<typeof sayHello>>): void {
    const { role } = introduced;
    if (role === undefined || role === 'agent') {
      refuse(peer, new AuroraError(4030, { message: 'This key is not pinned here as an orchestrator or operator' }));
      return;
    }
    for (const [older, { principal }] of guests) {
      if (older !== peer && principal?.instance_id === introduced.instance_id) older.close(4009, 'superseded');
    }
    guest.principal = { ...introduced, role };
    log.info({ id: introduced.id, role, remote: peer.link.remote }, 'a peer proved its key');
  }

  function refuse(peer: Peer, reason: unknown): void {
    const error = AuroraError.from(reason);
    log.warn({ remote: peer.link.remote, err: error }, 'a peer was refused');
    metrics.count('handshakes_refused_total');
    peer.close(error.code === 4030 ? 4003 : 4001, error.message);
  }

  async function work(implementation: Implementation, params: RpcParams | undefined, call: Call): Promise<unknown> {
    const { skill } = implementation;
    const guest = guests.get(call.peer);
    // The first calls of a mesh.v1 peer may overtake its own answer to our hello.
    await guest?.asked;
    const principal = guest?.principal;
    if (call.peer.link.protocol !== '' && !principal) throw new AuroraError(4010);
    if (!principal && skill.effect !== 'read') {
      throw new AuroraError(4030, { message: 'An anonymous caller may only use skills that read' });
    }
    if (is_draining) throw new AuroraError(5030, { message: 'This agent is leaving', retry_after_ms: RETRY_AFTER_MS });

    const asked = parseWork(params, clock, principal?.role === 'orchestrator');
    const task_id = asked.routing?.task_id;
    if (asked.routing) claim(asked.routing);

    const lane = lanes.get(skill.id);
    const leave = await lane?.enter(call.signal);
    if (clock.monotonic() >= asked.due) {
      leave?.();
      throw new AuroraError(5040);
    }
    in_flight++;
    if (task_id !== undefined) running.add(task_id);
    metrics.gauge('skills_running', in_flight);
    const { answer, settled } = runWork(deps, implementation, asked, call);
    void settled.then(() => {
      leave?.();
      in_flight--;
      if (task_id !== undefined) running.delete(task_id);
      metrics.gauge('skills_running', in_flight);
    });
    return answer;
  }

  /** A fence is taken once: a replayed or older handoff of the same task is refused (ATK-E5). */
  function claim({ task_id, fence, to }: { task_id: string; fence: number; to: string }): void {
    if (to !== agent.id) throw new AuroraError(4030, { message: `This handoff is for ${to}` });
    const newest = fences.get(task_id) ?? -1;
    if (fence <= newest) throw new AuroraError(4090, { message: 'This attempt was taken already', detail: { fence } });
    fences.delete(task_id);
    fences.set(task_id, fence);
    const [oldest] = fences.keys();
    if (fences.size > FENCES_MAX && oldest !== undefined) fences.delete(oldest);
  }

  async function drain(drain_ms_max: number): Promise<void> {
    is_draining = true;
    const peers = [...guests.keys()];
    for (const peer of peers) {
      if (peer.link.protocol !== '') peer.notify('mesh/goaway', { reason: 'shutting down', reconnect_after_ms: 1_000 });
    }
    const over = new Promise<void>((resolve) => void clock.after(drain_ms_max, resolve));
    await Promise.race([Promise.all(peers.map((peer) => peer.idle())), over]);
    for (const peer of guests.keys()) peer.close(1001, 'going away');
    await Promise.race([Promise.all(peers.map((peer) => peer.closed)), over]);
  }
}

interface Guest {
  principal: Principal | undefined;
  /** Settles when the caller has answered our hello, one way or the other; never rejects. */
  asked?: Promise<void>;
}

function ignore(): void {
  // Nothing to do.
}

const HELLO_MS_MAX = 5_000;
const LANES_DEFAULT = 8;
const QUEUE_MAX = 256;
const FENCES_MAX = 10_000;
const RETRY_AFTER_MS = 1_000;
