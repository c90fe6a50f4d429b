/** Hundreds of light agents in one process, each with its key, its port and its lease; all their links can be dropped at once. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { announce } from '../../boot/announce.ts';
import { identityOf, pinOf, readKey } from '../../boot/keys.ts';
import { addPins } from '../../boot/pins.ts';
import { placeOf } from '../../boot/place.ts';
import { createHost, defineAgent, digestOf, listen, literalPins, type HttpRoute, type Link } from '../../mesh/index.ts';
import { cardOf, skill } from '../../protocol/index.ts';
import { jsonRoute } from '../../mesh/index.ts';
import { countingMetrics, literalContent, silentLog, systemClock, systemIds, systemRandom } from '../../seams/index.ts';

/** A crowd that serves. */
export interface Crowd {
  ids: string[];
  /** Cuts every link, in both directions, without a word. */
  drop(): void;
  /** When links came, monotonic ms. */
  arrivals: number[];
  close(): Promise<void>;
}

/** Pins their keys, then starts them; they announce themselves to the orchestrator at `url`. */
export async function startCrowd(options: { count: number; data: string; url: string }): Promise<Crowd> {
  const { count, data, url } = options;
  const place = placeOf(data);
  const ids = Array.from({ length: count }, (_, number) => `crowd-${number}`);
  const keys = new Map(ids.map((id): [string, KeyObject] => [id, generateKeyPairSync('ed25519').privateKey]));
  addPins(
    place.pins,
    [...keys].map(([id, key]) => pinOf(id, 'agent', key)),
  );
  const pins = literalPins([pinOf('orchestrator', 'orchestrator', readKey(place.keyFile('orchestrator')))]);
  const arrivals: number[] = [];
  const links = new Set<Link>();
  const ends: (() => Promise<void>)[] = [];

  for (const [id, key] of keys) {
    const agent = defineAgent({ id, name: id, description: 'One of many.', skills: [countOne] });
    const self = identityOf(id, key, uniqueIds, id);
    const seams = {
      clock: systemClock,
      ids: uniqueIds,
      random: systemRandom,
      log: silentLog,
      metrics: countingMetrics(),
    };
    const routes: HttpRoute[] = [];
    const onLink = (link: Link) => {
      arrivals.push(performance.now());
      links.add(link);
      host.accept(link);
    };
    const port = await listen({ ...seams, host: '127.0.0.1', port: 0, routes, onLink });
    const card = cardOf(agent, port.url);
    const openRef = () => {
      throw new Error('nobody sends bytes here');
    };
    const host = createHost(agent, {
      ...seams,
      self,
      pins,
      anonymous: 'off',
      content: literalContent(),
      openRef,
      card_digest: digestOf(card),
    });
    routes.push(jsonRoute('/.well-known/agent-card.json', () => card));
    const leave = announce(url, { url: port.url, card }, { ...seams, self, pins, trust: undefined });
    ends.push(async () => {
      leave();
      await port.close();
    });
  }
  return {
    ids,
    arrivals,
    drop() {
      for (const link of links) link.cut();
      links.clear();
    },
    async close() {
      await Promise.all(ends.map((end) => end()));
    },
  };
}

const countOne = skill({
  id: 'count_one',
  title: 'Count one',
  description: 'Answers one.',
  tags: ['crowd'],
  effect: 'read',
  params: z.object({ call: z.string() }),
  result: z.object({ one: z.number() }),
}).implement(() => ({ one: 1 }));

const uniqueIds = systemIds(() => systemClock.now());
