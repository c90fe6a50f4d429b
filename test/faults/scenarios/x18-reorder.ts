/** X18: answers and progress arrive in another order: each request gets its own answer (INV17), each task its own result. */
import type { Scenario } from '../harness.ts';
import { check } from '../checker.ts';
import { ask, that } from '../workload.ts';
import { isAnswer, createMiddles } from '../ws-middle.ts';

export const scenario: Scenario = {
  id: 'X18',
  name: 'reorder',
  set: 'short',
  async run(_seed, kit) {
    const { middles, between } = createMiddles();
    const mesh = await kit.start({ between });
    kit.inject('answers and progress are shuffled');
    for (const middle of middles) {
      middle.set(({ text, direction, frame }) => {
        const is_loose = direction === 'down' && (isAnswer(frame) || frame['method'] === '$/progress');
        return [{ text, ...(is_loose && { after_ms: Math.floor(kit.random.next() * SHUFFLE_MS) }) }];
      });
    }
    const task_ids = await ask(mesh, 60, { params: { thoughts: 5 } });
    const tasks = await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
    kit.recovered();
    const mixed = tasks.filter(({ result }, place) => !JSON.stringify(result).includes(`"wish-${place}"`)).length;
    const verdict = await mesh.finish();
    return {
      verdict: [
        ...that(mixed === 0, `${mixed} tasks got somebody else's result`),
        ...verdict,
        ...middles.flatMap(({ frames }) => check(frames)).map(({ code, about, why }) => `${code}: ${about}: ${why}`),
      ],
    };
  },
};

const SHUFFLE_MS = 80;
