/** A whole mesh in one process: orchestrator, hosts and an operator over links in memory, on any clock. */
import { generateKeyPairSync } from 'node:crypto';
import {
  createHost,
  createMethods,
  createPeer,
  literalPins,
  memoryLink,
  publicKeyOf,
  sayHello,
  answerHello,
  digestOf,
  type Agent,
  type Host,
  type HostDeps,
  type Identity,
  type Link,
  type Peer,
  type Pin,
  type Pins,
  type Role,
} from '../../mesh/index.ts';
import {
  createOrchestrator,
  createLedger,
  type Ledger,
  type Orchestrator,
  type OrchestratorDeps,
} from '../../orchestrator/index.ts';
import { cardOf } from '../../protocol/index.ts';
import {
  countingIds,
  countingMetrics,
  inlineWorkers,
  literalContent,
  memoryBlobs,
  memoryLog,
  seededRandom,
  systemClock,
  type Clock,
} from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';

/** A mesh under test. */
export interface TestMesh {
  orchestrator: Orchestrator;
  operator: Peer;
  /** The link of another operator of `operators`. */
  as(id: string): Peer;
  /** The orchestrator's ends of the links of operators. */
  accepted: readonly Link[];
  ledger: Ledger;
  /** Who signs for the orchestrator. */
  pin: Pin;
  hosts: Map<string, Host>;
  log: ReturnType<typeof memoryLog>;
  metrics: ReturnType<typeof countingMetrics>;
  /** Cuts every link between the orchestrator and that address, as a crash would. */
  crash(url: string): void;
  /** Resolves when that many instances are online. */
  online(count: number): Promise<void>;
}

/** An identity with a key of its own, and the pin that vouches for it. */
export function identityOf(id: string, role: Role, instance_id = `${id}-1`): { identity: Identity; pin: Pin } {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    identity: { id, instance_id, name: id, version: '0.1.0', private_key: privateKey },
    pin: { id, role, public_key: publicKeyOf(privateKey) },
  };
}

/** Starts a mesh. Two agents of one id are replicas; each gets the address `ws://<id>-<n>.test:1`. */
export async function startMesh(
  agents: readonly Agent[],
  options: {
    clock?: Clock;
    seed?: number;
    link?: (url: string) => [Link, Link];
    /** Whether dialling that address succeeds now; always unless said. */
    is_up?: (url: string) => boolean;
    orchestrator?: Partial<OrchestratorDeps>;
    /** What every host is given beside the usual. */
    host?: Partial<HostDeps>;
    /** Operators beside `operator:test`. */
    operators?: readonly string[];
    /** Ids whose pins are taken away as soon as they stand in here. */
    revoked?: ReadonlySet<string>;
  } = {},
): Promise<TestMesh> {
  const clock = options.clock ?? systemClock;
  const random = seededRandom(options.seed ?? 1);
  const ids = countingIds();
  const log = memoryLog();
  const metrics = countingMetrics();
  const links = new Map<string, Link[]>();
  const orchestratorSelf = identityOf('orchestrator', 'orchestrator');
  const operatorSelf = identityOf('operator:test', 'operator');
  const others = (options.operators ?? []).map((id) => identityOf(id, 'operator'));
  const keys = new Map<string, ReturnType<typeof identityOf>>();
  const pins: Pin[] = [orchestratorSelf.pin, operatorSelf.pin, ...others.map(({ pin }) => pin)];
  for (const { id } of agents) {
    if (keys.has(id)) continue;
    const made = identityOf(id, 'agent');
    keys.set(id, made);
    pins.push(made.pin);
  }
  const shared = {
    clock,
    ids,
    random,
    log,
    metrics,
    pins: revocable(literalPins(pins), options.revoked),
    anonymous: 'loopback' as const,
  };

  const hosts = new Map<string, Host>();
  const cards = new Map<string, unknown>();
  const addresses = agents.map((agent, index) => {
    const url = `ws://${agent.id}-${index}.test:1`;
    const card = cardOf(agent, url);
    cards.set(url, card);
    const identity = { ...keys.get(agent.id)!.identity, instance_id: `${agent.id}-${index}` };
    const host = createHost(agent, {
      ...shared,
      self: identity,
      card_digest: digestOf(card),
      content: literalContent(),
      workers: inlineWorkers,
      openRef: () => {
        throw new Error('no blobs here');
      },
      ...options.host,
    });
    hosts.set(url, host);
    return { agent_id: agent.id, url };
  });

  // Committed at the end of the microtask, so that a manual clock never moves while something is being kept.
  const endOfTurn = (run: () => void) => queueMicrotask(run);
  const store = await openStore({ file: ':memory:', durability: 'full', clock, log, endOfTurn });
  const ledger = createLedger(store, clock);
  const orchestrator = createOrchestrator({
    ...shared,
    ledger,
    storeHealth: store.health,
    epoch: Number(store.epoch),
    self: orchestratorSelf.identity,
    blobs: memoryBlobs(),
    base_url: () => 'http://127.0.0.1:1',
    quarantine: { places: 256, add: () => undefined, drop: () => true, list: () => [] },
    agents: addresses,
    dial: async (url, { protocol }) => {
      const host = hosts.get(url);
      if (!host || options.is_up?.(url) === false) throw new Error(`nobody listens on ${url}`);
      const dialled = new URL(url).host;
      const [near, far] = options.link?.(url) ?? memoryLink({ protocol, dialled });
      links.set(url, [...(links.get(url) ?? []), near]);
      host.accept(far);
      return near;
    },
    fetchCard: async (url) => cards.get(url),
    ...options.orchestrator,
  });
  await orchestrator.recover();
  orchestrator.start();

  const accepted: Link[] = [];
  const join = async (self: Identity): Promise<Peer> => {
    const [near, far] = memoryLink({ protocol: 'mesh.v1', dialled: 'orchestrator.test:1' });
    accepted.push(far);
    orchestrator.accept(far);
    const handshake = { ...shared, self };
    const peer = createPeer({
      ...shared,
      link: near,
      methods: createMethods(new Map([['mesh/hello', (params, call) => answerHello(handshake, params, call)]])),
    });
    await sayHello(peer, handshake, 5_000);
    return peer;
  };
  const operator = await join(operatorSelf.identity);
  const joined = new Map<string, Peer>();
  for (const { identity } of others) joined.set(identity.id, await join(identity));

  return {
    orchestrator,
    operator,
    as: (id) => joined.get(id)!,
    accepted,
    ledger,
    pin: orchestratorSelf.pin,
    hosts,
    log,
    metrics,
    crash: (url) => links.get(url)?.forEach((link) => link.cut()),
    async online(count) {
      for (let turn = 0; turn < TURNS_MAX; turn++) {
        if (orchestrator.health().agents.filter(({ state }) => state === 'online').length >= count) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
      throw new Error(`only ${JSON.stringify(orchestrator.health())} came online`);
    },
  };
}

const revocable = (pins: Pins, revoked: ReadonlySet<string> = new Set()): Pins => ({
  of: (id) => (revoked.has(id) ? undefined : pins.of(id)),
});

const TURNS_MAX = 10_000;
