/** The orchestrator that the wrong ones are made of: the product's own, on a real port, with somebody on its links to agents. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { dialWebsocket, jsonRoute, listen, literalPins, publicKeyOf, type Pin } from '../../../mesh/index.ts';
import type { Mode } from '../../../protocol/index.ts';
import { createLedger, createOrchestrator } from '../../../orchestrator/index.ts';
import { countingMetrics, memoryBlobs, seededRandom, silentLog, systemClock, systemIds } from '../../../seams/index.ts';
import { openStore } from '../../../store/index.ts';
import { tapped, type Frame } from '../../support/tap.ts';

/** A running orchestrator, and the keys that it knows. */
export interface GoodOrchestrator {
  port: number;
  /** Private keys of who is pinned beside it: an operator, and two agents. */
  keys: Readonly<Record<'operator:kit' | 'conformance-agent' | 'conformance-peer', KeyObject>>;
  close(): Promise<void>;
}

/** What the orchestrator says to agents, or hears of them: another frame instead, or none. */
export type Retold = (frame: Frame) => Frame | undefined;

/** Starts it on a free port; `advertise` is the address that the kit dials. */
export async function startGoodOrchestrator(
  advertise: string,
  {
    said,
    misheard,
    mode = 'monitor',
  }: { said?: Retold | undefined; misheard?: Retold | undefined; mode?: Mode | undefined } = {},
): Promise<GoodOrchestrator> {
  const own = newKey();
  const keys = { 'operator:kit': newKey(), 'conformance-agent': newKey(), 'conformance-peer': newKey() };
  const pins = [
    pin('orchestrator', 'orchestrator', own),
    pin('operator:kit', 'operator', keys['operator:kit']),
    pin('conformance-agent', 'agent', keys['conformance-agent']),
    pin('conformance-peer', 'agent', keys['conformance-peer']),
  ];
  const clock = systemClock;
  const ids = systemIds(() => clock.now());
  const random = seededRandom(1);
  const shared = { clock, ids, random, log: silentLog, metrics: countingMetrics(), pins: literalPins(pins) };
  const store = await openStore({ file: ':memory:', durability: 'full', clock, log: silentLog });
  const orchestrator = createOrchestrator({
    ...shared,
    self: { id: 'orchestrator', instance_id: 'good-1', name: 'Orchestrator', version: '1.0.0', private_key: own },
    mode,
    anonymous: 'loopback',
    ledger: createLedger(store, clock),
    storeHealth: store.health,
    epoch: Number(store.epoch),
    blobs: memoryBlobs(),
    base_url: () => `http://${advertise}`,
    quarantine: { places: 256, add: () => undefined, drop: () => true, list: () => [] },
    agents: [],
    dial: async (url, { protocol, address, signal }) => {
      const link = await dialWebsocket({
        url,
        protocol,
        clock,
        random,
        ...(address !== undefined && { address }),
        ...(signal && { signal }),
      });
      return tapped(link, { ...(said && { said }), ...(misheard && { misheard }) });
    },
    fetchCard: async (url) => (await fetch(new URL('/.well-known/agent-card.json', url.replace(/^ws/, 'http')))).json(),
  });
  await orchestrator.recover();
  const port = await listen({
    clock,
    ids,
    random,
    host: '127.0.0.1',
    port: 0,
    allow_hosts: [advertise],
    routes: [jsonRoute('/health', () => orchestrator.health()), ...orchestrator.routes],
    onLink: (link) => orchestrator.accept(link),
  });
  orchestrator.start();
  return {
    port: port.port,
    keys,
    async close() {
      await orchestrator.drain(1_000);
      await port.close();
      await store.close();
    },
  };
}

const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
const pin = (id: string, role: Pin['role'], key: KeyObject): Pin => ({ id, role, public_key: publicKeyOf(key) });
