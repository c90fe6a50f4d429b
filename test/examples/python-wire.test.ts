/** The agents in Python on the wire: frames somebody else might send, good and bad, in both profiles (wire.md 2 to 10). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ensureKey, pinOf } from '../../boot/keys.ts';
import { addPins, filePins } from '../../boot/pins.ts';
import { placeOf } from '../../boot/place.ts';
import {
  answerHello,
  createMethods,
  createPeer,
  dialWebsocket,
  digestOf,
  sayHello,
  type HandshakeDeps,
  type Introduced,
  type LinkEnd,
  type MethodHandler,
  type Peer,
  type Role,
} from '../../mesh/index.ts';
import { cardOf, readCard, skill, type AgentCard, type ProgressEvent } from '../../protocol/index.ts';
import { countingMetrics, silentLog, systemClock, systemIds, systemRandom } from '../../seams/index.ts';
import { freePorts } from '../support/ports.ts';
import { agentFolder, describeWithPython, startScript, type Script } from '../support/python.ts';
import { z } from 'zod';

const data = mkdtempSync(join(tmpdir(), 'aurora-python-'));
const place = placeOf(data);
const pem = readFileSync(join(agentFolder, 'suspicious.pem'), 'utf8');
const ids = systemIds(() => systemClock.now());
let ports: number[] = [];
let agent: Script;
let minimal: Script;
const open: { close: () => void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

describeWithPython('the agents in Python', () => {
  beforeAll(async () => {
    ports = await freePorts(3);
    addPins(place.pins, [
      pinOf('certificate-analyst', 'agent', ensureKey(place.keyFile('certificate-analyst'))),
      pinOf('orchestrator', 'orchestrator', ensureKey(place.keyFile('orchestrator'))),
      pinOf('operator:local', 'operator', ensureKey(place.keyFile('operator:local'))),
      pinOf('another', 'agent', ensureKey(place.keyFile('another'))),
    ]);
    agent = startAgent(ports[0]!);
    minimal = startScript('minimal.py', [String(ports[1])]);
    await agent.until('serving');
    await answering(ports[1]!);
  });

  afterAll(async () => {
    agent.child.kill('SIGKILL');
    minimal.child.kill('SIGKILL');
    await Promise.all([agent.ended, minimal.ended]);
    rmSync(data, { recursive: true, force: true });
  });

  const refused = (code: number, id: unknown = null) => ({ jsonrpc: '2.0', error: { code }, id });
  const pong = (id: unknown) => ({ jsonrpc: '2.0', result: expect.anything() as unknown, id });
  const ask = (id: string, more = '') => `{"jsonrpc":"2.0","method":"SKILL","params":PARAMS,"id":${id}${more}}`;
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const FRAMES: [string, string, unknown][] = [
    ['no JSON', '{"jsonrpc": "2.0", "method"', refused(-32700)],
    ['NaN, which is no JSON', 'NaN', refused(-32700)],
    ['a byte order mark', '\ufeff{}', refused(-32700)],
    ['an empty batch', '[]', refused(-32600)],
    ['a number', '1', refused(-32600)],
    ['a batch of what is no request', '[1,2]', [refused(-32600), refused(-32600)]],
    ['33 entries', `[${Array.from({ length: 33 }, () => 1).join()}]`, refused(-32600)],
    ['a batch of one', `[${ask('1')}]`, [pong(1)]],
    ['good and bad in one batch', `[${ask('"a"')},7,${ask('null')}]`, [pong('a'), refused(-32600), pong(null)]],
    ['the highest id there is', ask('9007199254740991'), pong(9007199254740991)],
    ['an id beyond it', ask('9007199254740992'), refused(-32600)],
    ['an id of 5 000 digits', ask('9'.repeat(5_000)), refused(-32600)],
    ['the id 1e400', ask('1e400'), refused(-32600)],
    ['the id 1.5', ask('1.5'), refused(-32600)],
    ['the id true', ask('true'), refused(-32600)],
    ['the id of 257 bytes', ask(`"${'x'.repeat(257)}"`), refused(-32600)],
    ['the id of 86 characters in 258 bytes', ask(`"${'€'.repeat(86)}"`), refused(-32600)],
    ['half a surrogate pair as an id', ask('"\\ud800"'), pong('\ud800')],
    ['an unknown key', ask('1', ',"extra":{}'), pong(1)],
    ['no version', '{"method":"SKILL","id":1}', refused(-32600, 1)],
    ['another version', '{"jsonrpc":"1.0","method":"SKILL","id":1}', refused(-32600, 1)],
    ['a method that is a number', '{"jsonrpc":"2.0","method":1,"params":"bar"}', refused(-32600)],
    ['params that are text', '{"jsonrpc":"2.0","method":"SKILL","params":"x","id":"7"}', refused(-32600, '7')],
    ['params that are null', '{"jsonrpc":"2.0","method":"SKILL","params":null,"id":7}', refused(-32600, 7)],
    ['params of the wrong shape', '{"jsonrpc":"2.0","method":"SKILL","params":{},"id":7}', refused(-32602, 7)],
    ['params in an array', '{"jsonrpc":"2.0","method":"SKILL","params":[1],"id":7}', refused(-32602, 7)],
    ['an unknown method', '{"jsonrpc":"2.0","method":"nobody","id":7}', refused(-32601, 7)],
    ['what every Python object has', '{"jsonrpc":"2.0","method":"__class__","id":7}', refused(-32601, 7)],
    ['a reserved name', '{"jsonrpc":"2.0","method":"rpc.nobody","id":7}', refused(-32601, 7)],
    ['65 levels', `{"jsonrpc":"2.0","method":"SKILL","params":${nested(64)},"id":7}`, refused(-32600, 7)],
    ['500 levels', nested(500), [refused(-32600)]],
  ];

  test.each([
    ['two lines, with and without an end of their own', 'a\nb', 2],
    ['lines that end in CRLF', 'a\r\nb\r\n', 2],
    ['nothing', '', 0],
  ])('minimal.py counts lines: %s', async (_what, text, lines) => {
    const socket = await connect(ports[1]!);
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'count_lines', params: { text } }));
    expect(await socket.next()).toEqual({ jsonrpc: '2.0', result: { lines }, id: 1 });
  });

  test('minimal.py says how it is called, and that a port is taken, instead of serving nobody', async () => {
    for (const args of [['abc'], ['--help'], ['9021', '9022']]) {
      const asked = startScript('minimal.py', args);
      expect([await asked.ended, asked.said()]).toEqual([
        1,
        expect.stringMatching(/usage: minimal\.py \[port, else 9021\]/),
      ]);
    }
    const second = startScript('minimal.py', [String(ports[1])]);
    expect([await second.ended, second.said()]).toEqual([1, expect.stringContaining('address already in use')]);
  });

  describe.each([
    ['agent.py', 0, 'analyze_certificate', { input: { name: 'a.pem', text: '' } }],
    ['minimal.py', 1, 'count_lines', { text: 'a\nb' }],
  ])('%s, bare', (script, index, method, params) => {
    const good = script === 'agent.py' ? { input: { name: 'a.pem', text: pem } } : params;
    const filled = (text: string) => text.replaceAll('SKILL', method).replaceAll('PARAMS', JSON.stringify(good));

    test.each(FRAMES)('%s', async (_what, text, answer) => {
      const socket = await connect(ports[index]!);
      socket.send(filled(text));
      expect(withoutWords(await socket.next())).toEqual(answer);
    });

    test('notifications and answers are never answered, whatever is wrong with them', async () => {
      const socket = await connect(ports[index]!);
      for (const text of SILENT) socket.send(filled(text));
      socket.send(filled(ask('"last"')));
      expect(withoutWords(await socket.next())).toEqual(pong('last'));
    });

    test('a binary frame closes 1003, one over 64 KiB 1009, bytes that are no UTF-8 1007', async () => {
      const [binary, large, broken] = [
        await connect(ports[index]!),
        await connect(ports[index]!),
        await connect(ports[index]!),
      ];
      binary.raw.send(Buffer.from([1, 2]));
      large.send(`"${'x'.repeat(70_000)}"`);
      broken.raw.send(Buffer.from([0xff, 0xfe]), { binary: false });
      expect([await binary.closed, await large.closed, await broken.closed]).toEqual([1003, 1009, 1007]);
    });

    test('a page of somebody’s browser, and who speaks other protocols only, are refused at the upgrade', async () => {
      expect(await refusedWith(ports[index]!, [], { origin: 'https://evil.example' })).toBe(403);
      expect(await refusedWith(ports[index]!, ['soap'])).toBe(400);
    });
  });

  describe('agent.py, bare', () => {
    test('an unknown method is answered to the byte as the reference does', async () => {
      const socket = await connect(ports[0]!);
      socket.send('{"jsonrpc":"2.0","method":"nobody","id":"req-001"}');
      expect(await socket.nextText()).toBe(
        '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"req-001"}',
      );
    });

    test('20 000 levels are one entry that is no request; the id outside of what is too deep is still read', async () => {
      const socket = await connect(ports[0]!);
      socket.send(nested(20_000));
      expect(withoutWords(await socket.next())).toEqual([refused(-32600)]);
      socket.send(`{"jsonrpc":"2.0","method":"rpc.ping","params":${nested(20_000)},"id":7}`);
      expect(withoutWords(await socket.next())).toEqual(refused(-32600, 7));
    });

    test('a bad param is named in the message with the request id, without data', async () => {
      const socket = await connect(ports[0]!);
      socket.send('{"jsonrpc":"2.0","method":"analyze_certificate","params":{"input":{"name":1,"text":""}},"id":1}');
      expect(await socket.nextText()).toMatch(
        /"message":"Invalid params: \/input\/name [^"]* \(request [0-9a-f-]{36}\)"\},"id":1\}$/,
      );
    });

    test('an id in flight that is used again is refused with id null that names it; the first stays unharmed', async () => {
      const socket = await connect(ports[0]!);
      const text = JSON.stringify({
        jsonrpc: '2.0',
        method: 'analyze_certificate',
        params: { input: { text: pem } },
        id: 9,
      });
      socket.send(`[${text},${text}]`);
      const answers = z.array(z.looseObject({ id: z.unknown() })).parse(await socket.next());
      expect(answers.map(({ id }) => id)).toEqual([9, null]);
      expect(answers[1]).toMatchObject({
        error: { code: -32600, message: expect.stringContaining('id 9') as unknown },
      });
    });

    test('ten answers to what was never asked close 4000', async () => {
      const socket = await connect(ports[0]!);
      for (let count = 0; count < 10; count++) socket.send('{"jsonrpc":"2.0","result":1,"id":1}');
      expect(await socket.closed).toBe(4000);
    });

    test('more than 2 000 frames at once close 4029', async () => {
      const socket = await connect(ports[0]!);
      const batch = `[${Array.from({ length: 32 }, () => '{"jsonrpc":"2.0","method":"x"}').join()}]`;
      for (let count = 0; count < 80; count++) socket.send(batch);
      expect(await socket.closed).toBe(4029);
    });

    test('what a stranger writes into _meta has no say: it is taken out, not believed', async () => {
      const socket = await connect(ports[0]!);
      const _meta = { handoff: { task_id: 't', to: 'nobody' }, progress_token: 5 };
      socket.send(
        JSON.stringify({
          jsonrpc: '2.0',
          method: 'analyze_certificate',
          params: { input: { text: pem }, _meta },
          id: 1,
        }),
      );
      expect(await socket.next()).toMatchObject({ id: 1, result: { verdict: 'malicious' } });
    });

    test('$/cancel is answered 4990', async () => {
      const socket = await connect(ports[0]!);
      socket.send(
        `{"jsonrpc":"2.0","method":"analyze_certificate","params":${JSON.stringify({ input: { text: pem.repeat(50) } })},"id":"c"}`,
      );
      socket.send('{"jsonrpc":"2.0","method":"$/cancel","params":{"id":"c","reason":"enough"}}');
      expect(await socket.next()).toMatchObject({
        id: 'c',
        error: { code: 4990, data: { code: 'AURORA-4990', detail: { reason: 'enough' } } },
      });
    });

    test('rpc.discover describes the skill with the schema by which params are judged', async () => {
      const socket = await connect(ports[0]!);
      socket.send('{"jsonrpc":"2.0","method":"rpc.discover","id":1}');
      expect(await socket.next()).toMatchObject({
        result: {
          openrpc: '1.3.2',
          methods: [
            {
              name: 'analyze_certificate',
              params: [{ name: 'input', required: true }, { name: 'host' }, { name: 'at' }],
            },
          ],
        },
      });
    });

    test('its card has the shape of ours, and says what it is; whoever has it already is told so', async () => {
      const { status, headers, body } = await get('/.well-known/agent-card.json');
      const card = JSON.parse(body) as AgentCard;
      expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=60']);
      const facts = readCard(card);
      expect(facts).toMatchObject({ agent_id: 'certificate-analyst', tags: ['certificate', 'tls', 'pki'] });
      expect(facts.skills.get('analyze_certificate')).toMatchObject({
        effect: 'read',
        routable: true,
        investigates: ['certificate'],
      });
      const { name, description, tags, examples = [] } = card.skills[0]!;
      const same = skill({
        id: 'analyze_certificate',
        title: name,
        description,
        tags,
        effect: 'read',
        investigates: ['certificate'],
        examples: examples.map((text): unknown => JSON.parse(text)),
        params: z.unknown(),
        result: z.unknown(),
      });
      const about = { id: facts.agent_id, name: facts.name, description: facts.description, version: facts.version };
      expect(card).toEqual(cardOf({ ...about, skills: [same] }, `ws://127.0.0.1:${ports[0]}`));
      expect(await get('/.well-known/agent-card.json', { 'if-none-match': headers.etag! })).toMatchObject({
        status: 304,
        body: '',
      });
    });

    test('health is told; other paths are 404; another Host is refused', async () => {
      expect(JSON.parse((await get('/health')).body)).toMatchObject({
        status: 'ok',
        agent_id: 'certificate-analyst',
        in_flight: 0,
      });
      expect(await get('/etc/passwd')).toMatchObject({
        status: 404,
        body: expect.stringContaining('AURORA-4040') as unknown,
      });
      expect(await get('/health', { host: 'evil.example' })).toMatchObject({ status: 403 });
    });
  });

  describe('agent.py under mesh.v1', () => {
    test('both prove their keys; the hello vouches for the card', async () => {
      const { who } = await meet('orchestrator');
      expect(who).toMatchObject({ id: 'certificate-analyst', role: 'agent', in_flight: [] });
      expect(who.card_digest).toBe(digestOf(JSON.parse((await get('/.well-known/agent-card.json')).body)));
    });

    test('errors carry data here, also those of JSON-RPC', async () => {
      const socket = await connect(ports[0]!, ['mesh.v1']);
      socket.send('{"jsonrpc":"2.0","method":"nobody","id":1}');
      const error = { code: -32601, message: 'Method not found', data: { code: 'JSONRPC-32601', retryable: false } };
      expect(await socket.next()).toMatchObject({ id: 1, error });
      socket.send('{"jsonrpc":"2.0","method":"analyze_certificate","params":{},"id":2}');
      expect(await socket.next()).toMatchObject({ id: 2, error: { code: 4010 } });
    });

    test('who says no hello is turned away 4008, who speaks another version 4002', async () => {
      const [silent, stranger] = [await connect(ports[0]!, ['mesh.v1']), await connect(ports[0]!, ['mesh.v1'])];
      const agent = { agent_id: 'a', instance_id: 'b', name: 'c', version: 'd' };
      stranger.send(
        JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'mesh/hello', params: { agent, versions: ['mesh.v9'] } }),
      );
      expect(await stranger.next()).toMatchObject({
        error: { code: -32602, data: { detail: { versions: ['mesh.v1'] } } },
      });
      expect([await stranger.closed, await silent.closed]).toEqual([4002, 4008]);
    });

    test.each<[string, string, Role, number]>([
      ['a key that is pinned as an agent’s', 'another', 'agent', 4003],
      ['a key that nobody pinned', 'nobody-knows', 'operator', 4003],
      ['another key than the pinned one', 'orchestrator', 'orchestrator', 4001],
    ])('%s is turned away', async (_what, id, _role, code) => {
      const wrong = id === 'another' ? undefined : ensureKey(join(data, `wrong-${id}.pem`));
      const { ended } = await meet(id, wrong);
      expect((await ended).code).toBe(code);
    });

    test('the same instance that connects again supersedes the older link', async () => {
      const first = await meet('operator:local');
      await first.peer.request('rpc.ping', {}, { timeout_ms: 5_000 });
      await first.peer.request('analyze_certificate', { input: { text: pem } }, { timeout_ms: 5_000 });
      await meet('operator:local', undefined, first.deps);
      expect(await first.ended).toMatchObject({ code: 4009 });
    });

    const routing = (own: Record<string, unknown> = {}) => ({
      handoff_id: 'h',
      task_id: 't-1',
      root_id: 't-1',
      from: 'orchestrator',
      to: 'certificate-analyst',
      hop: 1,
      path: [],
      mode: 'monitor',
      priority: 5,
      attempt: 1,
      fence: 1,
      deadline: new Date(systemClock.now() + 60_000).toISOString(),
      budget_ms: 60_000,
      actor: { sub: 'x', scopes: [], tenant: 't' },
      ...own,
    });
    const handOff = (
      peer: Peer,
      own: Record<string, unknown>,
      text = pem,
      onProgress?: (event: ProgressEvent) => void,
    ) =>
      peer.request(
        'analyze_certificate',
        { input: { name: 'x.pem', text }, at: '2026-01-01', _meta: { handoff: routing(own) } },
        { timeout_ms: 20_000, ...(onProgress && { onProgress }) },
      );

    test('a task runs once: whoever asks again is told the same, also over another link', async () => {
      const { peer, ended } = await meet('orchestrator');
      const events: ProgressEvent[] = [];
      const first = await handOff(peer, { task_id: 'once', fence: 3 }, pem, (event) => events.push(event));
      expect(events.map(({ seq, kind, since, task_id }) => [seq, kind, since, task_id])).toEqual([
        [1, 'thought', 3, 'once'],
      ]);
      peer.close(1000, 'gone');
      await ended;
      const { peer: next, who } = await meet('orchestrator');
      expect(who.in_flight).toContain('once');
      const again: ProgressEvent[] = [];
      expect(await handOff(next, { task_id: 'once', fence: 3 }, pem, (event) => again.push(event))).toEqual(first);
      expect(again).toMatchObject([{ seq: 1, since: 3, value: events[0]!.value }]);
      expect(await handOff(next, { task_id: 'once', fence: 4 })).toEqual(first);
    });

    test.each<[string, Record<string, unknown>, string, number]>([
      ['an older fence', { fence: 1 }, pem, 4090],
      ['other params', { fence: 9 }, `${pem}\n`, 4090],
      ['somebody else’s handoff', { to: 'threat-intel' }, pem, 4030],
      ['a deadline that is over', { task_id: 'late', deadline: '2020-01-01T00:00:00Z' }, pem, 5040],
      ['routing without a fence', { fence: undefined }, pem, -32602],
      ['no certificate at all', { task_id: 'none' }, 'hello', 4220],
    ])('%s is refused', async (_what, own, text, code) => {
      const { peer } = await meet('orchestrator');
      await handOff(peer, { task_id: `refuse-${_what}`.slice(0, 60), fence: 5 });
      await expect(handOff(peer, { task_id: `refuse-${_what}`.slice(0, 60), ...own }, text)).rejects.toMatchObject({
        code,
      });
    });

    test('what ran out of its budget is answered 5040, what was cancelled 4990, and neither stands for a later attempt', async () => {
      const { peer } = await meet('orchestrator');
      const large = pem.repeat(200);
      await expect(handOff(peer, { task_id: 'slow', budget_ms: 1 }, large)).rejects.toMatchObject({ code: 5040 });
      expect(await handOff(peer, { task_id: 'slow', fence: 2 }, large)).toMatchObject({ verdict: 'malicious' });
      const stop = new AbortController();
      const params = { input: { text: large }, _meta: { handoff: routing({ task_id: 'stopped' }) } };
      const stopped = peer.request('analyze_certificate', params, {
        signal: stop.signal,
        onProgress: () => stop.abort(),
      });
      await expect(stopped).rejects.toMatchObject({ code: 4990 });
      await expect(handOff(peer, { task_id: 'stopped', fence: 1 }, large)).rejects.toMatchObject({ code: 4090 });
    });

    test('an answer over the frame size that the other end takes is 4130 instead of the end of its link', async () => {
      const { peer } = await meet('orchestrator', undefined, undefined, ports[0], 20_000);
      await expect(handOff(peer, { task_id: 'too-large' }, pem.repeat(50))).rejects.toMatchObject({ code: 4130 });
      expect(await peer.request('rpc.ping', {}, { timeout_ms: 5_000 })).toEqual({ ok: true });
    });

    test('an operator’s call is no handoff, whatever its _meta says', async () => {
      const { peer } = await meet('operator:local');
      expect(await handOff(peer, { to: 'somebody-else', fence: -1 })).toMatchObject({ verdict: 'malicious' });
    });

    test('a pin that is taken away ends what it allowed, on links that stand as well', async () => {
      const { peer, ended } = await meet('operator:local');
      await handOff(peer, {});
      const pins = readFileSync(place.pins, 'utf8');
      writeFileSync(
        place.pins,
        JSON.stringify((JSON.parse(pins) as { id: string }[]).filter(({ id }) => id !== 'operator:local')),
      );
      await expect(handOff(peer, {})).rejects.toMatchObject({ code: 4010 });
      expect((await ended).code).toBe(4001);
      writeFileSync(place.pins, pins);
    });

    test('SIGTERM: goodbye is said, what runs ends, new work is refused, then 1001 and exit code 0', async () => {
      const leaving = startAgent(ports[2]!);
      await leaving.until('serving');
      const { peer, ended, told } = await meet('orchestrator', undefined, undefined, ports[2]);
      const working = handOff(peer, { task_id: 'last' }, pem.repeat(200), () => leaving.child.kill('SIGTERM'));
      await told('mesh/goaway');
      await expect(handOff(peer, { task_id: 'too-late' })).rejects.toMatchObject({ code: 5030, retry_after_ms: 1_000 });
      expect(await working).toMatchObject({ verdict: 'malicious' });
      expect(await ended).toMatchObject({ code: 1001 });
      expect(await leaving.ended).toBe(0);
    });
  });
});

const SILENT = [
  '{"jsonrpc":"2.0","method":"SKILL","params":PARAMS}',
  '{"jsonrpc":"2.0","method":"nobody"}',
  '{"jsonrpc":"2.0","method":"SKILL","params":{}}',
  '[{"jsonrpc":"2.0","method":"SKILL"},{"jsonrpc":"2.0","method":"nobody"}]',
  '{"jsonrpc":"2.0","method":"$/cancel","params":{"id":{}}}',
  '{"jsonrpc":"2.0","method":"$/progress","params":[]}',
  '{"jsonrpc":"2.0","result":1,"id":77}',
  '[{"jsonrpc":"2.0","error":{"code":1,"message":"x"},"id":null}]',
];

const startAgent = (port: number): Script => startScript('agent.py', ['--data', data, '--port', String(port)]);

/** The words are the agent's own; what a peer may rely on is the code and the id. */
function withoutWords(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(withoutWords);
  const { error, ...rest } = z.looseObject({ error: z.looseObject({ code: z.number() }).optional() }).parse(answer);
  return error ? { ...rest, error: { code: error.code } } : rest;
}

/** A socket that keeps what it hears until somebody asks for it. */
async function connect(port: number, protocols: string[] = []) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, protocols);
  open.push({ close: () => socket.terminate() });
  const heard: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  socket.on('message', (text: Buffer) => {
    const hear = waiting.shift();
    if (hear) hear(text.toString());
    else heard.push(text.toString());
  });
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const nextText = () => {
    const text = heard.shift();
    return text === undefined ? new Promise<string>((resolve) => void waiting.push(resolve)) : Promise.resolve(text);
  };
  return {
    raw: socket,
    closed,
    nextText,
    send: (text: string) => socket.send(text),
    next: async (): Promise<unknown> => JSON.parse(await nextText()),
  };
}

const refusedWith = (
  port: number,
  protocols: string[],
  headers: Record<string, string> = {},
): Promise<number | undefined> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, protocols, { headers });
    socket.on('error', () => undefined);
    socket.once('unexpected-response', (_request, { statusCode }) => {
      resolve(statusCode);
      socket.terminate();
    });
    socket.once('open', () => resolve(101));
  });

async function answering(port: number): Promise<void> {
  for (;;) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    const is_open = await new Promise<boolean>((resolve) => {
      socket.once('open', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.terminate();
    if (is_open) return;
  }
}

const get = (path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; headers: Record<string, string>; body: string }>((resolve, reject) => {
    request({ port: ports[0], host: '127.0.0.1', path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers as Record<string, string>, body }),
      );
    })
      .on('error', reject)
      .end();
  });

/** Dials as the real orchestrator would: hello both ways, each proving its key. */
async function meet(
  id: string,
  key = ensureKey(place.keyFile(id)),
  given?: HandshakeDeps,
  port = ports[0]!,
  frame_bytes_max = 4_194_304,
) {
  const self = { id, instance_id: ids.next('inst'), name: id, version: '1', private_key: key };
  const deps = given ?? { self, pins: filePins(place.pins), clock: systemClock, ids, random: systemRandom };
  const link = await dialWebsocket({ url: `ws://127.0.0.1:${port}`, protocol: 'mesh.v1', clock: systemClock });
  const heard = new Map<string, () => void>();
  const told = (method: string) => new Promise<void>((resolve) => void heard.set(method, resolve));
  const peer = createPeer({
    link,
    clock: systemClock,
    ids,
    log: silentLog,
    metrics: countingMetrics(),
    methods: createMethods(
      new Map<string, MethodHandler>([
        [
          'mesh/hello',
          (params, call) => {
            const told = answerHello(deps, params, call);
            return { ...told, limits: { ...told.limits, frame_bytes_max } };
          },
        ],
      ]),
    ),
    notifications: new Map([['mesh/goaway', () => heard.get('mesh/goaway')?.()]]),
  });
  open.push({ close: () => link.cut() });
  const who: Introduced = await sayHello(peer, deps, 5_000);
  const ended: Promise<LinkEnd> = peer.closed;
  return { peer, who, ended, told, deps };
}
