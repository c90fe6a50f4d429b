/** The agents the orchestrator keeps a link to: dialled on their own port, proven, read by their card, registered. */
import {
  createPeer,
  digestOf,
  FRAME_QUOTA,
  keepConnected,
  sayHello,
  type FrameQuota,
  type HandshakeDeps,
  type Link,
  type LinkEnd,
  type MethodTable,
  type NotificationHandler,
  type Peer,
} from '../mesh/index.ts';
import { AuroraError, Goaway, readCard, type CardFacts, type RpcParams } from '../protocol/index.ts';
import {
  createStop,
  sha256Of,
  sleep,
  toIso,
  type Log,
  type Metrics,
  type Stop,
  type StopSignal,
} from '../seams/index.ts';
import { bytesOf } from './events.ts';
import { judgeOffer, type Offers } from './offers.ts';
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
export interface FleetDeps extends HandshakeDeps {
  log: Log;
  metrics: Metrics;
  registry: Registry;
  dial(url: string, options: { protocol: string; address?: string; signal?: StopSignal }): Promise<Link>;
  /** Reads a card over HTTP; from `address` where that is given, whatever the name resolves to by now. */
  fetchCard(url: string, address?: string): Promise<unknown>;
  offers?: Offers | undefined;
  /** What agents may ask of us on the links we dialled. */
  methods: () => MethodTable;
  notifications: () => ReadonlyMap<string, NotificationHandler>;
  /** Frames an agent may send on its link (ATK-E10). */
  agent_quota?: FrameQuota;
}

/** The kept links. */
export interface Fleet {
  /**
   * Keeps a link to an agent until the answer is called. The same address twice is one link, kept while anybody keeps it. A card
   * that is known already is not fetched, if the link vouches for it.
   */
  keep(address: AgentAddress, card?: object): () => void;
  /** Which instance is behind a peer that we dialled. */
  instanceOf(peer: Peer): Instance | undefined;
  status(): AgentStatus[];
  /** Says goodbye to all and closes 1001. */
  leave(): void;
}

/** Keeps no link yet. */
export function createFleet(deps: FleetDeps): Fleet {
  const { clock, random, registry, log, metrics } = deps;
  const kept = new Map<string, Kept>();
  const addresses = new Map<string, number>(); // that are kept of an agent
  const instances = new Map<Peer, Instance>();
  /** The newest link of each instance. */
  const newest = new Map<string, Peer>();
  const cards = new Map<string, CardFacts>();
  const offered = new Map<string, Pick<CardFacts, 'skills' | 'tags'>>();
  let notifications: ReadonlyMap<string, NotificationHandler> | undefined; // once for all peers

  function keep(address: AgentAddress, card?: object): () => void {
    if (card) learn(card);
    const key = `${address.agent_id} ${address.url}`;
    const known = kept.get(key);
    const entry: Kept = known ?? {
      address,
      why: 'not dialled yet',
      is_quarantined: false,
      stop: createStop(),
      keepers: 0,
      met: undefined,
    };
    entry.keepers++;
    let is_kept = true;
    const forget = () => {
      if (is_kept && --entry.keepers === 0) release(key, entry);
      is_kept = false;
    };
    if (known) return forget;
    kept.set(key, entry);
    addresses.set(address.agent_id, (addresses.get(address.agent_id) ?? 0) + 1);
    registry.expect(address.agent_id);
    const { stop } = entry;
    keepTrying({
      clock,
      random,
      signal: stop,
      // Whoever sits on an agent's port without its key is refused, and the port is tried again: the agent may come back.
      final_codes: SUPERSEDED,
      dial: (signal) => {
        const pinned = address.address === undefined ? {} : { address: address.address };
        return deps.dial(address.url, { protocol: address.unproven ? '' : 'mesh.v1', signal, ...pinned });
      },
      onLink: (link, answered) => {
        void meet(link, address, (name) => {
          entry.met = name;
          entry.why = 'the link was lost'; // what is true whenever it is not online from here on
          entry.is_quarantined = false;
          answered();
        }).catch((reason: unknown) => {
          const error = AuroraError.from(reason);
          entry.why = error.message;
          entry.is_quarantined = reason instanceof Quarantined;
          log.warn(
            { agent_id: address.agent_id, url: address.url, code: error.code, why: error.message },
            'an agent was refused',
          );
          link.close(CLOSE_CODES.get(error.code) ?? 1011, error.message.slice(0, REASON_CHARS_MAX));
        });
      },
      onPause: (pause_ms, cause) => {
        if (cause instanceof Error) entry.why = cause.message;
        log.debug({ agent_id: address.agent_id, pause_ms }, 'an agent is dialled again after a pause');
      },
    });
    return forget;
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
  function keepTrying(options: Parameters<typeof keepConnected>[0]): void {
    void keepConnected(options).then(async ({ code }) => {
      if (options.signal.aborted || code === 4009) return;
      await sleep(clock, REFUSED_PAUSE_MS, options.signal).catch(() => undefined);
      keepTrying(options);
    });
  }

  /** From an open link to a registered instance: hello both ways, key, card. */
  async function meet(link: Link, address: AgentAddress, answered: (name: string) => void): Promise<void> {
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
    const instance = address.unproven ? await meetBare(peer, link, address) : await meetProven(peer, address);
    if (!link.open) return;
    const name = nameOf(instance);
    answered(name);
    newest.get(name)?.close(4009, 'superseded');
    newest.set(name, peer);
    instances.set(peer, instance);
    registry.add(instance);
    log.info(
      { agent_id: instance.agent_id, instance_id: instance.instance_id, url: address.url },
      'an agent is online',
    );
    metrics.gauge('agents_online', instances.size);
  }

  /** Whoever was refused, or never finished its hello, was never here. */
  function part(peer: Peer, end: LinkEnd): void {
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

  async function meetProven(peer: Peer, address: AgentAddress): Promise<Instance> {
    const hello = await sayHello(peer, deps, HELLO_MS_MAX);
    if (hello.id !== address.agent_id) {
      throw new AuroraError(4030, { message: `Somebody else is on the port of ${address.agent_id}` });
    }
    if (hello.role !== 'agent')
      throw new AuroraError(4030, { message: `The key of ${hello.id} is not pinned as an agent's` });
    const card = ownCard(await cardBehind(address, hello.card_digest), address);
    const more = deps.offers && judgeOffer(deps.offers, address.agent_id, card);
    if (more !== undefined) throw new Quarantined(more);
    const { instance_id, in_flight_max, in_flight } = hello;
    return toInstance(peer, address, card, {
      instance_id,
      in_flight_max,
      holding: in_flight.length > 0 ? new Set(in_flight) : NOTHING,
    });
  }

  /** An agent without a key: what it offers counts only as far as it reads, and only on this machine. */
  async function meetBare(peer: Peer, link: Link, address: AgentAddress): Promise<Instance> {
    if (!link.loopback) throw new AuroraError(4030, { message: 'An unproven agent may only be on this machine' });
    const card = ownCard(readCard(await deps.fetchCard(address.url, address.address)), address);
    const reading = [...card.skills].filter(
      ([, { effect, action_class }]) => effect === 'read' && action_class === 'read',
    );
    const cut = { ...card, skills: new Map(reading) };
    const about = { in_flight_max: IN_FLIGHT_DEFAULT, holding: NOTHING };
    return toInstance(peer, address, cut, { instance_id: `bare:${address.url}`, ...about });
  }

  /** A card is read once per digest: replicas and reconnects cost nothing. It counts only if the proven link vouched for it. */
  async function cardBehind({ url, address }: AgentAddress, digest: string | undefined): Promise<CardFacts> {
    const known = digest === undefined ? undefined : cards.get(digest);
    if (known) return known;
    const card = await deps.fetchCard(url, address);
    const facts = sharing(readCard(card));
    if (digest === undefined) throw new AuroraError(4030, { message: 'The hello names no card' });
    if (digestOf(card) !== digest) {
      throw new AuroraError(4030, { message: 'The card is not the one that the hello vouches for' });
    }
    remember(digest, facts);
    return facts;
  }

  /** What a card says of itself is worth nothing until a link vouches for its digest. */
  function learn(card: object): void {
    try {
      if (bytesOf(card) > CARD_BYTES_MAX) throw new AuroraError(4130);
      remember(digestOf(card), sharing(readCard(card)));
    } catch (reason) {
      log.info({ err: reason }, 'a card that came with a registration cannot be read: it is fetched');
    }
  }

  function remember(digest: string, facts: CardFacts): void {
    const [oldest] = cards.keys();
    if (cards.size >= CARDS_MAX && oldest !== undefined) cards.delete(oldest);
    cards.set(digest, facts);
  }

  /** Replicas differ by their address alone: what they offer is held once. */
  function sharing(facts: CardFacts): CardFacts {
    const { skills, tags } = facts;
    const name = sha256Of(JSON.stringify([tags, ...skills]));
    const known = offered.get(name);
    if (known) return { ...facts, ...known };
    const [oldest] = offered.keys();
    if (offered.size >= CARDS_MAX && oldest !== undefined) offered.delete(oldest);
    offered.set(name, { skills, tags });
    return facts;
  }

  function toInstance(
    peer: Peer,
    address: AgentAddress,
    card: CardFacts,
    about: Pick<Instance, 'instance_id' | 'in_flight_max' | 'holding'>,
  ): Instance {
    const key = deps.pins.of(address.agent_id)?.public_key;
    return {
      isPinned: () => address.unproven === true || deps.pins.of(address.agent_id)?.public_key === key,
      ...about,
      agent_id: address.agent_id,
      peer,
      card,
      since: toIso(clock.now()),
      in_flight: 0,
      is_leaving: false,
    };
  }

  function onGoaway(peer: Peer, params: RpcParams | undefined): void {
    const instance = instances.get(peer);
    if (!instance) return;
    instance.is_leaving = true;
    const { reason } = Goaway.parse(params ?? {});
    log.info({ agent_id: instance.agent_id, instance_id: instance.instance_id, reason }, 'an agent is leaving');
  }

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
    leave() {
      for (const peer of instances.keys()) {
        if (peer.link.protocol !== '')
          peer.notify('mesh/goaway', { reason: 'the orchestrator is leaving', reconnect_after_ms: 1_000 });
        peer.close(1001, 'going away');
      }
      // Only then: what keeps a link up closes it when it is stopped, and nothing could be said any more.
      for (const { stop } of kept.values()) stop.abort(new Error('leaving'));
    },
  };
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
}

/** A proven agent that offers more than was approved: no work before a person looked (ATK-E3). */
class Quarantined extends AuroraError {
  constructor(why: string) {
    super(4030, { message: why });
  }
}

/** An instance names itself; its agent id is proven. */
const nameOf = ({ agent_id, instance_id }: Instance): string => JSON.stringify([agent_id, instance_id]);

/** A card may leave open whose it is; one that names somebody else is not this agent's. */
function ownCard(card: CardFacts, { agent_id }: AgentAddress): CardFacts {
  if (card.agent_id === '' || card.agent_id === agent_id) return card;
  throw new AuroraError(4030, { message: `The card of ${agent_id} is that of ${card.agent_id}` });
}

const NOTHING: ReadonlySet<string> = new Set();
const SUPERSEDED = new Set([4009]);
const HELLO_MS_MAX = 5_000;
const IN_FLIGHT_DEFAULT = 8;
const CARDS_MAX = 1_024;
/** As much as is fetched of one. */
const CARD_BYTES_MAX = 1_048_576;
const REASON_CHARS_MAX = 100;
const REFUSED_PAUSE_MS = 30_000;
/** What is no judgement of the other end (no answer in time, no card to be had) is worth another try at once: 1011. */
const CLOSE_CODES: ReadonlyMap<number, number> = new Map([
  [4010, 4001],
  [-32602, 4002],
  [4030, 4003],
  [5040, 4008],
]);
