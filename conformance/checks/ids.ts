/** Ids: which are ids, and that each comes back as it was. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, fail, show, skip, verifies } from '../check.ts';
import { codeOf, expectCode, expectRefusal } from '../expect.ts';
import type { Probe } from '../probe.ts';
import { NO_METHOD, type Talk } from '../talk.ts';
import { workOf } from '../work.ts';
import { encodeFrame, OPCODE } from '../ws-frames.ts';

/** The checks of ID. */
export const idChecks = [
  verifies('ID-01', async (probe) => comeBack(await probe.talk(), [probe.chance.token(), 'req-001', 'null'])),
  verifies('ID-02', async (probe) => {
    const some = probe.chance.integer(1_000, 1_000_000);
    await comeBack(await probe.talk(), [0, -1, some, 2 ** 31, -(2 ** 53 - 1), 2 ** 53 - 1]);
  }),
  verifies('ID-03', async (probe) => comeBack(await probe.talk(), ['1', 1, '', '0', 'true'])),
  verifies('ID-04', async (probe) => {
    const answer = await answerTo(await probe.talk(), 'null');
    const holds = isFrame(answer) && answer['id'] === null && codeOf(answer) !== -32600;
    demand(holds, `a request with the id null was answered ${show(answer)}`);
  }),
  verifies('ID-05', (probe) => refused(probe, ['1.5', '-0.25', '1e-2'])),
  verifies('ID-06', (probe) => refused(probe, ['9007199254740992', '-9007199254740993', '1e30', '1e400'])),
  verifies('ID-07', (probe) => refused(probe, ['true', 'false', '{}', '{"a":1}', '[]', '["a"]'])),
  verifies('ID-08', async (probe) => comeBack(await probe.talk(), ['x'.repeat(256), 'é'.repeat(128)])),
  verifies('ID-09', async (probe) => {
    const talk = await probe.talk();
    for (const id of ['x'.repeat(257), 'é'.repeat(129), '漢'.repeat(86)]) {
      const bytes = Buffer.byteLength(id);
      expectCode(await answerTo(talk, JSON.stringify(id)), -32600, `an id of ${bytes} bytes`);
    }
  }),
  verifies('ID-10', async (probe) => {
    await comeBack(await probe.talk(), [
      'é漢字😀',
      '"quoted\\"',
      '\u0000\u0001\u001f\u007f',
      '\u2028\u2029',
      '__proto__',
    ]);
  }),
  verifies('ID-11', async (probe) => {
    const { first, second } = await useTwice(probe);
    const is_refused = codeOf(second) === -32600 && second['id'] === null;
    demand(is_refused, `an id in flight that was used again was answered ${show(second)}`);
    demand(codeOf(first) !== -32600, `the first was answered ${show(first)}`);
  }),
  verifies('ID-12', async (probe) => {
    const { second, id } = await useTwice(probe);
    if (codeOf(second) !== -32600) skip('an id in flight was not refused: see ID-11');
    const error = second['error'];
    const message = isFrame(error) ? error['message'] : undefined;
    demand(
      typeof message === 'string' && message.includes(id),
      `the message ${show(message)} does not name ${show(id)}`,
    );
  }),
];

async function comeBack(talk: Talk, ids: readonly (string | number)[]): Promise<void> {
  for (const id of ids) {
    const answer = await answerTo(talk, JSON.stringify(id));
    const back = isFrame(answer) ? answer['id'] : undefined;
    demand(back === id, `the id ${show(id)} came back as ${show(back)}`);
  }
}

async function refused(probe: Probe, ids: readonly string[]): Promise<void> {
  const talk = await probe.talk();
  for (const id of ids) expectRefusal(await answerTo(talk, id), -32600, null, `the id ${id}`);
}

/** The next message, after a request with an id as it is written. */
function answerTo(talk: Talk, id: string): Promise<unknown> {
  talk.sayText(`{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(NO_METHOD)}}`);
  return talk.next();
}

/**
 * Asks for work, and under the same id at once for something that is refused without work. Skips when the work was answered
 * before the other: its id was free again.
 */
async function useTwice(probe: Probe): Promise<{ first: Frame; second: Frame; id: string }> {
  const { method, params } = workOf(probe);
  const talk = await probe.talk();
  const id = `twice-${probe.chance.token()}`;
  const frames = [{ method, params }, { method: NO_METHOD }].map((call) =>
    encodeFrame({ opcode: OPCODE.text, payload: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, ...call })) }),
  );
  talk.wire.sendBytes(Buffer.concat(frames)); // in one piece: the second is there before the first can be answered
  const answers = [await talk.next(), await talk.next().catch(() => fail(`one of two requests was not answered`))];
  const at = answers.findIndex((answer) => codeOf(answer) === -32600 || codeOf(answer) === -32601);
  const [first, second] = [answers[1 - at], answers[at]];
  if (!isFrame(first) || !isFrame(second)) fail(`two requests of one id were answered ${show(answers)}`);
  if (at === 1 && codeOf(second) === -32601)
    skip(`${method} was answered before its id was used again: name a slower one with --method`);
  return { first, second, id };
}
