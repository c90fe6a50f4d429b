/** `aurora conform` and `aurora call --replay` as a person runs them: real processes, real peers, how they end. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { addOperator, enrollAgent, loadConfig, placeOf } from '../../boot/index.ts';
import { aurora } from '../support/aurora.ts';
import { startRudeAgent } from '../support/rude-agent.ts';
import { startServedAgent } from '../support/served-agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-conform-'));
const at = (name: string) => join(folder, name);
const run = (...args: string[]) => aurora(args, { env: { AURORA_DATA: at('data') } });
const ONLY = ['--only', 'BATCH-01,BATCH-02'];
let rude: Awaited<ReturnType<typeof startRudeAgent>>;
let good: Awaited<ReturnType<typeof startServedAgent>>;

beforeAll(async () => {
  [rude, good] = await Promise.all([startRudeAgent(), startServedAgent()]);
  writeFileSync(at('key.pem'), good.key.private_key.export({ type: 'pkcs8', format: 'pem' }));
});
afterAll(async () => {
  await Promise.all([rude.close(), good.close()]);
  rmSync(folder, { recursive: true, force: true });
});

test('a peer that keeps its musts ends with 0, under every profile it speaks, and no key is needed for bare', async () => {
  const named = await run('conform', good.url, ...ONLY, '--key', at('key.pem'), '--id', 'orchestrator');
  expect(named).toMatchObject({ code: 0, stdout: has('conforms to bare, mesh.v1') });
  expect(named.stderr).toMatch(/ok +mesh\.v1 +BATCH-01/);
  const bare = await run('conform', good.url, '--only', 'batch-01', '--only', 'WS-15', '--profile', 'bare');
  expect(bare).toMatchObject({ code: 0, stdout: has('conforms to bare') });
  expect(existsSync(at('data'))).toBe(false);
});

test('a peer that breaks one ends with 1: the sentence, what came instead, the wire, and the way to see it again', async () => {
  const { code, stdout } = await run(
    ...['conform', rude.url, ...ONLY, '--seed', '7', '--json', at('report.json')],
    ...['--junit', at('report.xml'), '--html', at('report.html'), '--replays', at('replays')],
  );
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ BATCH-01 must, bare, JSON-RPC 2\.0, 6/);
  for (const part of ['came instead: answered', '→ []', `aurora call --replay ${at('replays')}`, 'must    0     2'])
    expect(stdout).toContain(part);
  for (const raw of ['\u001b', '\u0007', '\u202e']) expect(stdout).not.toContain(raw);
  expect(JSON.parse(readFileSync(at('report.json'), 'utf8'))).toMatchObject({ conforms: false, seed: 7 });
  expect(readFileSync(at('report.xml'), 'utf8')).toContain('failures="2"');
  expect(readFileSync(at('report.html'), 'utf8')).toContain('Does not conform');
  expect(readdirSync(at('replays')).sort()).toEqual(['bare-BATCH-01.json', 'bare-BATCH-02.json']);

  const file = join(at('replays'), 'bare-BATCH-02.json');
  expect(await run('call', '--replay', file)).toMatchObject({ code: 0, stdout: has('as it was recorded') });
  const mended = await run('call', '--replay', file, good.url);
  expect(mended).toMatchObject({ code: 1, stdout: has('It is different now') });
  expect(mended.stdout).toMatch(/^different /m);
  expect(mended.stdout).not.toContain('\u001b');
  expect(await run('call', '--replay', file, 'ws://127.0.0.1:1')).toMatchObject({ code: 3 });
  // A recording is anybody's word: a token or a key goes only to whom the command line names.
  expect(await run('call', '--replay', file, '--token', 'x')).toMatchObject({ code: 2, stderr: has('Say to whom') });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s takes the pins of the kit back, also those of a run that was killed',
  async (signal) => {
    // Whoever agrees to talk and never says a word: the run goes on until it is told to stop.
    const silent = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(silent, 'listening');
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const own = at(`own-${signal}`);
    const { running, pins } = placeOf(own);
    const config = loadConfig({ env: {}, flags: { data: own } });
    addOperator(config, 'local');
    for (const left of ['conformance-agent', 'conformance-peer']) enrollAgent(config, left);
    writeFileSync(running, JSON.stringify({ url, pid: process.pid, instance_id: 'inst_a' }));
    const ended = await aurora(['conform', url, '--profile', 'orchestrator'], {
      env: { AURORA_DATA: own },
      onOutput: (said, kill) => {
        if (said.includes('are pinned')) kill(signal);
      },
    });
    silent.close();
    for (const client of silent.clients) client.terminate();
    expect(ended.code).toBe(130);
    expect(readFileSync(pins, 'utf8')).toContain('operator:local');
    expect(readFileSync(pins, 'utf8')).not.toContain('conformance-');
  },
);

test('a recording that dials nobody is no proof of anything: that is said', async () => {
  const recording = { aurora_replay: 1, url: good.url, profile: 'bare', requirement: 'WS-01', exchanged: [] };
  writeFileSync(at('silent.json'), JSON.stringify(recording));
  const ended = await run('call', '--replay', at('silent.json'));
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: has('dials nobody and says nothing') });
});

test('the common --json prints the report on stdout, and nothing else', async () => {
  const { code, stdout } = await run('conform', '--json', good.url, '--only', 'BATCH-01', '--profile', 'bare');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ conforms: true, counts: { pass: 1, fail: 0, skip: 0 } });
});

test('--list says the sentences and dials nobody', async () => {
  const { code, stdout } = await run('conform', '--list', '--only', 'BATCH-01', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ id: 'BATCH-01', level: 'must' }]);
});

test.each([
  { args: ['conform'], code: 2, says: 'aurora conform ws://host:port' },
  { args: ['conform', 'http://127.0.0.1:1'], code: 2, says: 'try ws://127.0.0.1:1' },
  { args: ['conform', 'ws://127.0.0.1:1'], code: 3, says: 'ECONNREFUSED' },
  { args: ['conform', 'ws://127.0.0.1:1', '--profile', 'bare', '--level', 'must'], code: 3, says: 'ECONNREFUSED' },
  { args: ['conform', 'GOOD', '--only', 'NOPE-1'], code: 2, says: '--list' },
  { args: ['conform', 'GOOD', '--profile', 'what'], code: 2, says: 'there are bare' },
  { args: ['conform', 'GOOD', '--level', 'shall'], code: 2, says: 'must' },
  { args: ['conform', 'GOOD', '--runs', '0'], code: 2, says: 'say 1 to' },
  { args: ['conform', 'GOOD', '--method', 'x', '--params', '{'], code: 2, says: '--params must be a JSON object' },
  { args: ['conform', 'GOOD', '--params', '{}'], code: 2, says: 'belongs to a --method' },
  { args: ['conform', 'GOOD', '--key', 'nowhere.pem'], code: 2, says: 'no Ed25519 key' },
  { args: ['conform', 'GOOD', 'report.json'], code: 2, says: '--json report.json' },
  { args: ['call', '--replay', 'nowhere.json'], code: 2, says: 'There is no file' },
  { args: ['call', '--replay', 'package.json'], code: 2, says: 'it is no recording' },
  { args: ['call'], code: 2, says: 'aurora call <ws-url> <method>' },
  { args: ['call', 'http://127.0.0.1:1', 'rpc.ping'], code: 2, says: 'try ws://127.0.0.1:1' },
])('$args ends with $code and says what to do', async ({ args, code, says }) => {
  const ended = await run(...args.map((arg) => (arg === 'GOOD' ? good.url : arg)));
  expect(ended).toMatchObject({ code, stdout: '', stderr: has(says) });
});

test('what answers, but is no WebSocket, was not reached: a server of HTTP, and one that says nothing in HTTP', async () => {
  for (const said of ['HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', 'SSH-2.0-OpenSSH\r\n\r\n']) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.end(said));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `ws://127.0.0.1:${port}`;
    const ended = await run('conform', url, '--only', 'BATCH-01');
    const called = await run('call', url, 'rpc.ping');
    server.close();
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    const is_http = said.startsWith('HTTP');
    expect(called).toMatchObject({ code: 3, stdout: '', stderr: has(is_http ? 'agrees to no WebSocket' : url) });
  }
});

const has = (text: string): unknown => expect.stringContaining(text);
