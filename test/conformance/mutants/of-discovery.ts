/** Wrong agents: what they say of themselves, in their document and on their card. */
import { FOREIGN_HOST } from '../../../conformance/foreign.ts';
import { SKILLS_EXTENSION } from '../../../protocol/index.ts';
import { isJson, type Json } from './middle.ts';
import { carding, mutant, resulting } from './mutant.ts';

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
/** A lie about the methods of the document. */
const documenting = (instead: (methods: Json[]) => unknown) =>
  resulting('rpc.discover', (document) => ({ ...document, methods: instead(listOf(document['methods'])) }));
/** A lie about the skills that the extension of the card tells of. */
const trait = (instead: (traits: Json, id: string) => unknown) =>
  carding((card) => {
    const capabilities = isJson(card['capabilities']) ? card['capabilities'] : {};
    const extensions = listOf(capabilities['extensions']).map((extension) => {
      if (extension['uri'] !== SKILLS_EXTENSION || !isJson(extension['params'])) return extension;
      const skills = isJson(extension['params']['skills']) ? extension['params']['skills'] : {};
      const told = Object.fromEntries(
        Object.entries(skills).map(([id, traits]) => [id, isJson(traits) ? instead(traits, id) : traits]),
      );
      return { ...extension, params: { ...extension['params'], skills: told } };
    });
    return { ...card, capabilities: { ...capabilities, extensions } };
  });
const skilled = (instead: (skills: Json[]) => unknown) =>
  carding((card) => ({ ...card, skills: instead(listOf(card['skills'])) }));
const phantom = {
  name: 'find_phantoms',
  params: [],
  result: { name: 'result', schema: {} },
  'x-aurora': { effect: 'read' },
};

export const mutantsOfDiscovery = [
  mutant(
    'has a document of no version',
    'mesh.v1',
    ['DISC-01'],
    resulting('rpc.discover', ({ openrpc: _version, ...rest }) => rest),
  ),
  mutant(
    'has a method twice in its document',
    'mesh.v1',
    ['DISC-02'],
    documenting((methods) => [...methods, methods[0]]),
  ),
  mutant(
    'publishes a schema that is none',
    'mesh.v1',
    ['DISC-03'],
    documenting((methods) =>
      methods.map((method) =>
        method['name'] === 'watch_text' ? { ...method, result: { name: 'result', schema: { type: 'text' } } } : method,
      ),
    ),
  ),
  mutant(
    'names a skill in camel case',
    'mesh.v1',
    ['CALL-06', 'DISC-04', 'DISC-06', 'DISC-08', 'WORK-21'],
    documenting((methods) =>
      methods.map((method) => (method['name'] === 'watch_text' ? { ...method, name: 'watchText' } : method)),
    ),
  ),
  mutant(
    'gives an example that does not fit',
    'mesh.v1',
    ['DISC-05'],
    documenting((methods) =>
      methods.map((method) =>
        method['name'] === 'wipe_text'
          ? { ...method, examples: [{ name: 'x', params: [{ name: 'target', value: 7 }] }] }
          : method,
      ),
    ),
  ),
  mutant(
    'documents a method that is not there',
    'mesh.v1',
    ['DISC-06', 'DISC-08'],
    documenting((methods) => [...methods, phantom]),
  ),
  mutant('says something else each time it is asked', 'mesh.v1', ['DISC-07'], () => {
    let times = 0;
    return resulting('rpc.discover', (document) => ({
      ...document,
      info: { ...(document['info'] as Json), description: `asked ${++times} times` },
    }));
  }),
  mutant(
    'has a skill on its card that is in no document',
    'mesh.v1',
    ['CARD-07', 'CARD-11', 'DISC-08'],
    skilled((skills) => [...skills, { ...skills[0], id: 'find_phantoms' }]),
  ),

  mutant('tells its card and its health to whoever was led astray', 'mesh.v1', ['HTTP-06'], {
    http: (answer, { headers }) =>
      answer.status === 403 && headers.host?.includes(FOREIGN_HOST) ? { ...answer, status: 200 } : answer,
  }),
  mutant('serves its card as text', 'mesh.v1', ['CARD-01'], {
    http: (answer, { url }) =>
      url === '/.well-known/agent-card.json'
        ? { ...answer, headers: { ...answer.headers, 'content-type': 'text/html' } }
        : answer,
  }),
  mutant(
    'has a card without a description',
    'mesh.v1',
    ['CARD-02', 'CARD-11'],
    carding(({ description: _words, ...rest }) => rest),
  ),
  mutant('serves a card that grows', 'mesh.v1', ['CARD-15'], () => {
    let served = 0;
    return {
      http: (answer, { url }) =>
        url === '/.well-known/agent-card.json' && answer.status === 200 && answer.body !== '' && ++served > 3
          ? { ...answer, body: `${answer.body}${' '.repeat(served)}` }
          : answer,
    };
  }),
  mutant(
    'has a skill without tags',
    'mesh.v1',
    ['CARD-03', 'CARD-11'],
    skilled((skills) => skills.map(({ tags: _tags, ...rest }) => rest)),
  ),
  mutant(
    'has a skill twice on its card',
    'mesh.v1',
    ['CARD-04', 'CARD-11'],
    skilled((skills) => [...skills, skills[0]]),
  ),
  mutant(
    'calls its binding JSONRPC',
    'mesh.v1',
    ['CARD-05', 'CARD-11'],
    carding((card) => ({
      ...card,
      supportedInterfaces: listOf(card['supportedInterfaces']).map((one) => ({ ...one, protocolBinding: 'JSONRPC' })),
    })),
  ),
  mutant(
    'has the address of somebody else on its card',
    'mesh.v1',
    ['CARD-06', 'CARD-11'],
    carding((card) => ({
      ...card,
      supportedInterfaces: listOf(card['supportedInterfaces']).map((one) => ({ ...one, url: 'ws://127.0.0.1:9' })),
    })),
  ),
  mutant(
    'calls an effect harmless',
    'mesh.v1',
    ['CARD-07', 'CARD-11'],
    trait((traits, id) => (id === 'wipe_text' ? { ...traits, effect: 'harmless' } : traits)),
  ),
  mutant(
    'acts without an action class',
    'mesh.v1',
    ['CARD-08', 'CARD-11'],
    trait((traits, id) => (id === 'wipe_text' ? { ...traits, action_class: 'read' } : traits)),
  ),
  mutant('has no ETag', 'mesh.v1', ['CARD-09'], {
    http: (answer) => ({
      ...answer,
      status: answer.status === 304 ? 200 : answer.status,
      headers: { ...answer.headers, etag: undefined },
    }),
  }),
  mutant('does not say how long its card lasts', 'mesh.v1', ['CARD-10'], {
    http: (answer) => ({ ...answer, headers: { ...answer.headers, 'cache-control': undefined } }),
  }),
  mutant(
    'vouches for another card than it serves',
    'mesh.v1',
    ['CARD-11'],
    resulting('mesh/hello', (hello) => ({ ...hello, card_digest: 'A'.repeat(43) })),
  ),
  mutant(
    'has another name on its card than in hello',
    'mesh.v1',
    ['CARD-11', 'CARD-12'],
    carding((card) => JSON.parse(JSON.stringify(card).replaceAll('"good-agent"', '"other-agent"')) as Json),
  ),
  mutant(
    'streams "yes"',
    'mesh.v1',
    ['CARD-11', 'CARD-14'],
    carding((card) => ({ ...card, capabilities: { ...(card['capabilities'] as Json), streaming: 'yes' } })),
  ),
];
