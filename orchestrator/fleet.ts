/** The agents the orchestrator keeps a link to: dialled on their own port, proven, read by their card, registered. */
import {
  createPeer,
  FRAME_QUOTA,
  keepConnected,
  type FrameQuota,
  type HandshakeDeps,
  type Link,
  type LinkEnd,
  type MethodTable,
  type NotificationHandler,
  type Peer,
  type PortLoad,
  type StayAway,
} from '../mesh/index.ts';
import { AuroraError, Goaway, type RpcParams } from '../protocol/index.ts';
import { createStop, sleep, type Metrics, type Stop, type StopSignal } from '../seams/index.ts';
import { createCards, type CardDeps } from './cards.ts';
import { createMeeting, Quarantined } from './meeting.ts';
import type { Offers } from './offers.ts';
import type { Instance, Registry } from './registry.ts';

/** One address to keep a link to. */
export interface AgentAddress {
  agent_id: string;
  /** `ws:` or `wss:`. */
  url: string;
  /** The number to dial, where the name was resolved and checked already (ATK-G1). */
  address?: string | undefined;
  /** A bare agent without a key: loopback and `read` skills only (wire.md 4). */
  unproven?: boolean | undefined;
}

/** What is known of an address. */
export interface AgentStatus {
  agent_id: string;
  url: string;
  state: 'online' | 'offline' | 'unproven' | 'quarantined';
  why?: string;
}

/** What keeping needs. */
export interface FleetDeps extends HandshakeDeps, CardDeps {
  metrics: Metrics;
  registry: Registry;
  dial(url: string, options: { protocol: string; address?: string; signal?: StopSignal }): Promise<Link>;
  offers?: Offers | undefined;
  /** What agents may ask of us on the links we dialled. */
  methods: () => MethodTable;
  notifications: () => ReadonlyMap<string, NotificationHandler>;
  /** Frames an agent may send on its link (ATK-E10). */
  agent_quota?: FrameQuota;
  /** What runs for agents, added up with what runs for whoever comes to us. */
  load?: PortLoad;
}

/** The kept links. */
export interface Fleet {
  /**
   * Keeps a link to an agent until the answer is called. The same address twice is one link, kept while anybody keeps it, and
   * dialled at once if it was waited with. A card that is known already is not fetched, if the link vouches for it.
   */
  keep(address: AgentAddress, card?: object): () => void;
  /** Which instance is behind a peer that we dialled. */
  instanceOf(peer: Peer): Instance | undefined;
  status(): AgentStatus[];
  /** Tells all, once, that we are leaving: what runs goes on. */
  sayGoaway(): void;
  /** Closes 1001, and dials nobody any more. */
  leave(): void;
}

/** Keeps no link yet. */
export function createFleet(deps: FleetDeps): Fleet {
  const { clock, random, registry, log, metrics } = deps;
  const kept = new Map<string, Kept>();
  const addresses = new Map<string, number>(); // that are kept of an agent
  const instances = new Map<Peer, Instance>();
  /** What is done about the goaway of each, met or not. */
  const stayingAway = new Map<Peer, StayAway>();
  let is_leaving = false;
  /** The newest link of each instance. */
  const newest = new Map<string, Peer>();
  const cards = createCards(deps);
  const meetAt = createMeeting({ ...deps, cards });
  let notifications: ReadonlyMap<string, NotificationHandler> | undefined; // once for all peers

  return {
    keep,
    instanceOf: (peer) => instances.get(peer),
    status() {
      return [...kept.values()].map(({ address, why, is_quarantined, met }) => {
        const is_online = met !== undefined && newest.has(met);
        const away = is_quarantined ? 'quarantined' : 'offline';
        const state = is_online ? (address.unproven ? 'unproven' : 'online') : away;
        return { agent_id: address.agent_id, url: address.url, state, ...(is_online ? {} : { why }) };
      });
    },
    sayGoaway() {
      if (is_leaving) return;
      is_leaving = true;
      for (const peer of instances.keys()) tellLeaving(peer);
    },
    leave() {
      for (const peer of instances.keys()) peer.close(1001, 'going away');
      // Only then: what keeps a link up closes it when it is stopped, and nothing could be said any more.
      for (const { stop } of kept.values()) stop.abort(new Error('leaving'));
    },
  };

  /* ---- addresses ---- */

  function keep(address: AgentAddress, card?: object): () => void {
    if (card) cards.learn(card);
    const key = `${address.agent_id} ${address.url}`;
    const entry = kept.get(key) ?? begin(key, address);
    entry.keepers++;
    entry.goOn(); // whoever keeps it anew knows that it is there, whatever was said before it left
    let is_kept = true;
    return () => {
      if (is_kept && --entry.keepers === 0) release(key, entry);
      is_kept = false;
    };
  }

  function begin(key: string, address: AgentAddress): Kept {
    const { agent_id } = address;
    const why = 'not dialled yet';
    const entry: Kept = {
      address,
      why,
      is_quarantined: false,
      stop: createStop(),
      keepers: 0,
      met: undefined,
      goOn: () => undefined,
    };
    kept.set(key, entry);
    addresses.set(agent_id, (addresses.get(agent_id) ?? 0) + 1);
    registry.expect(agent_id);
    keepTrying(entry);
    return entry;
  }

  function release(key: string, { address: { agent_id }, stop }: Kept): void {
    stop.abort(new Error('no longer kept'));
    kept.delete(key);
    const left = (addresses.get(agent_id) ?? 1) - 1;
    if (left > 0) {
      addresses.set(agent_id, left);
      return;
    }
    addresses.delete(agent_id);
    registry.forget(agent_id);
  }

  /**
   * A refusal for good may still heal: a stranger leaves the port, a key is pinned. So it is tried again, slowly; only an
   * address that another one superseded is left alone.
   */
  function keepTrying(entry: Kept): void {
    const { address, stop } = entry;
    const { agent_id } = address;
    const connected = keepConnected({
      clock,
      random,
      signal: stop,
      // Whoever sits on an agent's port without its key is refused, and the port is tried again: the agent may come back.
      final_codes: SUPERSEDED,
      dial: (signal) => dial(address, signal),
      onLink: (link, answered, stayAway) => {
        void meet(link, entry, { answered, stayAway }).catch((reason: unknown) => refuse(link, entry, reason));
      },
      onPause: (pause_ms, cause, goOn) => {
        entry.goOn = goOn;
        if (cause instanceof Error) entry.why = cause.message;
        log.debug({ agent_id, pause_ms }, 'an agent is dialled again after a pause');
      },
    });
    void connected.then(async ({ code }) => {
      if (stop.aborted || code === 4009) return;
      await sleep(clock, REFUSED_PAUSE_MS, stop).catch(() => undefined);
      keepTrying(entry);
    });
  }

  function dial({ url, address, unproven }: AgentAddress, signal: StopSignal): Promise<Link> {
    const pinned = address === undefined ? {} : { address };
    return deps.dial(url, { protocol: unproven ? '' : 'mesh.v1', signal, ...pinned });
  }

  /* ---- links ---- */

  /** Registers whoever is at the other end, or throws why not. */
  async function meet(
    link: Link,
    entry: Kept,
    { answered, stayAway }: { answered: () => void; stayAway: StayAway },
  ): Promise<void> {
    const peer = createPeer({
      ...deps,
      link,
      methods: deps.methods(),
      quota: deps.agent_quota ?? FRAME_QUOTA,
      notifications: (notifications ??= new Map([
        ...deps.notifications(),
        ['mesh/goaway', (params, from) => onGoaway(from, params)],
      ])),
      onClosed: part,
    });
    stayingAway.set(peer, stayAway);
    const instance = await meetAt(peer, entry.address);
    if (!link.open) return;
    const name = nameOf(instance);
    entry.met = name;
    entry.why = 'the link was lost'; // what is true whenever it is not online from here on
    entry.is_quarantined = false;
    answered();
    newest.get(name)?.close(4009, 'superseded');
    newest.set(name, peer);
    instances.set(peer, instance);
    registry.add(instance);
    if (is_leaving) tellLeaving(peer);
    const { agent_id, instance_id } = instance;
    log.info({ agent_id, instance_id, url: entry.address.url }, 'an agent is online');
    metrics.gauge('agents_online', instances.size);
  }

  function refuse(link: Link, entry: Kept, reason: unknown): void {
    const { agent_id, url } = entry.address;
    const { code, message } = AuroraError.from(reason);
    entry.why = message;
    entry.is_quarantined = reason instanceof Quarantined;
    log.warn({ agent_id, url, code, why: message }, 'an agent was refused');
    link.close(CLOSE_CODES.get(code) ?? 1011, message.slice(0, REASON_CHARS_MAX));
  }

  /** Whoever was refused, or never finished its hello, was never here. */
  function part(peer: Peer, end: LinkEnd): void {
    stayingAway.delete(peer);
    const instance = instances.get(peer);
    if (!instance) return;
    const { agent_id, instance_id, in_flight } = instance;
    const name = nameOf(instance);
    registry.remove(instance);
    instances.delete(peer);
    if (newest.get(name) === peer) newest.delete(name);
    metrics.gauge('agents_online', instances.size);
    log.warn({ agent_id, instance_id, in_flight, ...end }, 'an agent is gone');
  }

  function onGoaway(peer: Peer, params: RpcParams | undefined): void {
    const instance = instances.get(peer);
    if (instance) instance.is_leaving = true;
    const { reason, reconnect_after_ms } = Goaway.parse(params ?? {});
    stayingAway.get(peer)?.(reconnect_after_ms);
    if (!instance) return;
    log.info({ agent_id: instance.agent_id, instance_id: instance.instance_id, reason }, 'an agent is leaving');
  }

  function tellLeaving(peer: Peer): void {
    if (peer.link.protocol === '') return;
    peer.notify('mesh/goaway', { reason: 'the orchestrator is leaving', reconnect_after_ms: RECONNECT_AFTER_MS });
  }
}

/** An address that somebody keeps. */
interface Kept {
  address: AgentAddress;
  why: string;
  /** Its card waits for a person. */
  is_quarantined: boolean;
  stop: Stop;
  /** How many want it kept. */
  keepers: number;
  /** The instance that was met there last: it may be gone, or be reached by another address. */
  met: string | undefined;
  /** Ends the pause before it is dialled again, where there is one. */
  goOn: () => void;
}

/** An instance names itself; its agent id is proven. */
const nameOf = ({ agent_id, instance_id }: Instance): string => JSON.stringify([agent_id, instance_id]);

const SUPERSEDED = new Set([4009]);
const REASON_CHARS_MAX = 100;
const REFUSED_PAUSE_MS = 30_000;
/** How long we ask agents to leave our port alone, ms: longer than it takes us to come back. */
const RECONNECT_AFTER_MS = 1_000;
/** What is no judgement of the other end (no answer in time, no card to be had) is worth another try at once: 1011. */
const CLOSE_CODES: ReadonlyMap<number, number> = new Map([
  [4010, 4001],
  [-32602, 4002],
  [4030, 4003],
  [5040, 4008],
]);
