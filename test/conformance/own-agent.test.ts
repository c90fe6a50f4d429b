/** The kit's own agent: its card is one that a fleet can read, and its port speaks WebSocket as a server does. */
import { afterEach, expect, test } from 'vitest';
import { createNotes } from '../../conformance/exchange.ts';
import { keyBeside, makeKey, publicKeyOf } from '../../conformance/identity.ts';
import { digestOf, OWN_SKILLS, ownCard } from '../../conformance/own-card.ts';
import { startOwnAgent, type OwnAgent } from '../../conformance/own-agent.ts';
import { startTalk, type Talk } from '../../conformance/talk.ts';
import { createTurns } from '../../conformance/turns.ts';
import { isWire, openWire } from '../../conformance/upgrade.ts';
import { encodeFrame, OPCODE } from '../../conformance/ws-frames.ts';
import { digestOf as meshDigestOf } from '../../mesh/index.ts';
import { readCard } from '../../protocol/index.ts';

const agents: OwnAgent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop();
});

const monotonic = () => performance.now();
const notes = createNotes(monotonic);
const observed: string[] = [];
const about = { observe: (id: string) => void observed.push(id), monotonic, answer_ms_max: 2_000 };

async function start(): Promise<OwnAgent> {
  const agent = await startOwnAgent({ key: makeKey('conformance-agent'), notes, ...about });
  agents.push(agent);
  return agent;
}

async function dial({ url }: OwnAgent): Promise<Talk> {
  const wire = await openWire({ url, protocols: ['mesh.v1'], upgrade_ms_max: 2_000, notes, connection: 1 });
  if (!isWire(wire)) throw new Error('the upgrade was refused');
  return startTalk(wire, { profile: 'mesh.v1', ...about });
}

test('its card is read by a fleet as it is meant, and its digest is the one that the mesh makes', () => {
  const card = ownCard('conformance-agent', 'ws://127.0.0.1:9100');
  const facts = readCard(card);
  expect(facts.agent_id).toBe('conformance-agent');
  expect([...facts.skills.keys()]).toEqual(Object.keys(OWN_SKILLS));
  expect(facts.skills.get('kit_act')).toMatchObject({ effect: 'non_idempotent', action_class: 'high', routable: true });
  expect(digestOf(card)).toBe(meshDigestOf(card));
});

test('it shows what it was sent, answers as it is told, and sends no masked frame', async () => {
  const agent = await start();
  const talk = await dial(agent);
  talk.serve('mesh/hello', () => ({}));
  agent.does('kit_echo', (call) => ({ seen: call.params, hop: call.routing['hop'] }));
  const answer = await talk.ask('kit_echo', { text: 'x', _meta: { progress_token: 7, handoff: { hop: 1 } } });
  expect(answer['result']).toEqual({ seen: { text: 'x' }, hop: 1 });
  expect(agent.calls).toMatchObject([{ skill: 'kit_echo', params: { text: 'x' }, meta: { progress_token: 7 } }]);
  expect(observed).not.toContain('WS-15');
  expect(agent.unmasked).toBeUndefined();
  await talk.close();
});

test('it notices a frame that a client did not mask', async () => {
  const agent = await start();
  const talk = await dial(agent);
  const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'rpc.ping' });
  talk.wire.sendBytes(encodeFrame({ opcode: OPCODE.text, payload: Buffer.from(ping), masked: false }));
  await talk.answerTo(1);
  expect(agent.unmasked).toBe('a frame of the client is not masked');
  await talk.close();
});

test('a key beside another is the same each time, another for each name, and another for each key', () => {
  const own = makeKey('conformance-agent');
  const made = [
    keyBeside(own, 'stranger'),
    keyBeside(own, 'other'),
    keyBeside(makeKey('conformance-agent'), 'stranger'),
  ].map(publicKeyOf);
  expect(publicKeyOf(keyBeside(own, 'stranger'))).toBe(made[0]);
  expect(new Set([...made, publicKeyOf(own)]).size).toBe(4);
});

test('turns are given on in the order in which they were asked for', async () => {
  const turns = createTurns();
  const order: number[] = [];
  const give = await turns.take();
  const later = [1, 2].map(async (nth) => {
    const giveOn = await turns.take();
    order.push(nth);
    giveOn();
  });
  expect(order).toEqual([]);
  give();
  await Promise.all(later);
  expect(order).toEqual([1, 2]);
});
