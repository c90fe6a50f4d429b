/** A history of a million tasks: what it makes of inserts, of reads, and of the throughput of the whole. */
import { createReadStream } from 'node:fs';
import { placeOf } from '../../boot/index.ts';
import { toContender, warmUp } from '../contender.ts';
import type { Group, Kit, Measured, Told } from '../kit.ts';
import { medianOf, ratiosOf, takeTurns } from '../measure.ts';
import { startMesh } from '../mesh.ts';
import { historyOf, openHistory, type History } from '../history.ts';

export const stored: Group = {
  lines: ['G15a', 'G15b', 'G15c', 'G16'],
  async measure(kit, wanted) {
    const told: Told = new Map();
    const [few, many] = kit.quick ? [1_000, 20_000] : [1_000, 1_000_000];
    const [small, large] = [await historyOf(few, kit), await historyOf(many, kit)];
    if ([...wanted].some((id) => id.startsWith('G15'))) await grow(kit, [small, large], told);
    if (wanted.has('G16')) told.set('G16', await under(kit, [small, large]));
    return new Map([...told].filter(([id]) => wanted.has(id)));
  },
};

/** The store alone, in this process: how much longer each takes with the larger history. */
async function grow(kit: Kit, folders: readonly string[], told: Told): Promise<void> {
  const histories: History[] = [];
  for (const folder of folders) {
    await readWhole(placeOf(folder).ledger);
    histories.push(await openHistory(folder));
  }
  const acts: [string, (history: History) => Promise<number>][] = [
    ['G15a', (history) => history.insert(kit.quick ? 640 : 3_200)],
    ['G15b', (history) => history.getById(kit.quick ? 200 : 2_000)],
    ['G15c', (history) => history.newestPage(kit.quick ? 20 : 200)],
  ];
  for (const [id, act] of acts) {
    await takeTurns(1, histories, act);
    const turns = await takeTurns(kit.rounds, histories, act);
    const [small = [], large = []] = histories.map((history) => turns.get(history));
    const note = `${(medianOf(large) * 1_000).toFixed(0)} µs : ${(medianOf(small) * 1_000).toFixed(0)} µs each`;
    told.set(id, { figures: ratiosOf(large, small), note });
  }
  for (const history of histories) await history.close();
}

/** A file that was used lately is in the memory of its machine; one that was made a while ago may not be. */
async function readWhole(file: string): Promise<void> {
  for await (const _chunk of createReadStream(file, { highWaterMark: READ_BYTES })); // only that it was read
}

/** The whole mesh on each of them, in turns. */
async function under(kit: Kit, folders: readonly string[]): Promise<Measured> {
  const both = [];
  for (const data of folders) both.push(toContender(data, await startMesh(kit, { durability: 'normal', data })));
  const load = { in_flight: 64, ms: kit.ms };
  await takeTurns(1, both, (mesh) => mesh.load(warmUp(kit)));
  const turns = await takeTurns(kit.rounds, both, (mesh) => mesh.load(load));
  const [small = [], large = []] = both.map((mesh) =>
    turns.get(mesh)?.map(({ answers, ms }) => (answers * 1_000) / ms),
  );
  return { figures: ratiosOf(large, small), note: `${medianOf(large).toFixed(0)}/s : ${medianOf(small).toFixed(0)}/s` };
}

const READ_BYTES = 4_194_304;
