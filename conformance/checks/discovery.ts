/** Discovery: the OpenRPC document, whole and true. */
import { framesIn, isFrame, isText, type Frame } from '../answers.ts';
import { demand, fail, show, skip, verifies } from '../check.ts';
import { pass } from '../clock.ts';
import { codeOf } from '../handover.ts';
import type { Probe } from '../probe.ts';
import { readSchema } from '../schemas.ts';
import type { Talk } from '../talk.ts';

/** The checks of DISC. */
export const discoveryChecks = [
  verifies('DISC-01', async (probe) => {
    const answer = await (await probe.talk()).ask('rpc.discover');
    const document = answer['result'];
    demand(isFrame(document), `rpc.discover was answered ${show(answer)}`);
    const { openrpc, info, methods } = document;
    demand(typeof openrpc === 'string', `openrpc is ${show(openrpc)}`);
    demand(isFrame(info), `info is ${show(info)}`);
    for (const name of ['title', 'version']) demand(isText(info[name]), `info.${name} is ${show(info[name])}`);
    demand(Array.isArray(methods), `methods is ${show(methods)}`);
  }),
  verifies('DISC-02', async (probe) => {
    const names = methodsOf(documentOf(probe)).map((method) => {
      const { name, params, result } = method;
      demand(isText(name), `a method has the name ${show(name)}`);
      demand(Array.isArray(params), `the params of ${name} are ${show(params)}, and no array`);
      demand(isFrame(result), `the result of ${name} is ${show(result)}`);
      return name;
    });
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    demand(twice === undefined, `${twice} is there twice`);
  }),
  verifies('DISC-03', async (probe) => {
    const document = documentOf(probe);
    for (const { where, schema } of methodsOf(document).flatMap(schemasOf)) {
      const read = readSchema(schema, document);
      if ('fault' in read) fail(`the schema of ${where}: ${read.fault}`);
      await pass(0); // compiling takes its time, and other checks measure theirs
    }
  }),
  verifies('DISC-04', async (probe) => {
    const wrong = skillsOf(documentOf(probe)).find((name) => !SNAKE_CASE.test(name));
    demand(wrong === undefined, `a skill is named ${show(wrong)}`);
  }),
  verifies('DISC-05', async (probe) => {
    const document = documentOf(probe);
    const examples = methodsOf(document).flatMap(examplesOf);
    if (examples.length === 0) skip('the document has no examples');
    const unjudged: string[] = [];
    for (const { where, schema, value } of examples) {
      const read = readSchema(schema, document);
      if ('fault' in read) continue; // one that does not compile is DISC-03
      const fault = read.faultOf(value);
      demand(fault === undefined, `${where}: ${fault}`);
      if (read.unjudged !== undefined) unjudged.push(`${where}: ${read.unjudged}`);
    }
    if (unjudged.length === examples.length) skip(`no example could be judged: ${unjudged[0]}`);
  }),
  verifies('DISC-06', async (probe) => {
    const { subject } = probe;
    const may = (name: string) =>
      subject.allow_effects || subject.skills.find((skill) => skill.name === name)?.effect === 'read';
    const names = skillsOf(documentOf(probe)).filter(may);
    if (names.length === 0) skip('no skill of the document is known to read; others are called with --allow-effects');
    const talk = await probe.talk();
    for (const name of names) {
      // Params that fit nothing: what is asked is whether anybody is there, not that the work is done.
      const answer = await talk.ask(name, [null]);
      demand(codeOf(answer) !== -32601, `${name} stands in the document, and was answered ${show(answer)}`);
    }
  }),
  verifies('DISC-07', async (probe) => {
    const talk = await probe.talk();
    const [first, again] = [await talk.ask('rpc.discover'), await talk.ask('rpc.discover')];
    demand(JSON.stringify(first['result']) === JSON.stringify(again['result']), 'the document is another one');
  }),
  verifies('DISC-08', async (probe) => {
    const in_document = skillsOf(documentOf(probe)).toSorted();
    const { card } = probe.subject;
    const skills = Array.isArray(card?.['skills']) ? card['skills'] : skip('there is no card with skills: see CARD-01');
    const on_card = skills.filter(isFrame).map(({ id }) => String(id));
    const differ = [
      ...in_document.filter((name) => !on_card.includes(name)),
      ...on_card.filter((id) => !in_document.includes(id)),
    ];
    demand(differ.length === 0, `only one of the two names ${show(differ)}`);
  }),
  verifies('DISC-09', async (probe) => {
    const listed = methodsOf(documentOf(probe)).map(({ name }) => name);
    const missing = MESH_METHODS.filter((name) => !listed.includes(name));
    demand(missing.length === 0, `the document does not list ${missing.join(', ')}`);
    const assertThere = async (talk: Talk, names: readonly string[]) => {
      for (const name of names) {
        const answer = await talk.ask(name, [null]); // params that fit nothing
        demand(codeOf(answer) !== -32601, `${name} stands in the document, and was answered ${show(answer)}`);
      }
    };
    // What has no params would be done: nobody asks for it, at once, for the time until hello is short.
    await assertThere(await probe.silent(), NO_PARAMS);
    const others = MESH_METHODS.filter((name) => !NO_PARAMS.includes(name));
    await assertThere(await probe.talk(), others);
  }),
];

/** The document that was found. Skips when there is none. */
const documentOf = ({ subject }: Probe): Frame =>
  subject.document ?? skip('rpc.discover was not answered with a document: see DISC-01');

const methodsOf = ({ methods }: Frame): Frame[] => (Array.isArray(methods) ? methods.filter(isFrame) : []);

/** Names of the methods that are skills: those of the mesh itself may be described as well. */
const skillsOf = (document: Frame): string[] =>
  methodsOf(document)
    .map(({ name }) => String(name))
    .filter((name) => !name.startsWith('rpc.') && !name.includes('/') && name !== 'handoff');

function schemasOf({ name, params, result, 'x-aurora': own }: Frame): { where: string; schema: unknown }[] {
  const parts = [...framesIn(params), ...(isFrame(result) ? [result] : [])].filter((part) => !('$ref' in part));
  const whole =
    isFrame(own) && 'params_schema' in own
      ? [{ where: `the params of ${String(name)}`, schema: own['params_schema'] }]
      : [];
  return [
    ...parts.map((part) => ({ where: `${String(part['name'])} of ${String(name)}`, schema: part['schema'] })),
    ...whole,
  ];
}

/** Each value of an example with the schema it belongs to. */
function examplesOf({ name, params, result, examples }: Frame): { where: string; schema: unknown; value: unknown }[] {
  const about = new Map(framesIn(params).map((part) => [part['name'], part['schema']]));
  return framesIn(examples).flatMap((example) => {
    const given = framesIn(example['params']);
    const answered = isFrame(example['result']) && 'value' in example['result'] ? [example['result']] : [];
    const schema = isFrame(result) ? result['schema'] : undefined;
    return [
      ...given.map((part) => ({
        where: `${String(part['name'])} in an example of ${String(name)}`,
        schema: about.get(part['name']) ?? true,
        value: part['value'],
      })),
      ...answered.map(({ value }) => ({
        where: `the result in an example of ${String(name)}`,
        schema: schema ?? true,
        value,
      })),
    ];
  });
}

/** What wire.md 3 says that an orchestrator answers, beside what everybody does. */
const MESH_METHODS = [
  'handoff',
  ...['get', 'list', 'cancel', 'subscribe', 'redrive', 'resolve'].map((name) => `task/${name}`),
  ...['request', 'list', 'decide', 'consume'].map((name) => `approval/${name}`),
  ...['verify', 'backup'].map((name) => `ledger/${name}`),
  ...['register', 'renew', 'leave'].map((name) => `agent/${name}`),
];
const NO_PARAMS = ['ledger/verify', 'ledger/backup', 'agent/leave'];
const SNAKE_CASE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/;
