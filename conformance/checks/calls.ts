/** Calls: methods by their exact names, params by their schema, and answers by the number. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, fail, show, skip, verifies } from '../check.ts';
import { codeOf, expectCode, expectSilence } from '../expect.ts';
import type { Probe } from '../probe.ts';
import { NO_METHOD, type Talk } from '../talk.ts';
import { workOf } from '../work.ts';
import { answersFit, refusesBroken, resultsFit, tellsThePath } from './properties.ts';

/** The checks of CALL. CALL-14 to CALL-18, CALL-23 and CALL-27 are watched over the whole run. */
export const callChecks = [
  verifies('CALL-01', async (probe) => {
    const id = probe.chance.token();
    const talk = await probe.talk();
    const answer = await talk.ask(NO_METHOD, undefined, { id });
    const holds = codeOf(answer) === -32601 && answer['id'] === id;
    demand(holds, `${NO_METHOD} with the id ${show(id)} was answered ${show(answer)}`);
  }),
  verifies('CALL-02', async (probe) => {
    const { method, params } = workOf(probe);
    const others = [method.toUpperCase(), `${method} `, ` ${method}`, `${method}\u0000`];
    for (const other of others.filter((name) => name !== method)) await notFound(probe, other, params);
  }),
  verifies('CALL-03', async (probe) => {
    for (const name of BIRTH_NAMES) await notFound(probe, name);
  }),
  verifies('CALL-04', async (probe) => {
    for (const name of ['rpc.no_such_method', 'rpc.', 'rpc.constructor']) await notFound(probe, name);
  }),
  verifies('CALL-05', async (probe) => {
    const { name, params, is_made } = probe.skill();
    const answer = await (await probe.talk()).ask(name, params);
    if (Object.hasOwn(answer, 'result')) return;
    if (is_made)
      skip(`${name} takes no made-up params (${show(answer['error'])}): give some with --method and --params`);
    fail(`${name} with ${show(params)} was answered ${show(answer)}`);
  }),
  verifies('CALL-06', refusesBroken),
  verifies('CALL-07', answersFit),
  verifies('CALL-08', tellsThePath),
  verifies('CALL-09', async (probe) => {
    const { name, params } = probe.skill();
    const takes_some = Object.keys(params).length > 0;
    if (!takes_some) skip(`${name} is known to take no params by name: give some with --method and --params`);
    const { document } = probe.subject;
    const methods: unknown[] = Array.isArray(document?.['methods']) ? document['methods'] : [];
    const structure = methods.filter(isFrame).find((method) => method['name'] === name)?.['paramStructure'];
    if (structure === 'by-position') skip(`${name} takes its params by position`);
    expectCode(await (await probe.talk()).ask(name, Object.values(params)), -32602, `${name} with params as an array`);
  }),
  verifies('CALL-10', async (probe) => {
    const needy = probe.subject.skills.find(({ effect, params_schema }) => {
      const required = params_schema?.['required'];
      return effect === 'read' && Array.isArray(required) && required.length > 0;
    });
    if (!needy) skip('no skill that reads publishes a schema which requires any param');
    expectCode(await (await probe.talk()).ask(needy.name), -32602, `${needy.name} without params`);
  }),
  verifies('CALL-11', resultsFit),
  verifies('CALL-12', async (probe) => {
    const { name, params } = probe.skill();
    const talk = await probe.talk();
    const usual = await talk.ask(name, params);
    const answer = await talk.ask(name, {
      ...params,
      _meta: { kit_note: 'passed over', 'x.example/n': [1, { a: null }] },
    });
    demand(codeOf(answer) === codeOf(usual), `${name} is answered ${show(usual)}, and with _meta ${show(answer)}`);
  }),
  verifies('CALL-13', async (probe) => {
    const { method, params } = workOf(probe);
    const talk = await probe.talk();
    await eachOnce(
      talk,
      Array.from({ length: 12 }, (_, nth) => (nth % 3 === 0 ? { method, params } : { method: NO_METHOD })),
    );
  }),
  verifies(
    'CALL-19',
    async (probe) => {
      const skill = probe.subject.skills.find(({ effect }) => effect === 'read');
      const talk = await probe.talk();
      for (const text of HARD_TEXTS) {
        await talk.ask(NO_METHOD, { text, [text]: [text] });
        if (skill) await talk.ask(skill.name, withTexts(skill.params, text));
      }
      await (await probe.talk()).ask(NO_METHOD);
    },
    { phase: 'hard' },
  ),
  verifies('CALL-20', async (probe) => {
    const answer = await (await probe.talk()).ask('rpc.ping');
    demand(Object.hasOwn(answer, 'result'), `rpc.ping was answered ${show(answer)}`);
  }),
  verifies('CALL-21', async (probe) => {
    await eachOnce(
      await probe.talk(),
      Array.from({ length: 100 }, () => ({ method: NO_METHOD })),
    );
  }),
  verifies(
    'CALL-22',
    async (probe) => {
      const { name, params } = probe.skill();
      const talk = await probe.talk();
      for (const [nth, number] of HARD_NUMBERS.entries()) {
        const text = JSON.stringify(withNumbers({ ...params, kit_number: 0 })).replaceAll(`"${NUMBER}"`, number);
        talk.sayText(`{"jsonrpc":"2.0","id":"number-${nth}","method":${JSON.stringify(name)},"params":${text}}`);
        await talk.answerTo(`number-${nth}`);
      }
      await (await probe.talk()).ask(NO_METHOD);
    },
    { phase: 'hard' },
  ),
  verifies('CALL-24', async (probe) => {
    const talks = [await probe.talk(), await probe.talk()];
    const answers = await Promise.all([...talks, ...talks].map((talk) => talk.ask(NO_METHOD)));
    const ids = answers.map(requestIdOf);
    if (!ids.every((id) => typeof id === 'string')) skip('an error has no request_id: see CALL-15');
    demand(new Set(ids).size > 1, `${ids.length} errors on two connections all have the request_id ${show(ids[0])}`);
  }),
];

function requestIdOf({ error }: Frame): unknown {
  const data = isFrame(error) ? error['data'] : undefined;
  return isFrame(data) ? data['request_id'] : undefined;
}

async function notFound(probe: Probe, name: string, params?: Frame): Promise<void> {
  expectCode(await (await probe.talk()).ask(name, params), -32601, `the method ${show(name)}`);
}

/** Asks all at once: each is answered, and none twice. */
async function eachOnce(talk: Talk, calls: readonly { method: string; params?: Frame }[]): Promise<void> {
  const answers = calls.map(({ method, params }, nth) => talk.ask(method, params, { id: `at-once-${nth}` }));
  await Promise.all(answers);
  await expectSilence(talk, 'what was answered already');
}

/** The same, each string another. */
function withTexts(value: unknown, text: string): unknown {
  if (typeof value === 'string') return text;
  if (Array.isArray(value)) return value.map((entry) => withTexts(entry, text));
  if (!isFrame(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withTexts(entry, text)]));
}

/** The same, each number a mark that is replaced in the text: no number of JavaScript can be all of them. */
function withNumbers(value: unknown): unknown {
  if (typeof value === 'number') return NUMBER;
  if (Array.isArray(value)) return value.map(withNumbers);
  if (!isFrame(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withNumbers(entry)]));
}

const BIRTH_NAMES = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf', 'prototype', '__init__'];
const HARD_TEXTS = [
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udc00x',
  '\u0001\u001b[2J\u007f\u0085',
  '\u2028\u2029\ufeff\ufffe\uffff',
  'é漢字😀\u{10ffff}',
  '%s%n%00..//..\\',
  '\'"`;--${}{{7*7}}',
];
const HARD_NUMBERS = ['1e308', '-1e308', '-0', '1e-320', '12345678901234567890', '-9223372036854775809', '0.1e-7'];
const NUMBER = 'a-number-of-the-kit';
