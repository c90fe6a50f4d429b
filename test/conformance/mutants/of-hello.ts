/** Wrong agents: who they are, whom they let in, and how they live. */
import { isProof, prove, publicKeyOf } from '../../../conformance/identity.ts';
import { closePayload, OPCODE, type FrameSpec } from '../../../conformance/ws-frames.ts';
import { isJson, type Json, type Lie } from './middle.ts';
import { answering, isRequest, meshErrorOf, mutant, resulting } from './mutant.ts';

const codeOf = ({ opcode, payload }: FrameSpec): number | undefined =>
  opcode === OPCODE.close && payload && payload.length >= 2 ? Buffer.from(payload).readUInt16BE() : undefined;
const closing = (codes: readonly number[], instead: number): Lie => ({
  sent: (frame) => (codes.includes(codeOf(frame) ?? 0) ? [{ ...frame, payload: closePayload(instead) }] : [frame]),
});
/** The agent closes with that code, and the kit never hears of it. */
const staying = (code: number): Lie => ({
  sent(frame, { notes }) {
    if (codeOf(frame) !== code) return [frame];
    notes.set('stays', true);
    return [];
  },
  left: ({ notes }) => notes.has('stays'),
});

export const mutantsOfHello = [
  mutant(
    'does not introduce itself',
    'mesh.v1',
    ['HELLO-01'],
    resulting('mesh/hello', ({ server_time: _time, ...hello }) => hello),
  ),
  mutant(
    'agrees on a version that nobody offered',
    'mesh.v1',
    ['HELLO-02'],
    resulting('mesh/hello', (hello) => ({ ...hello, version: 'mesh.v2' })),
  ),
  mutant(
    'refuses versions with a code of its own',
    'mesh.v1',
    ['HELLO-03'],
    answering(
      ({ method, params }) =>
        method === 'mesh/hello' &&
        isJson(params) &&
        Array.isArray(params['versions']) &&
        !params['versions'].includes('mesh.v1'),
      ({ id, error }) => ({ jsonrpc: '2.0', id, error: { ...(error as Json), code: -32600 } }),
    ),
  ),
  mutant('stays though no version is common', 'mesh.v1', ['HELLO-04'], staying(4002)),
  mutant(
    'proves nothing',
    'mesh.v1',
    ['HELLO-05'],
    resulting('mesh/hello', (hello) => ('proof' in hello ? { ...hello, proof: 'A'.repeat(86) } : hello)),
  ),
  mutant(
    'gives every connection the same name',
    'mesh.v1',
    ['HELLO-05', 'HELLO-06'],
    resulting('mesh/hello', (hello) => ({ ...hello, connection_id: 'conn-1' })),
  ),
  mutant('answers no hello without a challenge', 'mesh.v1', ['HELLO-07'], {
    heard(message, line) {
      if (
        !isRequest(message) ||
        message['method'] !== 'mesh/hello' ||
        (isJson(message['params']) && 'challenge' in message['params'])
      )
        return message;
      line.say(meshErrorOf(message['id'], -32602));
      return undefined;
    },
  }),
  mutant(
    'answers a hello that is none',
    'mesh.v1',
    ['HELLO-08'],
    answering(
      ({ method, params }) =>
        method === 'mesh/hello' && !(isJson(params) && Array.isArray(params['versions']) && isJson(params['agent'])),
      ({ id }) => ({ jsonrpc: '2.0', id, result: {} }),
    ),
  ),
  mutant('waits for a hello for ever', 'mesh.v1', ['HELLO-10'], staying(4008)),
  mutant(
    'works for who never said hello',
    'mesh.v1',
    ['HELLO-11'],
    answering(
      ({ method }) => method === 'count_words' || method === 'watch_text' || method === 'ask_other',
      (answer) =>
        isJson(answer['error']) && answer['error']['code'] === 4010
          ? { jsonrpc: '2.0', id: answer['id'], result: { words: 1, lines: [1] } }
          : answer,
    ),
  ),
  mutant(
    'closes 1000 over a proof that is none',
    'mesh.v1',
    ['HELLO-12', 'HELLO-17', 'HELLO-18'],
    closing([4001], 1000),
  ),
  mutant('refuses what it does not know in a hello', 'mesh.v1', ['HELLO-13'], {
    heard(message, line) {
      const usual = ['versions', 'challenge', 'agent', 'capabilities', 'limits', 'heartbeat_ms', 'in_flight'];
      if (
        !isRequest(message) ||
        message['method'] !== 'mesh/hello' ||
        Object.keys((message['params'] ?? {}) as Json).every((key) => usual.includes(key))
      )
        return message;
      line.say(meshErrorOf(message['id'], -32602));
      return undefined;
    },
  }),
  mutant(
    'lives in 1970',
    'mesh.v1',
    ['HELLO-14'],
    resulting('mesh/hello', (hello) => ({ ...hello, server_time: new Date(0).toISOString() })),
  ),
  mutant('asks before it was greeted', 'mesh.v1', ['HELLO-15'], {
    opened(line) {
      if (line.protocol !== '') line.say({ jsonrpc: '2.0', id: 'early', method: 'rpc.ping' });
    },
    heard: (message) => (isJson(message) && message['id'] === 'early' && !('method' in message) ? undefined : message),
  }),
  mutant('keeps the older of two connections of one instance', 'mesh.v1', ['HELLO-16'], staying(4009)),
  mutant('closes 1000 over a key that it does not know', 'mesh.v1', ['HELLO-17'], closing([4003], 1000)),

  mutant('asks everybody with the same challenge', 'mesh.v1', ['HELLO-20'], ({ orchestrator, address }) => ({
    said(message, { notes }) {
      if (message['method'] !== 'mesh/hello' || !isJson(message['params'])) return message;
      notes.set('asked', message);
      return { ...message, params: { ...message['params'], challenge: SAME_CHALLENGE } };
    },
    heard(message, { notes }) {
      const asked = notes.get('asked');
      if (!isJson(message) || !isJson(message['result']) || !isJson(asked) || message['id'] !== asked['id'])
        return message;
      // What was proven to the challenge of the lie, the agent has to see proven to its own.
      const { agent, connection_id, proof } = message['result'];
      const { agent_id, instance_id } = isJson(agent) ? agent : {};
      const told = { agent_id: String(agent_id), instance_id: String(instance_id), dialled: address };
      const about = { ...told, connection_id: String(connection_id) };
      if (!isProof(publicKeyOf(orchestrator), { ...about, challenge: SAME_CHALLENGE }, String(proof))) return message;
      const { challenge } = asked['params'] as { challenge: string };
      return { ...message, result: { ...message['result'], proof: prove(orchestrator, { ...about, challenge }) } };
    },
  })),

  mutant('never pings', 'mesh.v1', ['LIFE-01'], { sent: (frame) => (frame.opcode === OPCODE.ping ? [] : [frame]) }),
  mutant('never closes, however much is sent', 'mesh.v1', ['LIFE-05'], staying(4029)),
];

const SAME_CHALLENGE = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
