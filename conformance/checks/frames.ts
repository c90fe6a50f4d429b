/** What a frame is: text that is no JSON, JSON that is no request, and requests that are odd but right. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, verifies } from '../check.ts';
import { expectCode, expectRefusal, expectSilence, expectTaken } from '../expect.ts';
import { NO_METHOD, type Talk } from '../talk.ts';

/** The checks of FRAME. FRAME-01 to FRAME-04 are watched over the whole run. */
export const frameChecks = [
  verifies('FRAME-05', async (probe) => {
    const text = 'this is no JSON';
    expectRefusal(await answerTo(await probe.talk(), text), -32700, null, show(text));
  }),
  verifies('FRAME-06', async (probe) => {
    const talk = await probe.talk();
    for (const text of NEARLY_JSON) expectCode(await answerTo(talk, text), -32700, show(text));
  }),
  verifies('FRAME-07', async (probe) => {
    const talk = await probe.talk();
    for (const text of ['1', '"text"', 'null', 'true']) {
      expectRefusal(await answerTo(talk, text), -32600, null, text);
    }
  }),
  verifies('FRAME-08', async (probe) => {
    const talk = await probe.talk();
    for (const other of [{}, { jsonrpc: '1.0' }, { jsonrpc: 2 }, { jsonrpc: '2.00' }, { jsonrpc: null }]) {
      await refused(talk, { id: 'kept', method: NO_METHOD, ...other }, 'kept');
    }
  }),
  verifies('FRAME-09', async (probe) => {
    const talk = await probe.talk();
    for (const method of [1, null, true, {}, [NO_METHOD]]) await refused(talk, { ...CALL, method });
  }),
  verifies('FRAME-10', async (probe) => {
    const talk = await probe.talk();
    for (const frame of [{ jsonrpc: '2.0', id: 'bare' }, { jsonrpc: '2.0' }, {}, { a: 1 }]) await refused(talk, frame);
  }),
  verifies('FRAME-11', async (probe) => {
    const talk = await probe.talk();
    for (const params of ['text', 1, true]) await refused(talk, { ...CALL, params }, CALL.id);
  }),
  verifies('FRAME-12', async (probe) => {
    await refused(await probe.talk(), { ...CALL, params: null }, CALL.id);
  }),
  verifies('FRAME-13', async (probe) => {
    await taken(await probe.talk(), { ...CALL, extra: 1, meta: { x: [] }, Jsonrpc: '1.0' });
  }),
  verifies('FRAME-14', async (probe) => {
    const talk = await probe.talk();
    const text = JSON.stringify(CALL).replace(/}$/, `,"params":${nested(DEPTH_MAX + 2)}}`);
    expectRefusal(await answerTo(talk, text), -32600, CALL.id, `a request ${DEPTH_MAX + 3} deep`);
  }),
  verifies(
    'FRAME-15',
    async (probe) => {
      for (const depth of [30_000, 100_000]) {
        const talk = await probe.talk();
        talk.sayText(JSON.stringify(CALL).replace(/}$/, `,"params":${nested(depth)}}`));
        await talk.next().catch(() => undefined); // answered or closed, as it likes
        await (await probe.talk()).ask(NO_METHOD);
      }
    },
    { phase: 'hard' },
  ),
  verifies('FRAME-16', async (probe) => {
    const text = JSON.stringify(CALL).replace(/}$/, `,"params":${nested(DEPTH_MAX - 4)}}`);
    expectTaken(await answerTo(await probe.talk(), text), `a request ${DEPTH_MAX - 3} deep`);
  }),
  verifies(
    'FRAME-17',
    async (probe) => {
      const talk = await probe.talk();
      for (const poison of POISONS) {
        talk.sayText(`{"jsonrpc":"2.0","id":"poison","method":${JSON.stringify(NO_METHOD)},${poison}}`);
        await talk.next();
      }
      talk.say({ jsonrpc: '2.0', method: NO_METHOD });
      const said = [await talk.ask(NO_METHOD), ...(await talk.unasked())];
      const poisoned = said.find((frame) => isFrame(frame) && frame['id'] === 'poisoned');
      demand(!poisoned, `a later frame was answered ${show(poisoned)}: its members came from an earlier __proto__`);
    },
    { phase: 'hard' },
  ),
  verifies('FRAME-18', async (probe) => {
    const text = String.raw`{"\u006asonrpc":"\u0032.0","\u0069d":"escap\u0065d","metho\u0064":"no\u005fsuch_method"}`;
    const answer = await answerTo(await probe.talk(), text);
    expectTaken(answer, text);
    demand(isFrame(answer) && answer['id'] === 'escaped', `${text} was answered ${show(answer)}`);
  }),
  verifies('FRAME-19', async (probe) => {
    const text = `\r\n\t {\n "jsonrpc" :\t"2.0" , "id"\r:"spaced", "method" : ${JSON.stringify(NO_METHOD)} \n} \t\r\n`;
    expectTaken(await answerTo(await probe.talk(), text), 'a request with space between its parts');
  }),
  verifies('FRAME-20', async (probe) => {
    const talk = await probe.talk();
    for (const params of ['text', 1, true]) talk.say({ jsonrpc: '2.0', method: NO_METHOD, params });
    await expectSilence(talk, 'a notification with params of a wrong kind');
  }),
];

function answerTo(talk: Talk, text: string): Promise<unknown> {
  talk.sayText(text);
  return talk.next();
}

/** Says it, and expects -32600; with that id, when one is told. */
async function refused(talk: Talk, frame: Frame, ...[id]: [id?: string]): Promise<void> {
  const answer = await answerTo(talk, JSON.stringify(frame));
  if (id === undefined) expectCode(answer, -32600, show(frame));
  else expectRefusal(answer, -32600, id, show(frame));
}

async function taken(talk: Talk, frame: Frame): Promise<void> {
  expectTaken(await answerTo(talk, JSON.stringify(frame)), show(frame));
}

/** Objects and arrays in turn, so deep (an even number), themselves counted. */
const nested = (depth: number): string => `${'{"a":['.repeat(depth / 2)}1${']}'.repeat(depth / 2)}`;

const CALL = { jsonrpc: '2.0', id: 'odd', method: NO_METHOD };

/** wire.md 2: deeper is refused. */
const DEPTH_MAX = 64;

const NEARLY_JSON = [
  '{"jsonrpc":"2.0","id":1,"method":"x",}',
  "{'jsonrpc':'2.0','id':1,'method':'x'}",
  '{"jsonrpc":"2.0","id":NaN,"method":"x"}',
  '{"jsonrpc":"2.0","id":1,"method":"x"} {}',
  '{"jsonrpc":"2.0","id":1,"method":"x"',
  '{"jsonrpc":"2.0","id":01,"method":"x"}',
  '{"jsonrpc":"2.0","id":1,"method":"a\tb"}',
  '{"jsonrpc":"2.0",/* remark */"id":1,"method":"x"}',
  '',
];

/** Members that a careless merge would give to every later object. */
const POISONS = [
  '"__proto__":{"id":"poisoned"}',
  '"params":{"__proto__":{"id":"poisoned"},"a":{"__proto__":{"id":"poisoned"}}}',
  '"params":{"constructor":{"prototype":{"id":"poisoned"}}}',
  '"constructor":{"prototype":{"id":"poisoned"}}',
];
