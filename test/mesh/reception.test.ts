/** Where links arrive: who proved a key, and how many links one key may have (ATK-I3). */
import { expect, test } from 'vitest';
import {
  answerHello,
  createMethods,
  createPeer,
  literalPins,
  memoryLink,
  sayHello,
  type Peer,
} from '../../mesh/index.ts';
import { createReception } from '../../mesh/reception.ts';
import { countingIds, countingMetrics, memoryLog, seededRandom, systemClock } from '../../seams/index.ts';
import { identityOf } from '../support/mesh.ts';

test('one key proves 200 links at once; the next is closed with 1013, where it is no instance that comes back, nor another key', async () => {
  const { enter, leave } = reception();
  const peers: Peer[] = [];
  for (let nth = 0; nth < 200; nth++) peers.push(await enter('operator:eve', `eve-${nth}`));
  expect(await (await enter('operator:eve', 'eve-200')).closed).toMatchObject({ code: 1013 });
  const again = await enter('operator:eve', 'eve-7');
  expect(await peers[7]!.closed).toMatchObject({ code: 4009 });
  const bob = await enter('operator:bob', 'bob-1');
  await leave(peers[0]!);
  const late = await enter('operator:eve', 'eve-200');
  for (const peer of [again, bob, late]) expect(await peer.request('rpc.ping', {})).toEqual({ ok: true });
});

test('a stranger that claims ever new ids, or that of somebody who is there, has no more links than one id', async () => {
  const { enter } = reception();
  const other = identityOf('mallory', 'agent').identity;
  await enter('nobody', 'nobody-1', identityOf('nobody', 'agent').identity);
  for (let nth = 0; nth < 200; nth++) await enter(`stranger-${nth}`, 'one', { ...other, id: `stranger-${nth}` });
  expect(await (await enter('stranger-200', 'one', { ...other, id: 'stranger-200' })).closed).toMatchObject({
    code: 1013,
  });
  expect(await (await enter('nobody', 'nobody-1', { ...other, id: 'nobody' })).closed).toMatchObject({ code: 1013 });
});

test('the processes of one agent are more than that', async () => {
  const { enter } = reception();
  const peers: Peer[] = [];
  for (let nth = 0; nth < 300; nth++) peers.push(await enter('ada', `ada-${nth}`));
  expect(peers.filter(({ link }) => link.open)).toHaveLength(300);
});

/** A reception that knows two operators and an agent, and how to come there. */
function reception() {
  const self = identityOf('orchestrator', 'orchestrator');
  const known = new Map(
    [identityOf('operator:eve', 'operator'), identityOf('operator:bob', 'operator'), identityOf('ada', 'agent')].map(
      (one) => [one.pin.id, one],
    ),
  );
  const shared = {
    clock: systemClock,
    ids: countingIds(),
    random: seededRandom(1),
    log: memoryLog(),
    metrics: countingMetrics(),
    pins: literalPins([self.pin, ...[...known.values()].map(({ pin }) => pin)]),
  };
  const mesh = createMethods(
    new Map([
      ['mesh/hello', (params, call) => desk.onHello(params, call)],
      ['rpc.ping', async (_params, call) => ({ ok: (await desk.principalOf(call.peer)) !== undefined })],
    ]),
  );
  const desk = createReception({
    ...shared,
    self: self.identity,
    anonymous: 'off',
    methods: () => ({ mesh, bare: mesh }),
    admit: (introduced) => ({ ...introduced, role: introduced.role ?? 'stranger' }),
  });

  async function enter(id: string, instance_id: string, identity = known.get(id)!.identity): Promise<Peer> {
    const [near, far] = memoryLink({ protocol: 'mesh.v1', dialled: 'orchestrator.test:1' });
    desk.accept(far);
    const handshake = { ...shared, self: { ...identity, instance_id } };
    const peer = createPeer({
      ...shared,
      link: near,
      methods: createMethods(new Map([['mesh/hello', (params, call) => answerHello(handshake, params, call)]])),
    });
    await sayHello(peer, handshake, 5_000);
    await peer.request('rpc.ping', {}).catch(() => undefined); // until it is known whether it is let in
    return peer;
  }

  async function leave(peer: Peer): Promise<void> {
    const left = desk.peers().length;
    peer.close(1000, 'bye');
    await expect.poll(() => desk.peers().length).toBe(left - 1);
  }

  return { enter, leave };
}
