/** Who is who: a stranger becomes a principal by a pinned key, proven on this very connection, and by nothing else. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  answerHello,
  createMethods,
  createPeer,
  isProven,
  memoryLink,
  proveIdentity,
  publicKeyOf,
  sayHello,
  type Identity,
  type MethodHandler,
  type Pin,
} from '../../mesh/index.ts';
import { GOODBYE_MS_MAX, LINK_LIMITS, overLink, type LinkOwner } from '../../mesh/link.ts';
import { AuroraError, Hello, HelloResult } from '../../protocol/index.ts';
import { countingIds, createStop } from '../../seams/index.ts';
import { identityOf } from '../support/mesh.ts';
import { doorstep, type Doorstep } from './doorstep.ts';
import { record } from './recorder.ts';
import { still } from './raw-peer.ts';

const read = { text: 'x' };
const hello = { versions: ['mesh.v1'], agent: { agent_id: 'a', instance_id: 'a-1', name: 'a', version: '1' } };

const deaf: LinkOwner = { onText: () => undefined, onClose: () => undefined };
const turnedAway = ({ log }: Doorstep) => log.lines.filter(({ text }) => text === 'a peer was turned away');

describe('a proof', () => {
  const { identity, pin } = identityOf('worker', 'agent');
  const subject = {
    challenge: 'c'.repeat(43),
    agent_id: 'worker',
    instance_id: 'worker-1',
    dialled: '127.0.0.1:9002',
    connection_id: 'conn_1',
  };
  const proof = proveIdentity(identity.private_key, subject);

  test('holds for exactly its subject and its key', () => {
    expect(isProven(pin, subject, proof)).toBe(true);
    expect(isProven(identityOf('worker', 'agent').pin, subject, proof)).toBe(false);
  });

  test.each([
    ['challenge', 'd'.repeat(43)],
    ['agent_id', 'other'],
    ['instance_id', 'worker-2'],
    ['dialled', '127.0.0.1:9003'],
    ['connection_id', 'conn_2'],
  ])('ATK-E1: a proof of another %s is none', (part, value) => {
    expect(isProven(pin, { ...subject, [part]: value }, proof)).toBe(false);
  });

  test.each(['', 'x', '====', 'A'.repeat(86), '\u0000'])('a malformed proof %j is simply false', (text) => {
    expect(isProven(pin, subject, text)).toBe(false);
  });

  test('a key that was seen counts for its own proofs alone, also after many others', () => {
    for (let nth = 0; nth < 100; nth++) {
      const other = identityOf('worker', 'agent');
      const own = proveIdentity(other.identity.private_key, subject);
      expect([isProven(other.pin, subject, own), isProven(other.pin, subject, proof)]).toEqual([true, false]);
    }
    expect(isProven(pin, subject, proof)).toBe(true);
  });

  test('a key is written and read as OpenSSL writes it', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    expect(publicKeyOf(privateKey)).toBe(publicKey.export({ format: 'der', type: 'spki' }).toString('base64url'));
  });

  test('a key that is no Ed25519 key, or no key at all, proves nothing', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsa = proveIdentity(privateKey, subject);
    expect(isProven({ ...pin, public_key: publicKeyOf(privateKey) }, subject, rsa)).toBe(false);
    expect(isProven({ ...pin, public_key: 'bm90IGEga2V5' }, subject, proof)).toBe(false);
  });

  test('ATK-E1: no part of a hello may hold the NUL that joins the parts of a proof', () => {
    const challenge = `${'c'.repeat(20)}\0worker`;
    expect(Hello.safeParse({ ...hello, challenge }).success).toBe(false);
    expect(Hello.safeParse({ ...hello, challenge: 'c'.repeat(43) }).success).toBe(true);
    const result = { ...hello, version: 'mesh.v1', connection_id: 'c', server_time: 't' };
    expect(HelloResult.safeParse(result).success).toBe(true);
    expect(HelloResult.safeParse({ ...result, connection_id: 'c\0d' }).success).toBe(false);
    const agent = { ...hello.agent, instance_id: 'a\0b' };
    expect(HelloResult.safeParse({ ...result, agent }).success).toBe(false);
  });
});

describe('the door of an agent', () => {
  test('an orchestrator and an operator with pinned keys come in, each proven to the other', async () => {
    const door = doorstep();
    for (const self of [door.orchestrator, door.operator]) {
      const peer = door.knock(self);
      const worker = await sayHello(peer, door.handshake(self), 5_000);
      expect(worker).toMatchObject({ id: 'worker', role: 'agent', instance_id: 'worker-1' });
      expect(await peer.request('read_text', read)).toEqual(read);
    }
    expect(door.metrics.of('handshakes_refused_total')).toBe(0);
  });

  test('each end says what it can, approvals too (wire.md 3, 8)', async () => {
    const door = doorstep();
    const told = HelloResult.parse(await door.knock(door.operator).request('mesh/hello', hello));
    const capabilities = { cancel: true, progress: true, approvals: true, resume: true, batch_max: 32 };
    expect(told.capabilities).toEqual(capabilities);
  });

  test('its question leaves with its answer: what is sent in one turn is one system call', async () => {
    const door = doorstep();
    const [, far] = memoryLink({ clock: door.clock, protocol: 'mesh.v1' });
    let owner: LinkOwner | undefined;
    let sent = 0;
    let flushed = 0;
    const send = () => {
      if (++sent === 1) process.nextTick(() => (flushed = sent)); // as a link over WebSocket does
    };
    door.host.accept(overLink(far, { attach: (given) => (owner = given), send }));
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'mesh/hello', params: hello });
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        owner?.onText(text);
        setImmediate(resolve);
      });
    });
    expect([sent, flushed]).toEqual([2, 2]);
  });

  test.each<[string, (self: Identity) => Identity]>([
    ['another key', (self) => ({ ...self, private_key: identityOf('x', 'agent').identity.private_key })],
    ['the key of another pinned id', (self) => ({ ...self, id: 'operator:ann' })],
  ])('ATK-E1: who claims a pinned id with %s is closed 4001 and gets nothing done', async (_name, disguise) => {
    let runs = 0;
    const door = doorstep({ run: () => String(++runs) });
    const impostor = door.knock(disguise(door.orchestrator));
    const greeted = sayHello(impostor, door.handshake(door.orchestrator), 5_000);
    const asked = impostor.request('read_text', read);
    asked.catch(() => undefined);
    await greeted;
    expect(await impostor.closed).toMatchObject({ code: 4001 });
    await expect(asked).rejects.toMatchObject({ code: expect.any(Number) as number });
    expect([runs, door.metrics.of('handshakes_refused_total')]).toEqual([0, 1]);
  });

  test.each<[string, (honest: HelloResult) => unknown]>([
    ['without a proof', ({ proof: _proof, ...rest }) => rest],
    [
      'without a key of its own',
      ({ proof: _proof, agent, ...rest }) => ({ ...rest, agent: { ...agent, agent_id: 'new', public_key: undefined } }),
    ],
    ['with an empty proof', (honest) => ({ ...honest, proof: '' })],
    ['that is no hello', () => ({ proof: 'x' })],
    ['that is null', () => null],
    ['with another connection', (honest) => ({ ...honest, connection_id: 'conn_other' })],
    ['with another instance', (honest) => ({ ...honest, agent: { ...honest.agent, instance_id: 'other' } })],
  ])('ATK-E1: a hello answered %s closes 4001', async (_name, spoil) => {
    const door = doorstep();
    const answer: MethodHandler = (params, call) => spoil(answerHello(door.handshake(door.orchestrator), params, call));
    const peer = door.knock(undefined, { answer });
    await peer.request('mesh/hello', { ...hello });
    expect(await peer.closed).toMatchObject({ code: 4001 });
  });

  test('a hello answered with a version that nobody offered, or refused over the versions, closes 4002', async () => {
    const other = (honest: HelloResult) => ({ ...honest, version: 'mesh.v9' });
    const refuse = () => {
      throw new AuroraError(-32602, { detail: { versions: ['mesh.v9'] } });
    };
    for (const spoil of [other, refuse]) {
      const door = doorstep();
      const answer: MethodHandler = (params, call) => spoil(answerHello(door.handshake(door.operator), params, call));
      const peer = door.knock(undefined, { answer });
      await peer.request('mesh/hello', { ...hello });
      expect(await peer.closed).toMatchObject({ code: 4002 });
      expect(turnedAway(door)).toMatchObject([{ fields: { why: 'Closed 4002: no common version' } }]);
    }
  });

  test('whoever answers our hello with another version gets no work of ours', async () => {
    const door = doorstep();
    const [near, far] = memoryLink({ dialled: 'worker.test:9002' });
    const answer: MethodHandler = (params, call) => ({
      ...answerHello(door.handshake(door.orchestrator), params, call),
      version: 'mesh.v9',
    });
    const deps = { clock: door.clock, ids: countingIds(), log: door.log, metrics: door.metrics };
    createPeer({ ...deps, link: far, methods: createMethods(new Map([['mesh/hello', answer]])) });
    const peer = createPeer({ ...deps, link: near, methods: createMethods(new Map()) });
    await expect(sayHello(peer, door.handshake(door.operator), 5_000)).rejects.toMatchObject({ code: -32602 });
  });

  test('ATK-E1: a proof that was heard once is worth nothing on the next connection', async () => {
    const door = doorstep();
    let heard: HelloResult | undefined;
    const first = door.knock(undefined, {
      answer: (params, call) => (heard = answerHello(door.handshake(door.orchestrator), params, call)),
    });
    await first.request('mesh/hello', hello);
    expect(await first.request('read_text', read)).toEqual(read);
    const replayed = door.knock(undefined, { answer: () => heard });
    await replayed.request('mesh/hello', hello);
    expect(await replayed.closed).toMatchObject({ code: 4001 });
  });

  test.each([
    ['evil.test:9002', false],
    ['worker.test:9003', false],
    ['worker.test:9002', true], // the control: only the address makes the difference
  ])('ATK-E1: a challenge passed on to the orchestrator, who dialled %s, is proven: %s', async (dialled, is_proven) => {
    const door = doorstep();
    const orchestrators_own = door.knock(door.orchestrator, { dialled });
    const about = { peer: orchestrators_own, stop: createStop(), request_id: 'r' };
    const impostor = door.knock(undefined, {
      answer: (params) => answerHello(door.handshake(door.orchestrator), params, about),
    });
    await impostor.request('mesh/hello', hello);
    const outcome = await impostor.request('read_text', read).then(
      () => true,
      () => false,
    );
    expect(outcome).toBe(is_proven);
    if (!is_proven) expect(await impostor.closed).toMatchObject({ code: 4001 });
  });

  test('ATK-E1: an agent that is given its own proof back does not take the caller for itself', async () => {
    const door = doorstep();
    const mirror = door.knock(undefined, { answer: () => null });
    const peer = door.knock(undefined, {
      answer: (params) => mirror.request('mesh/hello', Hello.parse(params)),
    });
    await peer.request('mesh/hello', hello);
    expect(await peer.closed).toMatchObject({ code: 4003 });
  });

  test('a key that nobody pinned, and an agent, have no business at the door of another agent: 4003', async () => {
    const agent = identityOf('whois', 'agent');
    const door = doorstep({ pins: [agent.pin] });
    for (const self of [agent.identity, identityOf('stranger', 'agent').identity]) {
      const peer = await door.enter(self);
      expect(await peer.closed).toMatchObject({ code: 4003 });
    }
  });

  test('under mesh.v1 nothing but a hello is answered before a proof: 4010', async () => {
    const door = doorstep();
    const peer = door.knock(door.orchestrator);
    await expect(peer.request('read_text', read)).rejects.toMatchObject({ code: 4010 });
    await expect(peer.request('write_text', read)).rejects.toMatchObject({ code: 4010 });
    expect(await peer.request('rpc.ping', {})).toEqual({ ok: true });
  });

  test('the first request may overtake the proof of its sender', async () => {
    const door = doorstep();
    const peer = door.knock(door.orchestrator);
    const greeted = sayHello(peer, door.handshake(door.orchestrator), 5_000);
    const asked = peer.request('read_text', read);
    await greeted;
    expect(await asked).toEqual(read);
  });

  test('who says nothing for five seconds is closed 4008; who proved itself may be silent', async () => {
    const door = doorstep();
    const silent = door.knock();
    const proven = await door.enter(door.orchestrator);
    await still();
    door.clock.advance(4_999);
    await still();
    expect(silent.link.open).toBe(true);
    door.clock.advance(1);
    expect(await silent.closed).toMatchObject({ code: 4008, reason: 'no hello in time' });
    expect(proven.link.open).toBe(true);
    expect(turnedAway(door)).toMatchObject([
      { fields: { code: 5040, why: 'no hello in time', remote: expect.any(String) as string } },
    ]);
    expect(door.metrics.of('handshakes_refused_total')).toBe(1);
  });

  test('who says hello and never answers ours is closed as well', async () => {
    const door = doorstep();
    const peer = door.knock(undefined, { answer: () => new Promise(() => undefined) });
    await peer.request('mesh/hello', hello);
    door.clock.advance(5_000);
    expect((await peer.closed).code).toBeOneOf([4008, 4001]);
  });

  test('no common version: -32602 that names those there are, then 4002', async () => {
    const door = doorstep();
    const peer = door.knock(door.orchestrator);
    const asked = peer.request('mesh/hello', { ...hello, versions: ['mesh.v9'] });
    await expect(asked).rejects.toMatchObject({ code: -32602, detail: { versions: ['mesh.v1'] } });
    door.clock.advance(0);
    expect(await peer.closed).toMatchObject({ code: 4002 });
    expect(turnedAway(door)).toMatchObject([{ fields: { why: 'Closed 4002: no common version' } }]);
    expect(door.metrics.of('handshakes_refused_total')).toBe(1);
  });

  test('who sends too many frames, or reads nothing, is closed, and that is a line of the log', async () => {
    const quota = { frames_per_s: 1, burst_frames: 1 };
    const limits = { ...LINK_LIMITS, unsent_bytes_max: 1_000 };
    const door = doorstep({ host: { quota } });
    const loud = door.link();
    for (let nth = 0; nth < 9; nth++) loud.send('{}');
    loud.attach(deaf);
    const [near, far] = memoryLink({ clock: door.clock, dialled: 'worker.test:9002', protocol: '', limits });
    near.pause();
    near.attach(deaf);
    door.host.accept(far);
    near.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'rpc.discover' }));
    await still();
    door.clock.advance(GOODBYE_MS_MAX);
    await still();
    expect(turnedAway(door)).toMatchObject([
      { fields: { why: 'Closed 4029: too many frames' } },
      { fields: { why: 'Closed 1013: too much unsent' } },
    ]);
  });

  test('who leaves by itself was not turned away, whatever it says', async () => {
    const door = doorstep();
    for (const code of [4002, 4029, 1013]) door.link().close(code, 'the fleet is broken');
    await still();
    expect(turnedAway(door)).toEqual([]);
  });

  test('answers that nobody asked for leave so many lines a minute, however often their sender comes', async () => {
    const door = doorstep();
    for (let nth = 0; nth < 30; nth++) {
      const link = door.link({ protocol: '' });
      link.attach(deaf);
      for (let id = 0; id < 5; id++) link.send(JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
    }
    await still();
    expect(door.metrics.of('strikes_total')).toBe(150);
    expect(door.log.lines.filter(({ text }) => text === 'a response broke the rules')).toHaveLength(20);
  });

  test('bad frames, refused requests and what cannot be read leave so many lines a minute; who proved a key has all of its own', async () => {
    const door = doorstep();
    const link = door.link();
    link.attach(deaf);
    const said = [
      '{"jsonrpc":"1.0"}',
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'read_text', params: {} }),
      JSON.stringify({ jsonrpc: '2.0', method: 'x', params: 1 }),
    ];
    for (const text of said) for (let nth = 0; nth < 30; nth++) link.send(text);
    await still();
    const caused = () =>
      door.log.lines.filter(({ level, text }) => level !== 'debug' && text !== 'a peer proved its key');
    expect(caused()).toHaveLength(20);
    const peer = await door.enter(door.operator);
    await still(); // its proof was read
    const before = caused().length;
    for (let nth = 0; nth < 30; nth++) await peer.request('no_such_skill', {}).catch(() => undefined);
    expect(caused().length - before).toBe(30);
  });

  test('an error with id null from a stranger whom nothing was asked is a strike: the tenth closes 4000', async () => {
    const door = doorstep();
    const link = door.link({ protocol: '' });
    const heard = record(link);
    for (let nth = 0; nth < 10; nth++)
      link.send(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } }));
    expect(await heard.closed).toMatchObject({ code: 4000 });
  });

  test('ATK-E9: a link that is gone before its proof was read supersedes nobody', async () => {
    const door = doorstep();
    const older = await door.enter(door.orchestrator);
    const near = door.link();
    const send = (text: string) => {
      near.send(text);
      if (text.includes('"proof"')) queueMicrotask(() => near.cut());
    };
    const methods = createMethods(
      new Map([['mesh/hello', (params, call) => answerHello(door.handshake(door.orchestrator), params, call)]]),
    );
    const { clock, log, metrics } = door;
    const newer = createPeer({ clock, log, metrics, ids: countingIds(), methods, link: overLink(near, { send }) });
    newer.request('mesh/hello', hello).catch(() => undefined);
    await newer.closed;
    await still();
    expect(older.link.open).toBe(true);
  });

  test.each([[[]], [{}], [{ versions: [] }], [{ ...hello, versions: 'mesh.v1' }], [{ ...hello, in_flight: 'x' }]])(
    'params %j are no hello: -32602, and no challenge is signed',
    async (params) => {
      const door = doorstep();
      const peer = door.knock(door.orchestrator);
      await expect(peer.request('mesh/hello', params)).rejects.toMatchObject({ code: -32602 });
    },
  );

  test('ATK-E9: the same instance twice: the older link is closed 4009, the newer works', async () => {
    const door = doorstep();
    const older = await door.enter(door.orchestrator);
    const newer = await door.enter(door.orchestrator);
    expect(await older.closed).toMatchObject({ code: 4009 });
    expect(await newer.request('read_text', read)).toEqual(read);
    const other = await door.enter({ ...door.orchestrator, instance_id: 'orchestrator-2' });
    expect(await newer.request('read_text', read)).toEqual(read);
    expect(other.link.open).toBe(true);
  });
});

describe('a bare caller', () => {
  const bare = { protocol: '' };

  test('reads without hello, from this machine', async () => {
    const door = doorstep();
    const peer = door.knock(undefined, bare);
    expect(await peer.request('read_text', read)).toEqual(read);
    await expect(peer.request('mesh/hello', hello)).rejects.toMatchObject({ code: -32601 });
    expect((await peer.request('rpc.discover', {})) as object).toMatchObject({ openrpc: '1.3.2' });
  });

  test('may not use a skill that changes anything: 4030, and it does not run', async () => {
    let runs = 0;
    const door = doorstep({ run: () => String(++runs) });
    const peer = door.knock(undefined, bare);
    await expect(peer.request('write_text', read)).rejects.toMatchObject({ code: 4030 });
    expect(runs).toBe(0);
  });

  test('cannot route: its _meta.handoff is ignored, however it looks', async () => {
    const budgets: number[] = [];
    const door = doorstep({
      run: async (text, ctx) => {
        budgets.push(ctx.remaining_ms());
        return ctx.handoff({ to: { skill: 'x' }, params: {}, reason: '' }).then(
          () => 'handed off',
          (reason: unknown) => (reason as { code: number }).code.toString() + text,
        );
      },
    });
    const peer = door.knock(undefined, bare);
    for (const handoff of [{ to: 'worker', task_id: 't', fence: 9, budget_ms: 1 }, 'text', null]) {
      expect(await peer.request('read_text', { ...read, _meta: { handoff } })).toEqual({ text: '4030x' });
    }
    expect(budgets).toEqual([60_000, 60_000, 60_000]);
  });

  test('is told to authenticate where strangers are not wanted, and off this machine', async () => {
    const door = doorstep({ host: { anonymous: 'off' } });
    const link = door.link(bare);
    expect(await record(link).closed).toMatchObject({ code: 4001 });
    const [, far] = memoryLink(bare);
    let closed: number | undefined;
    doorstep().host.accept({ ...far, loopback: false, attach: () => undefined, close: (code) => (closed = code) });
    expect(closed).toBe(4001);
  });
});

describe('a key that is unpinned', () => {
  const doorWith = () => {
    const pins = new Map<string, Pin>();
    const door = doorstep({ host: { pins: { of: (id) => pins.get(id) } } });
    for (const pin of door.pins) pins.set(pin.id, pin);
    return { door, pins };
  };

  test.each([
    ['is gone', undefined],
    ['is another key', identityOf('operator:ann', 'operator').pin],
    ['has another role', 'agent'],
  ])(
    'loses its standing link within a second: its next call is 4010 and closes 4001, when the pin %s',
    async (_, now) => {
      const { door, pins } = doorWith();
      const peer = await door.enter(door.operator);
      const pin = pins.get('operator:ann');
      door.clock.advance(2_000);
      expect(await peer.request('read_text', { text: 'x' })).toEqual({ text: 'x' });
      pins.delete('operator:ann');
      if (now === 'agent' && pin) pins.set(pin.id, { ...pin, role: 'agent' });
      else if (typeof now === 'object') pins.set(now.id, now);
      door.clock.advance(1_000);
      await expect(peer.request('read_text', { text: 'x' })).rejects.toMatchObject({ code: 4010 });
      door.clock.advance(1);
      expect(await peer.closed).toMatchObject({ code: 4001 });
    },
  );

  test('is looked up once a second at most, however much is asked', async () => {
    let looks = 0;
    const of = (id: string) => {
      looks += 1;
      return door.pins.find((pin) => pin.id === id);
    };
    const door = doorstep({ host: { pins: { of } } });
    const peer = await door.enter(door.operator);
    looks = 0;
    for (let asked = 0; asked < 50; asked++) {
      door.clock.advance(100);
      await peer.request('read_text', { text: 'x' });
    }
    expect(looks).toBe(5);
  });
});

test('whoever says that it takes small frames only is answered 4130 in place of a larger one', async () => {
  const door = doorstep();
  const answer: MethodHandler = (params, call) => ({
    ...answerHello(door.handshake(door.operator), params, call),
    limits: { frame_bytes_max: 2_000 },
  });
  const peer = door.knock(door.operator, { answer });
  await sayHello(peer, door.handshake(door.operator), 5_000);
  expect(await peer.request('read_text', read)).toEqual(read);
  const large = { text: 'x'.repeat(2_000) };
  await expect(peer.request('read_text', large)).rejects.toMatchObject({ code: 4130 });
  expect(peer.link.open).toBe(true);
});
