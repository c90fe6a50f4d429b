/** A megabyte of input: through the mesh by reference, over one hop of raw ws as a frame. */
import { startContender, toContender } from '../contender.ts';
import type { Group } from '../kit.ts';
import { medianOf, ratiosOf, takeTurns } from '../measure.ts';
import { startMesh } from '../mesh.ts';

export const payload: Group = {
  lines: ['G17'],
  async measure(kit) {
    const mesh = toContender('mesh', await startMesh(kit, { load: 'payload' }));
    const hop = await startContender('ws, one hop, 1 MB', kit);
    await takeTurns(1, [mesh, hop], (contender) => contender.load({ in_flight: 1, ms: kit.ms }));
    const turns = await takeTurns(kit.rounds, [mesh, hop], (contender) => contender.load({ in_flight: 1, ms: kit.ms }));
    const [ours = [], theirs = []] = [mesh, hop].map((each) => turns.get(each)?.map(({ p50_ms }) => p50_ms));
    const note = `${medianOf(ours).toFixed(1)} ms : ${medianOf(theirs).toFixed(1)} ms`;
    return new Map([['G17', { figures: ratiosOf(ours, theirs), note }]]);
  },
};
