/** `aurora inspect` as a person uses it: piped, for one skill, and as a shell on a terminal. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveGoodAgent } from '../conformance/mutants/good-agent.ts';
import { openMiddle } from '../conformance/mutants/middle.ts';
import { aurora } from '../support/aurora.ts';
import { tryRun } from '../support/child.ts';
import { startRudeAgent } from '../support/rude-agent.ts';
import { startServedAgent } from '../support/served-agent.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'aurora-inspect-'));
const at = (name: string) => join(folder, name);
const run = (...args: string[]) => aurora(['inspect', ...args], { env: { AURORA_DATA: at('data') } });
let rude: Awaited<ReturnType<typeof startRudeAgent>>;
let good: Awaited<ReturnType<typeof startServedAgent>>;

beforeAll(async () => {
  [rude, good] = await Promise.all([startRudeAgent(), startServedAgent()]);
});
afterAll(async () => {
  await Promise.all([rude.close(), good.close()]);
  rmSync(folder, { recursive: true, force: true });
});

test('piped it prints card, skills and schemas', async () => {
  const { code, stdout } = await run(good.url);
  expect(code).toBe(0);
  for (const part of ['speaks    bare', 'echo_text  read', '"text"', 'result']) expect(stdout).toContain(part);
});

test('what a hostile peer says reaches the terminal as text: on its card, in answers, in frames', async () => {
  const whole = await run(rude.url, '--frames');
  const tried = await run(rude.url, '--try', 'look_up');
  const json = await run(rude.url, '--json');
  for (const { code, stdout, stderr } of [whole, tried, json]) {
    expect(code).toBe(0);
    for (const raw of ['\u001b', '\u0007', '\u202e']) expect(stdout + stderr).not.toContain(raw);
  }
  expect(whole.stdout).toContain('\\u{1b}[31m');
  expect(whole.stderr).toMatch(/→ \{"jsonrpc":"2\.0","id":"kit-1","method":"rpc\.discover"\}/);
  expect(tried.stdout).toContain('"name": "anna"'); // the example's own
});

test('params come from standard input as well, as much as a frame holds', async () => {
  const given = await aurora(['call', good.url, 'echo_text', '-'], { input: '{"text":"piped"}' });
  expect([given.code, JSON.parse(given.stdout)]).toMatchObject([0, { text: 'piped' }]);
  const flood = await aurora(['call', good.url, 'echo_text', '-'], { input: ' '.repeat(4_194_305) });
  expect(flood).toMatchObject({ code: 2, stderr: expect.stringContaining('more than 4194304 bytes') as string });
});

test('a call that a peer refuses as wrong is told where the peer says what it takes', async () => {
  const none = await aurora(['call', good.url, 'no_such']);
  expect(none.stderr).toMatch(`(JSON-RPC -32601)\nWhat it offers: aurora inspect ${good.url}\n`);
  const misfit = await aurora(['call', good.url, 'echo_text', '{"text":7}']);
  expect(misfit.stderr).toMatch(`(JSON-RPC -32602)\nWhat it takes: aurora inspect ${good.url}\n`);
});

test('a call prints the same JSON without the characters that a terminal obeys', async () => {
  const text = 'a\u009b31m\u001b[2J\u202e\u2028z';
  const { code, stdout } = await aurora(['call', good.url, 'echo_text', JSON.stringify({ text })]);
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { text }]);
  expect(stdout).toContain(String.raw`a\u009b31m\u001b[2J\u202e\u2028z`);
});

test('--try calls with the params given and ends by the answer; --save is a recording that comes again', async () => {
  const told = await run(good.url, '--try', 'echo_text', '{"text":"hello"}', '--json', '--save', at('visit.json'));
  expect(told.code).toBe(0);
  expect(JSON.parse(told.stdout)).toMatchObject({ result: { text: 'hello', by: 'echo' } });
  expect(JSON.parse(readFileSync(at('visit.json'), 'utf8'))).toMatchObject({ aurora_replay: 1, profile: 'bare' });
  expect(await aurora(['call', '--replay', at('visit.json')])).toMatchObject({ code: 0 });
  expect(await run(good.url, '--try', 'echo_text', '{"text":1}')).toMatchObject({ code: 1, stdout: has('-32602') });
});

test('what was recorded as somebody with a key comes again by the command that is printed', async () => {
  const middle = await openMiddle();
  const { served, orchestrator_key } = await serveGoodAgent(middle.address);
  middle.begin(served.port, {});
  const [key, file] = [at('a key.pem'), at('mesh.json')];
  writeFileSync(key, orchestrator_key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  try {
    const told = await run(`ws://${middle.address}`, '--key', key, '--try', 'count_words', '--save', file);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ profile: 'mesh.v1' });
    const [, printed = ''] = /send it again with: aurora (.*)/.exec(told.stderr) ?? [];
    const words = [...printed.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    expect(words).toEqual(['call', '--replay', file, `ws://${middle.address}`, '--key', key, '--id', 'orchestrator']);
    expect(await aurora(words, { env: { AURORA_DATA: at('data') } })).toMatchObject({ code: 0 });
  } finally {
    await middle.close();
    await served.drain(2_000);
  }
});

test.each([
  { args: ['http://127.0.0.1:1'], code: 2, says: 'try ws://' },
  { args: ['ws://127.0.0.1:1'], code: 3, says: 'ECONNREFUSED' },
  { args: ['GOOD', '--try', 'nope'], code: 2, says: 'there are echo_text' },
  { args: ['GOOD', '--try', 'echo_text', '{'], code: 2, says: 'must be a JSON object' },
  { args: ['GOOD', '{}'], code: 2, says: '--try' },
])('inspect $args ends with $code and says what to do', async ({ args, code, says }) => {
  const ended = await run(...args.map((arg) => (arg === 'GOOD' ? good.url : arg)));
  expect(ended).toMatchObject({ code, stdout: '', stderr: has(says) });
});

const has_script = tryRun('script', ['--version']).status === 0;
if (!has_script) console.error('SKIP the shell of aurora inspect: no script (Debian: bsdutils)');

test.skipIf(!has_script)(
  'on a terminal it is a shell: fields are asked for, mistakes are told, frames are seen',
  async () => {
    const said = await typed(`${process.execPath} bin/aurora.mjs inspect ${rude.url}`, [
      ['tab completes', 'schema look_up'],
      ['result', 'try look_up'],
      ['name (string, required) ["anna"]: ', 'bob'],
      ['depth (integer) [left out]: ', 'deep'],
      ['say JSON for a integer', ''],
      ['"name": "bob"', 'nonsense'],
      ['there is no nonsense', 'raw [1]'],
      ['-32600', `save ${at('shell.json')}`],
      ['is written', 'quit'],
    ]);
    expect(said).not.toContain('\u001b[31m\u001b]0;owned');
    expect(said).not.toContain('\u0007');
    expect(JSON.parse(readFileSync(at('shell.json'), 'utf8'))).toMatchObject({ aurora_replay: 1 });
  },
  60_000,
);

/** Types each line once what it waits for was said, counting from what was answered before. */
function typed(command: string, steps: readonly (readonly [string, string])[]): Promise<string> {
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', AURORA_DATA: at('data'), TERM: 'xterm' },
  });
  let said = '';
  let read = 0;
  const waiting = [...steps];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    for (let step = waiting[0]; step; step = waiting[0]) {
      const found = said.indexOf(step[0], read);
      if (found < 0) return;
      read = found + step[0].length;
      waiting.shift();
      child.stdin.write(`${step[1]}\r`);
    }
  });
  return new Promise((resolve, reject) => {
    child.once('close', () => {
      if (waiting.length > 0) reject(new Error(`waited for ${JSON.stringify(waiting[0])} in ${said}`));
      else resolve(said);
    });
  });
}

const has = (text: string): unknown => expect.stringContaining(text);
