/** Cancel: who is cancelled answers all the same, and nobody else notices. */
import type { Frame } from '../answers.ts';
import { demand, show, verifies } from '../check.ts';
import { codeOf, expectSilence } from '../expect.ts';
import type { Probe } from '../probe.ts';
import type { Talk } from '../talk.ts';
import { workOf } from '../work.ts';
import { encodeFrame, OPCODE } from '../ws-frames.ts';

/** The checks of STOP. */
export const cancelChecks = [
  verifies('STOP-01', async (probe) => {
    await cancelled(probe);
  }),
  verifies('STOP-02', async (probe) => {
    const usual = await ask(probe);
    const answer = await cancelled(probe);
    const holds = codeOf(answer) === 4990 || codeOf(answer) === codeOf(usual);
    demand(holds, `a cancelled request was answered ${show(answer)}`);
  }),
  verifies('STOP-03', async (probe) => {
    const talk = await probe.talk();
    cancel(talk, { id: 'nobody-asked', reason: 'the kit tries it' });
    await expectSilence(talk, 'the cancel of a request that is not there');
  }),
  verifies('STOP-04', async (probe) => {
    const usual = await ask(probe);
    const { method, params } = workOf(probe);
    const talk = await probe.talk();
    for (const id of ['harmed', 'unharmed']) talk.say({ jsonrpc: '2.0', id, method, params });
    cancel(talk, { id: 'harmed', reason: 'the kit tries it' });
    const answer = await talk.answerTo('unharmed');
    demand(codeOf(answer) === codeOf(usual), `another was cancelled, and this one was answered ${show(answer)}`);
  }),
  verifies('STOP-05', async (probe) => {
    const talk = await probe.talk();
    for (const params of [undefined, {}, [], { id: {} }, { id: [1] }, { reason: 1 }, { id: 1.5, reason: [] }]) {
      cancel(talk, params);
    }
    await expectSilence(talk, 'a cancel whose params do not fit');
  }),
  verifies('STOP-06', async (probe) => {
    const usual = await ask(probe);
    const { method, params } = workOf(probe);
    for (const [id, other] of LIKE_IDS) {
      const talk = await probe.talk();
      const frames = [
        { id, method, params },
        { method: '$/cancel', params: { id: other, reason: 'the kit tries it' } },
      ].map((frame) =>
        encodeFrame({ opcode: OPCODE.text, payload: Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...frame })) }),
      );
      talk.wire.sendBytes(Buffer.concat(frames)); // in one piece: the cancel is there before the work is done
      const answer = await talk.answerTo(id);
      const holds = codeOf(answer) !== 4990 || codeOf(usual) === 4990;
      demand(holds, `the id ${show(other)} was cancelled, and ${show(id)} was answered ${show(answer)}`);
    }
  }),
];

/** Work that nobody cancels: how it is answered. */
async function ask(probe: Probe): Promise<Frame> {
  const { method, params } = workOf(probe);
  return (await probe.talk()).ask(method, params);
}

/** The answer of work that is cancelled as soon as it was asked for. */
async function cancelled(probe: Probe): Promise<Frame> {
  const { method, params } = workOf(probe);
  const talk = await probe.talk();
  const id = `cancelled-${probe.chance.token()}`;
  talk.say({ jsonrpc: '2.0', id, method, params });
  cancel(talk, { id, reason: 'the kit tries it' });
  return talk.answerTo(id, CANCEL_MS_MAX);
}

const cancel = (talk: Talk, params: unknown): void =>
  talk.say({ jsonrpc: '2.0', method: '$/cancel', ...(params !== undefined && { params }) });

/** Ids that are not the same, though they read the same. */
const LIKE_IDS: readonly (readonly [string | number, string | number])[] = [
  [1, '1'],
  ['2', 2],
];
/** How long a cancelled request may take to answer, ms. */
const CANCEL_MS_MAX = 5_000;
