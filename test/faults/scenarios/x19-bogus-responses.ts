/** X19: answers that nobody asked for, twice, as both result and error: counted, never believed; ten strikes close 4000 (ATK-A15). */
import type { Scenario } from '../harness.ts';
import { until } from '../waiting.ts';
import { ask, that } from '../workload.ts';
import { isAnswer, passOn, createMiddles, type FrameRule } from '../ws-middle.ts';

export const scenario: Scenario = {
  id: 'X19',
  name: 'bogus-responses',
  set: 'short',
  async run(_seed, kit) {
    const { middles, between } = createMiddles();
    const mesh = await kit.start({ between });
    const [first, second] = middles;
    if (!first || !second) throw new Error('two stand in the middle');

    kit.inject('each answer is repeated, late');
    first.set(({ text, frame }) => (isAnswer(frame) ? [{ text }, { text }, { text, after_ms: 50 }] : [{ text }]));
    const doubled = await ask(mesh, 30, { agent_id: 'double-a' }, 'doubled');
    const ends = await Promise.all(doubled.map((task_id) => mesh.caller.ended(task_id)));
    const is_unharmed = first.closes.length === 0 && ends.every(({ state }) => state === 'completed');

    kit.inject('answers to ids that were never issued, and to both ends at once');
    second.set(forge);
    await mesh.caller.insist({ params: { call: 'forged', wait_ms: 20 }, agent_id: 'double-b' });
    await until('the forger is shut out', () => second.closes.length > 0);
    second.set(passOn);
    await mesh.caller.online(['double-b']);
    kit.recovered();
    return {
      verdict: [
        ...that(is_unharmed, `repeated answers closed the link (${first.closes.map(({ code }) => code).join()})`),
        ...that(second.closes[0]?.code === 4000, `the forger was closed with ${second.closes[0]?.code ?? 0}`),
        ...(await mesh.finish()),
      ],
    };
  },
};

/** Before each answer a dozen that nobody asked for; the true one is held back so that they come first. */
const forge: FrameRule = ({ text, frame, direction }) => {
  if (direction !== 'down' || !isAnswer(frame)) return [{ text }];
  const lie = { exec: 'forged', call: 'forged', by: 'nobody' };
  const unknown = Array.from({ length: 6 }, (_, place) => ({ jsonrpc: '2.0', id: `never-${place}`, result: lie }));
  const both = Array.from({ length: 6 }, () => ({
    jsonrpc: '2.0',
    id: frame['id'],
    result: lie,
    error: { code: 1, message: '' },
  }));
  return [...[...unknown, ...both].map((one) => ({ text: JSON.stringify(one) })), { text, after_ms: 20 }];
};
