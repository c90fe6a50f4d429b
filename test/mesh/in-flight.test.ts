/** What runs for others is bounded by what it holds of memory, not only by its number (PROM-P8, ATK-A14). */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { answerHello, createMethods, createPeer, createPortLoad, sayHello } from '../../mesh/index.ts';
import { ARRIVING_LINK_LIMITS, overLink, type Link } from '../../mesh/link.ts';
import { countingIds } from '../../seams/index.ts';
import { doorstep, type Doorstep } from './doorstep.ts';
import { rawPeer, still, type RawPeer } from './raw-peer.ts';
import { record } from './recorder.ts';

const hello = { versions: ['mesh.v1'], agent: { agent_id: 'a', instance_id: 'a-1', name: 'a', version: '1' } };
const call = (id: number, method: string, params: unknown) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

describe('requests that wait for their answers', () => {
  const waiting = (in_flight_bytes_max: number): RawPeer & { go: () => void } => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const raw = rawPeer({ methods: { wait: () => gate, echo: () => 'ok' }, limits: { in_flight_bytes_max } });
    return { ...raw, go: () => go() };
  };

  test('hold so many bytes of a link together, then 4290 with a time to come again, and room comes with an answer', async () => {
    const raw = waiting(100_000);
    raw.say(call(1, 'wait', { text: 'x'.repeat(60_000) }));
    const refused = { error: { code: 4290, data: { retry_after_ms: 1_000 } } };
    expect(await raw.ask(call(2, 'wait', { text: 'x'.repeat(60_000) }))).toMatchObject([{ id: 2, ...refused }]);
    expect(raw.metrics.of('requests_refused_total')).toBe(1);
    expect(await raw.ask(call(3, 'echo', {}))).toMatchObject([{ id: 3, result: 'ok' }]);
    raw.go();
    await still();
    expect(await raw.ask(call(4, 'echo', { text: 'x'.repeat(60_000) }))).toMatchObject([{ id: 4, result: 'ok' }]);
  });

  test('weigh by their values too: a few bytes of text are many of memory', async () => {
    const raw = waiting(100_000);
    const answers = await raw.ask(call(1, 'echo', { junk: Array(2_000).fill({}) })); // 6 KB of text
    expect(answers).toMatchObject([{ error: { code: 4290 } }]);
  });

  test('of one batch count together until the batch is answered', async () => {
    const raw = waiting(100_000);
    raw.say(`[${call(1, 'echo', { text: 'x'.repeat(60_000) })},${call(2, 'wait', {})}]`);
    expect(await raw.ask(call(3, 'echo', { text: 'x'.repeat(60_000) }))).toMatchObject([{ error: { code: 4290 } }]);
    raw.go();
    await still();
    expect(await raw.ask(call(4, 'echo', { text: 'x'.repeat(60_000) }))).toMatchObject([{ result: 'ok' }]);
  });

  test('keep no params beside those that their handler keeps', async () => {
    let params: WeakRef<object> | undefined;
    const never = new Promise(() => undefined);
    const raw = rawPeer({
      methods: {
        wait: (given) => {
          params = new WeakRef(given ?? {});
          return never;
        },
      },
    });
    await raw.ask(call(1, 'wait', { junk: [{}] }));
    collectGarbage();
    expect(raw.peer.running).toBe(1);
    expect(params?.deref()).toBeUndefined();
  });

  test('of known peers and of strangers are added up apart: who proved a key is not kept from working', async () => {
    const load = { strangers: { bytes: 0, bytes_max: 100_000 }, known: { bytes: 0, bytes_max: 100_000 } };
    const door = doorstep({ run: () => new Promise(() => undefined), host: { load } });
    const text = 'x'.repeat(40_000);
    const known = await door.enter(door.orchestrator);
    const strangers = Array.from({ length: 3 }, () => door.knock(undefined, { protocol: '' }));
    const asked = strangers.map((peer) => peer.request('read_text', { text }));
    await expect(asked[2]).rejects.toMatchObject({ code: 5030, retry_after_ms: 1_000 });
    void known.request('read_text', { text }).catch(() => undefined);
    await still();
    expect(known.link.open).toBe(true);
    expect(load.known.bytes).toBeGreaterThan(40_000);
    for (const peer of [...strangers, known]) peer.link.cut();
    await Promise.allSettled(asked);
    door.clock.advance(60_000);
    await still();
    expect([load.strangers.bytes, load.known.bytes]).toEqual([0, 0]);
  });

  test('leave every link a little: a hello and a small request are not refused for what others ask', async () => {
    const full = { bytes: 100_000, bytes_max: 100_000 };
    const door = doorstep({ host: { load: { strangers: full, known: full } } });
    const peer = await door.enter(door.orchestrator);
    expect(await peer.request('read_text', { text: 'x' })).toMatchObject({});
    const refused = peer.request('read_text', { text: 'x'.repeat(20_000) });
    await expect(refused).rejects.toMatchObject({ code: 5030, retry_after_ms: 1_000 });
    expect(full.bytes).toBe(100_000);
  });

  test('of the orchestrator hold less than half of what it may have (memory under attack, 512 MB)', () => {
    const { strangers, known } = createPortLoad();
    expect(strangers.bytes_max + known.bytes_max).toBeLessThan(256 * 2 ** 20);
  });
});

describe('who says hello and never answers ours', () => {
  const greet = async (door: Doorstep): Promise<{ link: Link; heard: ReturnType<typeof record> }> => {
    const link = door.link({ limits: ARRIVING_LINK_LIMITS });
    const heard = record(link);
    link.send(call(1, 'mesh/hello', hello));
    await still();
    return { link, heard };
  };

  test('has little in the requests that wait for its proof', async () => {
    const load = createPortLoad();
    const door = doorstep({ host: { load } });
    const { link } = await greet(door);
    for (let id = 2; id < 62; id++) {
      link.send(call(id, 'read_text', { text: 'x'.repeat(65_000) }));
      await still();
    }
    expect(door.metrics.of('requests_refused_total')).toBe(52);
    expect(load.strangers.bytes).toBeLessThanOrEqual(8 * 65_536);
    const before = load.strangers.bytes;
    const small = await greet(door);
    for (let id = 2; id < 62; id++) small.link.send(call(id, 'read_text', { text: 'x' }));
    await still();
    expect(load.strangers.bytes - before).toBe(60 * 4_096); // small as they are, each holds its place
    door.clock.advance(5_000);
    await still();
    expect(load.strangers.bytes).toBe(0);
  });

  test('may send few values, of which a few bytes of text are many of memory: -32600', async () => {
    const door = doorstep();
    const { link, heard } = await greet(door);
    link.send(call(2, 'read_text', { text: 'x', junk: Array(10_000).fill({}) }));
    await still();
    const answers = heard.texts.map((text) => JSON.parse(text) as { id: number; error?: { code: number } });
    expect(answers.find(({ id }) => id === 2)).toMatchObject({ error: { code: -32600 } });
  });

  test('may ask 64 at once before its proof is read: they overtake its answer to our hello', async () => {
    const door = doorstep({ concurrency: 64 });
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const self = door.handshake(door.orchestrator);
    const peer = door.knock(undefined, {
      answer: (params, about) => gate.then(() => answerHello(self, params, about)),
    });
    await sayHello(peer, self, 5_000);
    const asked = Array.from({ length: 64 }, () => peer.request('read_text', { text: 'x' }));
    await still();
    go();
    expect(await Promise.all(asked)).toHaveLength(64);
  });

  test('who proved a key has 64 requests at once, and large ones', async () => {
    const door = doorstep({ concurrency: 64 });
    const peer = await door.enter(door.orchestrator);
    await still(); // its proof was read
    const text = 'x'.repeat(65_536);
    const asked = Array.from({ length: 64 }, () => peer.request('read_text', { text, junk: Array(200).fill({}) }));
    expect(await Promise.all(asked)).toHaveLength(64);
  });

  test('may ask 64 at once as soon as it answered, whether its proof was read yet or not', async () => {
    const door = doorstep({ concurrency: 64 });
    const link = door.link();
    const answers: { id: number; result?: unknown }[] = [];
    const asked = Array.from({ length: 64 }, (_, nth) => call(nth + 2, 'read_text', { text: 'x' }));
    const self = createPeer({
      clock: door.clock,
      log: door.log,
      metrics: door.metrics,
      ids: countingIds(),
      methods: createMethods(
        new Map([['mesh/hello', (params, about) => answerHello(door.handshake(door.operator), params, about)]]),
      ),
      link: overLink(link, {
        send(text) {
          link.send(text);
          if (text.includes('"proof"')) for (const one of asked) link.send(one); // in one turn with its proof
        },
        attach(owner) {
          link.attach({
            onClose: (code, reason) => owner.onClose(code, reason),
            onText(text) {
              const said = JSON.parse(text) as { id: number };
              if (said.id === 1) owner.onText(text);
              else answers.push(said);
            },
          });
        },
      }),
    });
    await self.request('mesh/hello', hello);
    await still();
    expect(answers.filter(({ result }) => (result as { text?: string } | undefined)?.text === 'x')).toHaveLength(64);
  });

  test('leaves little unsent: 1013; who proved a key as much as anybody', async () => {
    const limits = { ...ARRIVING_LINK_LIMITS, stranger_unsent_bytes_max: 1_000 };
    const door = doorstep();
    const stranger = door.link({ limits });
    record(stranger);
    stranger.pause();
    stranger.send(call(1, 'rpc.discover', {}));
    await still();
    door.clock.advance(2_500);
    await still();
    const [line] = door.log.lines.filter(({ text }) => text === 'a peer was turned away');
    expect(line).toMatchObject({ fields: { why: 'Closed 1013: too much unsent' } });
    const peer = await door.enter(door.orchestrator, { limits: { ...limits, stranger_unsent_bytes_max: 3_000 } });
    await still();
    peer.link.trust(); // our end of the pair has the same bounds
    expect(await peer.request('read_text', { text: 'x'.repeat(10_000) })).toMatchObject({});
  });
});
