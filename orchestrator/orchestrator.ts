/** The orchestrator: its parts joined, without a port. */
import { Readable } from 'node:stream';
import {
  assertPublicAddress,
  createPeer,
  createPortLoad,
  createReception,
  type FrameQuota,
  type HttpRoute,
  type Introduced,
  type Link,
  type Peer,
  type Principal,
  type ReceptionDeps,
} from '../mesh/index.ts';
import { AuroraError, type AgentDetail, type BlobRef, type Mode, type Source } from '../protocol/index.ts';
import { inertFailpoints, sha256Of, type Blobs, type Failpoints } from '../seams/index.ts';
import type { StoreHealth } from '../store/index.ts';
import { blobRoutes } from './blob-routes.ts';
import { BLOB_LIMITS, createBlobStore, type BlobLimits } from './blobs.ts';
import type { Care } from './care.ts';
import { inherited } from './carried.ts';
import type { OpenBreaker } from './breaker.ts';
import { createDispatcher } from './dispatch.ts';
import { neededUntil, questionOf } from './approval.ts';
import { createApprovals } from './approvals.ts';
import { createConsumption } from './consumption.ts';
import { createEffectTokens } from './effect-token.ts';
import type { NotifyWaiting } from './notices.ts';
import { createTelling, type OnTold } from './telling.ts';
import { createTurns } from './turns.ts';
import { createEnrolment } from './enrolment.ts';
import { createEvents, EVENT_LIMITS } from './events.ts';
import { toFleetAgents } from './fleet-view.ts';
import { createFleet, type AgentAddress, type FleetDeps } from './fleet.ts';
import type { Offers } from './offers.ts';
import { createInvestigate } from './investigate.ts';
import { refsIn } from './handoff-meta.ts';
import type { Ledger, Recovered, TaskRow } from './ledger.ts';
import { createOrchestratorMethods, type OrchestratorMethods } from './methods.ts';
import { createOneTarget } from './one-target.ts';
import { rulesPlanner, type Planner, type Step } from './plan.ts';
import { createPolicy, PolicyRules, type Policy } from './policy.ts';
import { createRegistry, type RegistryLimits } from './registry.ts';
import type { RetryLimits } from './retry.ts';
import { childRouting } from './routing.ts';
import { standingOf, type Standing } from './standing.ts';
import type { Quarantine } from './strangers.ts';

/** Bounds of an orchestrator; every part's own defaults unless said. */
export interface OrchestratorLimits {
  registry: Partial<RegistryLimits>;
  retry: Partial<RetryLimits>;
  blobs: Partial<BlobLimits>;
}

/** What an orchestrator is made of. */
export interface OrchestratorDeps extends Omit<ReceptionDeps, 'methods' | 'admit' | 'notifications' | 'inFlight'> {
  blobs: Blobs;
  dial: FleetDeps['dial'];
  fetchCard: FleetDeps['fetchCard'];
  /** Agents to keep a link to from the start. */
  agents: readonly AgentAddress[];
  /** Where our port is reached over HTTP, for blobs: known once it listens. */
  base_url: () => string;
  quarantine: Quarantine;
  /** What each agent was approved to offer; without it every card counts that its link vouches for. */
  offers?: Offers;
  /** CIDR blocks where registered agents may live (`mesh.networks`). */
  networks?: readonly string[];
  /** What each agent may use when it hands work on; `effect:read` unless said. */
  grants?: Readonly<Record<string, readonly string[]>>;
  /** `monitor` unless said; a function is asked each time. */
  mode?: Mode | (() => Mode);
  ledger: Ledger;
  /** How the store behind the ledger is; what is not `ok` is why new work is refused (PROM-P15). */
  storeHealth: () => StoreHealth;
  /** Checking and copying it, for operators. */
  care?: Care;
  /** Grows with every process that owns the ledger; streams are numbered in its blocks. */
  epoch: number;
  failpoints?: Failpoints;
  planner?: Planner;
  /** What allows; `own_hosts` are the names of this machine, which nothing may ever act on. */
  rules?: PolicyRules;
  own_hosts?: readonly string[];
  /** Another policy than the one of the rules. */
  policy?: Policy;
  /** Whether users may still do what they did; they may unless said. */
  standing?: Standing;
  /** Agents that get nothing new from the start: somebody said so to an earlier process. */
  drained?: readonly string[];
  /** Tells people that approvals wait. */
  notify?: NotifyWaiting;
  agent_quota?: FrameQuota;
  /** Hears what is told of every task. */
  onTold?: OnTold;
  bounds?: Partial<OrchestratorLimits>;
}

/** How it is, for `/health`. */
export interface OrchestratorHealth {
  status: 'ok' | 'degraded' | 'draining';
  ledger: StoreHealth;
  /** Agents that get no work of a skill for now, and why (PROM-P10). */
  breakers: OpenBreaker[];
  agents: { agent_id: string; state: string; why?: string }[];
  tasks_open: number;
}

/** A running orchestrator without its port. */
export interface Orchestrator {
  readonly accept: (link: Link) => void;
  /** Serves a link inside this process for somebody whom the caller has let in: a user of the API. */
  readonly attend: (link: Link, principal: Principal) => void;
  /** The fleet as people see it. */
  agents(): AgentDetail[];
  /** Gives an agent nothing new, or work again; throws 4043 for one that is not known. */
  setDrained(agent_id: string, is_drained: boolean): void;
  /** Keeps bytes too large for a frame, as somebody does who puts them over HTTP. */
  keepBytes(bytes: Uint8Array, about: Pick<BlobRef, 'media_type' | 'name'>): Promise<BlobRef>;
  /** The policy in force. */
  readonly rules: PolicyRules;
  /** `PUT` and `GET /blobs/…`. */
  routes: HttpRoute[];
  health(): OrchestratorHealth;
  /** Why it takes no new work now; empty when it does. */
  readonly unready: () => string[];
  /** Reads what earlier processes had accepted; call once, before links are accepted. */
  recover(): Promise<void>;
  /** Starts keeping links to its agents, and carries on what was recovered. */
  start(): void;
  /** Says goaway and accepts nothing new, waits for open tasks at most `drain_ms_max`, closes 1001. */
  drain(drain_ms_max: number): Promise<void>;
}

/** Joins the parts. */
export function createOrchestrator(deps: OrchestratorDeps): Orchestrator {
  const { clock, log, metrics } = deps;
  let is_draining = false;
  let recovered: Recovered[] = [];
  const { mode: given_mode = 'monitor' } = deps;
  const mode = typeof given_mode === 'function' ? given_mode : () => given_mode;
  const attended = new WeakMap<Peer, Principal>();

  const { ledger } = deps;
  const registry = createRegistry({
    clock,
    metrics,
    limits: deps.bounds?.registry,
    knownOffer: (agent_id) => deps.offers?.approved(agent_id),
    missed: () => enrolment.away(),
  });
  for (const agent_id of deps.drained ?? []) registry.drain(agent_id);
  const load = createPortLoad();
  const events = createEvents(clock, EVENT_LIMITS, deps.epoch);
  const blobs = createBlobStore({ ...deps, limits: { ...BLOB_LIMITS, ...deps.bounds?.blobs } });
  const fleet = createFleet({
    ...deps,
    load,
    registry,
    methods: () => methods.mesh,
    notifications: () => methods.notifications,
  });
  const reception = createReception({
    ...deps,
    load,
    methods: () => methods,
    admit,
    notifications: new Map([['$/ack', (params, peer) => methods.notifications.get('$/ack')?.(params, peer)]]),
  });
  const networks = [...PRIVATE_NETWORKS, ...(deps.networks ?? [])];
  const enrolment = createEnrolment({
    clock,
    log,
    fleet,
    pins: deps.pins,
    quarantine: deps.quarantine,
    checkAddress: (url) => assertPublicAddress(url, { networks }),
    ...(deps.networks && { networks: deps.networks }),
  });
  const rules = deps.rules ?? PolicyRules.parse({});
  const policy = deps.policy ?? createPolicy(rules, deps.own_hosts);
  const turns = createTurns(clock);
  const standing = standingOf(deps.pins, deps.standing);
  const consumption = createConsumption({
    ...deps,
    turns,
    policy,
    mode,
    standing,
    signEffect: createEffectTokens(deps),
  });
  const approvals = createApprovals({
    ...deps,
    turns,
    policy,
    rules,
    mode,
    standing,
    telling: createTelling({ events, ledger, log, onTold: deps.onTold }),
    refused: consumption.refused,
    hold: (params, until) => blobs.hold(refsIn(params), until),
  });
  const dispatcher = createDispatcher({
    ...deps,
    failpoints: deps.failpoints ?? inertFailpoints,
    registry,
    events,
    blobs,
    approvals,
    mode,
    retry: deps.bounds?.retry,
    grantOf: (agent_id) => deps.grants?.[agent_id] ?? GRANT_DEFAULT,
    local: new Map([
      [
        'investigate',
        createInvestigate({
          planner: deps.planner ?? rulesPlanner,
          open,
          handOff: handOffStep,
          offers: (skill) => registry.offers(skill),
          interests: () => registry.interests(),
        }),
      ],
    ]),
  });
  const oneTarget = createOneTarget({ clock, open: dispatcher.underWay });
  const methods: OrchestratorMethods = createOrchestratorMethods({
    ...deps,
    dispatcher,
    registry,
    events,
    fleet,
    blobs,
    enrolment,
    knownAgents,
    approvals,
    consumption: {
      ...consumption,
      consume: (task, use, asked) => oneTarget.take(task, use, asked, () => consumption.consume(task, use, asked)),
    },
    care: deps.care,
    principalOf,
    onHello: reception.onHello,
    isAccepting: () => !is_draining,
    mode,
  });

  return {
    accept: reception.accept,
    attend,
    agents,
    setDrained,
    keepBytes,
    rules,
    routes: blobRoutes(blobs, log),
    health,
    unready: () => {
      const store = deps.storeHealth();
      const cause = store.state === 'ok' ? [] : [`ledger: ${'cause' in store ? store.cause : store.state}`];
      const trouble = blobs.trouble();
      return [...(is_draining ? ['draining'] : []), ...cause, ...(trouble === undefined ? [] : [trouble])];
    },
    async recover() {
      recovered = await ledger.recover();
      if (recovered.length === 0) return;
      const in_flight = recovered.filter(({ held }) => held).map(({ task }) => task.task_id);
      log.info(
        { tasks: recovered.length, in_flight: in_flight.length, task_ids: in_flight.slice(0, TOLD_MAX) },
        'open tasks of an earlier process are carried on; these were in flight when it ended',
      );
    },
    start: () => {
      for (const address of deps.agents) fleet.keep(address);
      for (const each of recovered.splice(0)) {
        const { params, due } = each.task;
        const question = questionOf(each.task);
        blobs.hold(refsIn(params), question ? neededUntil(question) : clock.now() + (due - clock.monotonic()));
        dispatcher.resume(each);
        approvals.remind(each.task);
      }
    },
    async drain(drain_ms_max) {
      is_draining = true;
      dispatcher.leave();
      // First of all: whoever hears it sends nothing that would be refused, and comes back when we may be there (wire.md 3).
      fleet.sayGoaway();
      reception.sayGoaway();
      const over = new Promise<void>((resolve) => void clock.after(drain_ms_max, resolve));
      await Promise.race([dispatcher.idle(), over]);
      fleet.leave();
      await reception.drain(GOODBYE_MS_MAX);
    },
  };

  /** Whoever comes this way was let in by somebody else: no hello, and as many requests as that one allows. */
  function attend(link: Link, principal: Principal): void {
    const peer = createPeer({ ...deps, load, link, methods: methods.mesh, notifications: methods.notifications });
    attended.set(peer, principal);
  }

  function agents(): AgentDetail[] {
    return toFleetAgents({
      status: knownAgents(),
      instances: registry.instances(),
      breakers: registry.breakers(),
      drained: registry.drained(),
    });
  }

  /** Of the fleet, in quarantine, away. */
  function knownAgents() {
    return [...fleet.status(), ...enrolment.quarantined(), ...enrolment.away()];
  }

  function setDrained(agent_id: string, is_drained: boolean): void {
    if (!agents().some((agent) => agent.agent_id === agent_id)) throw new AuroraError(4043, { detail: { agent_id } });
    if (is_drained) registry.drain(agent_id);
    else registry.undrain(agent_id);
  }

  async function keepBytes(bytes: Uint8Array, about: Pick<BlobRef, 'media_type' | 'name'>): Promise<BlobRef> {
    const ref = { ...about, sha256: sha256Of(bytes), size: bytes.byteLength };
    const { token } = blobs.forPutting(ref);
    await blobs.put(token, ref.sha256, Readable.from([bytes]), ref.size);
    return ref;
  }

  /** On links we dialled the agent is known by the hello it answered; on links that came, by the reception. */
  function principalOf(peer: Peer): ReturnType<typeof reception.principalOf> {
    const user = attended.get(peer);
    if (user) return user;
    const instance = fleet.instanceOf(peer);
    if (!instance) return reception.principalOf(peer);
    if (instance.isPinned?.() === false) {
      clock.after(0, () => peer.close(4001, 'no longer pinned')); // once this call was answered
      throw new AuroraError(4010, { message: 'This key is no longer pinned here' });
    }
    const { agent_id, instance_id, in_flight_max } = instance;
    return { id: agent_id, role: 'agent', instance_id, in_flight_max, frame_bytes_max: 0, in_flight: [] };
  }

  async function handOffStep(parent: TaskRow, step: Step): Promise<TaskRow> {
    const parent_routing = { ...parent, agent_id: 'orchestrator' };
    const { skill, agent_id, patience_ms } = step;
    // Who only asked to be shown an input, or may be missed, may use half of the time: if it hangs, the others still have the rest.
    const half_ms = Math.max(1, Math.floor((parent.due - clock.monotonic()) / 2));
    const is_hurried = agent_id !== undefined || patience_ms !== undefined;
    const options = is_hurried ? { deadline_ms: Math.min(half_ms, patience_ms ?? half_ms) } : {};
    const routing = childRouting(parent_routing, options, clock.monotonic());
    const order = {
      to: agent_id === undefined ? { skill } : { agent_id, skill },
      skill,
      params: step.params,
      reason: step.reason,
      routing,
      key: undefined,
      carried: inherited(parent),
    };
    const { done } = await dispatcher.dispatch(order);
    return done;
  }

  /** An input of an investigation: inline bytes, or a blob that was put here. */
  async function* open(source: Source): AsyncIterable<Uint8Array> {
    if (!source.ref) {
      yield source.text === undefined ? Buffer.from(source.base64 ?? '', 'base64') : Buffer.from(source.text);
      return;
    }
    if ((await deps.blobs.size(source.ref.sha256)) === undefined)
      throw new AuroraError(4040, { message: 'No such blob' });
    yield* deps.blobs.open(source.ref.sha256);
  }

  function health(): OrchestratorHealth {
    const agents = fleet
      .status()
      .map(({ agent_id, state, why }) => ({ agent_id, state, ...(why !== undefined && { why }) }));
    const is_whole = agents.every(({ state }) => state === 'online' || state === 'unproven');
    metrics.gauge('agents_offline', agents.filter(({ state }) => state === 'offline').length);
    const store = deps.storeHealth();
    const is_well = is_whole && store.state === 'ok' && blobs.trouble() === undefined;
    const status = is_draining ? 'draining' : is_well ? 'ok' : 'degraded';
    return { status, ledger: store, breakers: registry.breakers(), agents, tasks_open: dispatcher.open };
  }
}

/** Operators and agents with a pinned key come in; a stranger may come in to ask for enrolment; an orchestrator has no business here. */
function admit(introduced: Introduced): Principal {
  const { id, role, public_key, instance_id, frame_bytes_max, in_flight_max, in_flight } = introduced;
  if (role === 'orchestrator') throw new AuroraError(4030, { message: 'There is one orchestrator here' });
  return { id, role: role ?? 'stranger', public_key, instance_id, frame_bytes_max, in_flight_max, in_flight };
}

const GRANT_DEFAULT = ['effect:read'];
/** A pinned agent may live on this machine or in a private network, but not where clouds keep their secrets (wire.md 4). */
const PRIVATE_NETWORKS = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7'];
const GOODBYE_MS_MAX = 2_000;
/** Task ids in one line of the log. */
const TOLD_MAX = 64;
