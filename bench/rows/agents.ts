/** Many agents: what they weigh, how fast they come, and what choosing among them costs. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { enrollAgent, loadConfig } from '../../boot/index.ts';
import { rssBytes, startChild, type Child } from '../child.ts';
import { toContender, warmUp } from '../contender.ts';
import type { Group, Kit, Measured, Told } from '../kit.ts';
import { medianOf, ratiosOf, takeTurns } from '../measure.ts';
import { online, pathOf, prepareData, startLoad, startOrchestrator, AGENT } from '../mesh.ts';

export const agents: Group = {
  lines: ['G12', 'idle', 'G13', 'G14a', 'G14b', 'G14c'],
  async measure(kit, wanted) {
    const told: Told = new Map();
    if (wanted.has('G12') || wanted.has('idle')) await weigh(kit, told);
    if (wanted.has('G13')) told.set('G13', await arrive(kit));
    if ([...wanted].some((id) => id.startsWith('G14'))) await choose(kit, told);
    return new Map([...told].filter(([id]) => wanted.has(id)));
  },
};

/** Resident memory before, and a while after, for it grows until the collector comes round; where fewer files may be open than 10 000 agents need, as many as may be. */
async function weigh(kit: Kit, told: Told): Promise<void> {
  const room = Math.floor((filesMax() - FILES_ELSEWHERE) / LINKS_EACH);
  const count = Math.min(kit.quick ? 500 : 10_000, room);
  const { router, gather } = await startBare(kit, 1_000);
  const before = rssBytes(router.pid);
  await gather(count);
  await settled(kit);
  const after: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    after.push(rssBytes(router.pid));
  }
  await router.kill();
  const note = `${count} agents, ${megabytes(before)} MB without them`;
  told.set('G12', { figures: after.map((bytes) => (bytes - before) / 1_024 / count), note });
  told.set('idle', { figures: after.map((bytes) => bytes / 2 ** 20), note });
}

/** From the first dial until all of them are online, over as many bare upgrades. */
async function arrive(kit: Kit): Promise<Measured> {
  const count = kit.quick ? 200 : 1_000;
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < Math.min(kit.rounds, ARRIVALS_MAX); round++) {
    const { router, gather } = await startBare(kit, count);
    ours.push(await gather(count));
    await router.stop();
    theirs.push(await connectBare(kit, count));
  }
  return { figures: ratiosOf(ours, theirs), note: `${count}: ${seconds(ours)} s : ${seconds(theirs)} s` };
}

/** The same load on three fleets in turns. */
async function choose(kit: Kit, told: Told): Promise<void> {
  const fleets = await Promise.all((kit.quick ? [1, 20, 100] : [1, 100, 1_000]).map((count) => startFleet(kit, count)));
  const rates = new Map<number, number[][]>();
  for (const in_flight of [1, 64]) {
    await takeTurns(1, fleets, (fleet) => fleet.load(warmUp(kit)));
    const turns = await takeTurns(kit.rounds, fleets, (fleet) => fleet.load({ in_flight, ms: kit.ms }));
    rates.set(
      in_flight,
      [...turns.values()].map((loads) => loads.map(({ answers, ms }) => (answers * 1_000) / ms)),
    );
  }
  const line = (in_flight: number, more: number, less: number): Measured => {
    const [ours = [], theirs = []] = [more, less].map((nth) => rates.get(in_flight)?.[nth]);
    return {
      figures: ratiosOf(ours, theirs),
      note: `${medianOf(ours).toFixed(0)}/s : ${medianOf(theirs).toFixed(0)}/s`,
    };
  };
  told.set('G14a', line(1, 2, 0));
  told.set('G14b', line(64, 2, 0));
  told.set('G14c', line(64, 2, 1));
}

async function startFleet(kit: Kit, count: number) {
  const { router, gather, data } = await startBare(kit, count);
  await gather(count);
  const load = await startLoad(router.address, data);
  kit.onEnd(() => load.kill());
  return toContender(`${count} agents`, { load, router, all: [load, router] });
}

/** An orchestrator that knows nobody yet but one who is away, the keys of `ids` agents, and how to bring them. */
async function startBare(kit: Kit, ids: number) {
  const data = mkdtempSync(join(kit.folder, 'crowd-'));
  prepareData(data);
  const config = loadConfig({ flags: { data }, env: {} });
  for (let nth = 0; nth < ids; nth++) enrollAgent(config, `crowd-${nth}`);
  const absent = [{ agent_id: AGENT, url: 'ws://127.0.0.1:9' }];
  const router = await startOrchestrator(kit, { data, durability: 'normal', agents: absent });
  kit.onEnd(() => router.kill());
  return { data, router, gather };

  async function gather(count: number): Promise<number> {
    const crowds: Child[] = [];
    for (let from = 0; from < count; from += CROWD) {
      const about = { url: router.address, data, first: (firsts += CROWD), count: Math.min(CROWD, count - from), ids };
      const words = [pathOf('product/crowd.mjs'), JSON.stringify(about)];
      const crowd = await startChild({ name: 'crowd', words, log: join(data, 'crowd.log') });
      kit.onEnd(() => crowd.kill());
      crowds.push(crowd);
    }
    const began = performance.now();
    await Promise.all(crowds.map((crowd) => crowd.ask({ announce: true })));
    await online(router.address, count);
    return performance.now() - began;
  }
}

async function connectBare(kit: Kit, count: number): Promise<number> {
  const script = pathOf('peers/connections.mjs');
  const log = join(kit.folder, 'connections.log');
  const server = await startChild({ name: 'connections', words: [script, 'agent', ''], log });
  const caller = await startChild({ name: 'connections', words: [script, 'caller', server.address], log });
  const { ms } = z.object({ ms: z.number() }).parse(await caller.ask({ count }));
  await Promise.all([caller.kill(), server.kill()]);
  return ms;
}

/** Idle means idle: garbage of the arrival is collected sooner or later, and what a minute does not bring back is held. */
const settled = (kit: Kit) => new Promise((resolve) => setTimeout(resolve, kit.quick ? 1_000 : SETTLE_MS));

const filesMax = (): number =>
  Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
const seconds = (ms: number[]): string => (medianOf(ms) / 1_000).toFixed(2);

/** Loopback addresses are given out once a run: a listener of an earlier round may not be gone yet. */
let firsts = 0;
const CROWD = 1_000;
/** The one it announced itself on, and the one we dialled. */
const LINKS_EACH = 2;
const FILES_ELSEWHERE = 600;
const ARRIVALS_MAX = 3;
const SETTLE_MS = 30_000;
/** How often memory is looked at, and how long between two looks. */
const LOOKS = 9;
const LOOK_MS = 1_000;
