/** Events of a working task to 50 subscribers, against a loop that makes the text anew for each. */
import { join } from 'node:path';
import { z } from 'zod';
import { startChild, type Child } from '../child.ts';
import type { Group, Kit } from '../kit.ts';
import { medianOf, ratiosOf, takeTurns } from '../measure.ts';
import { pathOf, startMesh } from '../mesh.ts';

export const events: Group = {
  lines: ['G18'],
  async measure(kit) {
    const both = [await startOurs(kit), await startNaive(kit)];
    const follow = async (follower: Child) => {
      const { delivered, ms } = Followed.parse(await follower.ask({ count: COUNT }));
      return (delivered * 1_000) / ms;
    };
    await takeTurns(1, both, follow);
    const turns = await takeTurns(kit.rounds, both, follow);
    const [ours = [], theirs = []] = both.map((each) => turns.get(each));
    const note = `${medianOf(ours).toFixed(0)}/s : ${medianOf(theirs).toFixed(0)}/s`;
    return new Map([['G18', { figures: ratiosOf(ours, theirs), note }]]);
  },
};

async function startOurs(kit: Kit): Promise<Child> {
  const { router, data } = await startMesh(kit);
  const words = [pathOf('product/followers.mjs'), router.address, data, String(SUBSCRIBERS)];
  const followers = await startChild({ name: 'followers', words, log: join(data, 'followers.log') });
  kit.onEnd(() => followers.kill());
  return followers;
}

async function startNaive(kit: Kit): Promise<Child> {
  const log = join(kit.folder, 'fan-out.log');
  const start = async (...words: string[]) => {
    const child = await startChild({ name: 'fan-out', words: [pathOf('peers/fan-out.mjs'), ...words], log });
    kit.onEnd(() => child.kill());
    return child;
  };
  const agent = await start('agent', '');
  const router = await start('router', agent.address);
  return start('followers', router.address, String(SUBSCRIBERS));
}

/** From the first event that arrived anywhere to the last. */
const Followed = z.object({ delivered: z.number(), ms: z.number() });
const SUBSCRIBERS = 50;
/** As many as a task's stream keeps: whoever comes late misses none. */
const COUNT = 900;
