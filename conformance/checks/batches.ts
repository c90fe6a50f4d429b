/** Batches: an array in, an array out, each entry judged by itself. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, verifies } from '../check.ts';
import { NO_METHOD, type Talk } from '../talk.ts';

/** The checks of BATCH. */
export const batchChecks = [
  verifies('BATCH-01', async (probe) => {
    const talk = await probe.talk();
    talk.say([]);
    expectRefusal(await talk.next(), -32600);
  }),
  verifies('BATCH-02', async (probe) => {
    const talk = await probe.talk();
    talk.say([call('one')]);
    const answers = expectArray(await talk.next());
    demand(answers.length === 1 && answers[0]?.['id'] === 'one', `one request was answered ${show(answers)}`);
  }),
  verifies('BATCH-03', async (probe) => {
    const talk = await probe.talk();
    talk.say([1, 'two', null, true]);
    const answers = expectArray(await talk.next());
    demand(answers.length === 4, `four entries that are no requests were answered ${show(answers)}`);
    for (const answer of answers) expectRefusal(answer, -32600);
  }),
  verifies('BATCH-04', async (probe) => {
    const talk = await probe.talk();
    talk.say([call('a'), note(), call('b'), note()]);
    expectIds(expectArray(await talk.next()), ['a', 'b']);
  }),
  verifies('BATCH-05', async (probe) => {
    const talk = await probe.talk();
    talk.say([note(), note()]);
    expectSilence(await talk.unasked());
  }),
  verifies('BATCH-06', async (probe) => {
    const talk = await probe.talk();
    talk.say(Array.from({ length: 33 }, (_, nth) => call(`n${nth}`)));
    expectRefusal(await talk.next(), -32600);
    expectSilence(await talk.unasked());
  }),
  verifies('BATCH-07', async (probe) => {
    const talk = await probe.talk();
    const ids = Array.from({ length: 32 }, (_, nth) => `n${nth}`);
    talk.say(ids.map(call));
    expectIds(expectArray(await talk.next()), ids);
  }),
  verifies('BATCH-08', async (probe) => {
    const talk = await probe.talk();
    talk.say([[call('inner')]]);
    const answers = expectArray(await talk.next());
    demand(answers.length === 1, `an array within a batch was answered ${show(answers)}`);
    expectRefusal(answers[0], -32600);
  }),
  verifies('BATCH-09', async (probe) => {
    const talk = await probe.talk();
    talk.say([call('a'), 1, call('b')]);
    const answers = expectArray(await talk.next());
    expectIds(
      answers.filter(({ id }) => id !== null),
      ['a', 'b'],
    );
  }),
  verifies('BATCH-10', async (probe) => {
    const talk = await probe.talk();
    talk.say([{ jsonrpc: '2.0', id: 'nobody-asked', result: 1 }]);
    expectSilence(await talk.unasked());
  }),
  verifies('BATCH-11', async (probe) => {
    const talk = await probe.talk();
    talk.sayText(`[${JSON.stringify(call('a'))},{"jsonrpc":"2.0","method"`);
    expectRefusal(await talk.next(), -32700);
  }),
];

const call = (id: string): Frame => ({ jsonrpc: '2.0', id, method: NO_METHOD });
const note = (): Frame => ({ jsonrpc: '2.0', method: NO_METHOD });

function expectArray(message: unknown): Frame[] {
  demand(Array.isArray(message), `a batch was answered ${show(message)}, and not an array`);
  demand(message.every(isFrame), `a batch was answered ${show(message)}: not each of them is an answer`);
  return message;
}

function expectIds(answers: readonly Frame[], ids: readonly string[]): void {
  const got = answers.map(({ id }) => String(id)).sort();
  demand(show(got) === show([...ids].sort()), `the answers bear the ids ${show(got)}, not ${show(ids)}`);
}

/** One error of that code, with the id null. */
function expectRefusal(message: unknown, code: number): void {
  const error = isFrame(message) ? message['error'] : undefined;
  const holds = isFrame(message) && isFrame(error) && error['code'] === code && message['id'] === null;
  demand(holds, `answered ${show(message)}, not one ${code} with the id null`);
}

const expectSilence = (said: Awaited<ReturnType<Talk['unasked']>>): void =>
  demand(said.length === 0, `answered ${show(said)}, where silence was due`);
