/** One call at a time: what somebody waits, and what the process in the middle adds to a hop. */
import { startContenders, warmUp } from '../contender.ts';
import type { Group, Told } from '../kit.ts';
import { medianOf, ratiosOf, takeTurns } from '../measure.ts';

const DURABILITY: Readonly<Record<string, string>> = {
  G8a: 'off',
  G8b: 'normal',
  G8c: 'full',
  G9a: 'off',
  G9b: 'normal',
};

export const latency: Group = {
  lines: Object.keys(DURABILITY),
  async measure(kit, wanted) {
    const meshes = [...wanted].map((id) => `mesh ${DURABILITY[id] ?? ''}`);
    const { there, skipped } = await startContenders([...meshes, RELAY, HOP], kit);
    kit.say(`${there.length} contenders, one call at a time`);
    const turn = { in_flight: 1, ms: kit.ms };
    await takeTurns(1, there, (contender) => contender.load(warmUp(kit)));
    const turns = await takeTurns(kit.rounds, there, (contender) => contender.load(turn));
    const p50 = new Map([...turns].map(([{ name }, told]) => [name, told.map(({ p50_ms }) => p50_ms)]));

    const told: Told = new Map();
    for (const id of wanted) {
      const [ours, relay, hop] = [`mesh ${DURABILITY[id] ?? ''}`, RELAY, HOP].map((name) => p50.get(name));
      if (!ours || !relay || !hop) {
        told.set(id, { skip: [...skipped.values()][0] ?? 'it did not start' });
        continue;
      }
      const note = [ours, relay, hop].map((each) => `${(medianOf(each) * 1_000).toFixed(0)} µs`).join(' : ');
      const added = ours.map((ms, round) => ms - (hop[round] ?? NaN));
      told.set(id, { figures: id.startsWith('G8') ? ratiosOf(ours, relay) : ratiosOf(added, hop), note });
    }
    return told;
  },
};

const RELAY = 'ws relay';
const HOP = 'ws, one hop';
