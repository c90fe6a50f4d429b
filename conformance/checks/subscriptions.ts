/** Following a task: what it is first, then what was, then what comes; numbered, and to its end. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, fail, show, verifies } from '../check.ts';
import { pass } from '../clock.ts';
import { beginTask, createGate, eventsOf, follow, isLast, QUIET_MS, resultIn } from '../handing.ts';
import type { Probe } from '../probe.ts';
import type { Talk } from '../talk.ts';

/** The checks of SUB. */
export const subscriptionChecks = [
  verifies('SUB-01', async (probe) => {
    const { task_id, asker } = await finished(probe);
    const { task } = resultIn(await follow(asker, task_id, { token: 'first', after_seq: 0 }));
    demand(isFrame(task) && task['task_id'] === task_id, `task/subscribe was answered ${show(task)}`);
    await wholeOf(asker, 'first');
    const answered = asker.heard.findIndex(({ result }) => isFrame(result) && result['task'] === task);
    const told = asker.heard.findIndex((frame) => eventOf(frame, 'first'));
    demand(answered < told, 'an event came before the answer to task/subscribe');
  }),
  verifies('SUB-02', async (probe) => {
    const { events } = await finished(probe);
    demand(events.length > 1, `only ${show(events)} was told of a task`);
    const numbers = events.map(({ seq }) => Number(seq));
    const grows = numbers.every((seq, nth) => Number.isInteger(seq) && seq > (numbers[nth - 1] ?? 0));
    demand(grows, `the events of a task are numbered ${show(numbers)}`);
  }),
  verifies('SUB-03', async (probe) => {
    const { task_id, asker, events } = await finished(probe);
    const middle = events[Math.floor(events.length / 2) - 1]?.['seq'];
    demand(middle !== undefined, `only ${show(events)} was told of a task`);
    await follow(asker, task_id, { token: 'again', after_seq: middle });
    const again = (await wholeOf(asker, 'again')).map(plain);
    const rest = events.filter(({ seq }) => Number(seq) > Number(middle)).map(plain);
    demand(show(again) === show(rest), `after ${show(middle)} came ${show(again)}, where ${show(rest)} had been told`);
  }),
  verifies('SUB-04', async (probe) => {
    const { asker, task_id } = await finished(probe);
    await follow(asker, task_id, { token: 'late', after_seq: 0 });
    const events = await wholeOf(asker, 'late');
    await asker.unasked();
    const [last, after] = [events.at(-1), eventsOf(asker, 'late').slice(events.length)];
    demand(last !== undefined && isLast(last), `the last event is ${show(last)}`);
    demand(after.length === 0, `after the final state came ${show(after)}`);
  }),
  verifies('SUB-05', async (probe) => {
    const { asker, task_id, events } = await finished(probe);
    demand(events.length > CREDIT, `only ${show(events)} was told of a task`);
    await follow(asker, task_id, { token: 'slow', after_seq: 0, credit: { events: CREDIT } });
    await asker.until(() => eventsOf(asker, 'slow')[CREDIT - 1]);
    await pass(QUIET_MS);
    const before = eventsOf(asker, 'slow');
    demand(before.length <= CREDIT, `${before.length} events came, with credit for ${CREDIT}`);
    const seq = before.at(-1)?.['seq'] ?? fail(`no event came, with credit for ${CREDIT}`);
    asker.say({ jsonrpc: '2.0', method: '$/ack', params: { token: 'slow', seq } });
    const more = await asker.until(() => eventsOf(asker, 'slow')[CREDIT]);
    demand(more !== undefined, `no further event came after ${show(seq)} was acknowledged`);
    await pass(QUIET_MS);
    const after = eventsOf(asker, 'slow').length - before.length;
    demand(after <= CREDIT, `${after} events came after the acknowledgement, with credit for ${CREDIT}`);
  }),
];

/** A task that was followed from its beginning to its end, with some thoughts of its agent on the way. */
async function finished({ enlisting }: Probe): Promise<{ task_id: string; asker: Talk; events: Frame[] }> {
  const { agent, asker } = await enlisting.enlist();
  const gate = createGate();
  agent.does('kit_echo', async (call) => {
    await gate.opened;
    for (let nth = 1; nth <= THOUGHTS; nth++) call.tell({ nth });
    return {};
  });
  const task_id = await beginTask(asker, agent);
  await agent.call(1);
  await follow(asker, task_id, { token: 'live', after_seq: 0 });
  gate.open();
  return { task_id, asker, events: await wholeOf(asker, 'live') };
}

/** Everything told under a token, up to the final state. */
async function wholeOf(asker: Talk, token: string): Promise<Frame[]> {
  const last = await asker.until(() => eventsOf(asker, token).find(isLast));
  demand(last !== undefined, `the final state was not told; what was: ${show(eventsOf(asker, token))}`);
  return eventsOf(asker, token);
}

const eventOf = ({ method, params }: Frame, token: string): boolean =>
  method === '$/progress' && isFrame(params) && params['token'] === token;

/** An event without the token under which it was told. */
const plain = ({ seq, kind, value }: Frame): unknown => ({ seq, kind, value });

const THOUGHTS = 4;
const CREDIT = 2;
