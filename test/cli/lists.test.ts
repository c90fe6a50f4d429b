/** The words that list: bare, and with `list` behind them, the same. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { addOperator, loadConfig, operatorsOf } from '../../boot/index.ts';
import { ensureKey, pinOf } from '../../boot/keys.ts';
import { placeOf } from '../../boot/place.ts';
import { aurora, launcher } from '../support/aurora.ts';

const data = mkdtempSync(join(tmpdir(), 'aurora-lists-'));
const run = (...args: string[]) => aurora(args, { env: { AURORA_DATA: data } });
afterAll(() => rmSync(data, { recursive: true, force: true }));

test('operators are listed, by the bare word and by list', async () => {
  const config = loadConfig({ flags: { data } });
  expect(operatorsOf(config)).toEqual([]);
  addOperator(config, 'carol');
  addOperator(config, 'anna');
  expect(operatorsOf(config)).toEqual(['anna', 'carol']);
  expect(await run('operators')).toMatchObject({ code: 0, stdout: 'anna\ncarol\n' });
  expect(await run('operators', 'list')).toMatchObject({ code: 0, stdout: 'anna\ncarol\n' });
});

test('with --json every command about keys says what it did as JSON, and nothing else', async () => {
  const place = placeOf(data);
  const { pins, quarantine } = place;
  const said = async (...args: string[]): Promise<unknown> => {
    const ended = await run('--json', ...args);
    expect([args, ended.code, ended.stderr]).toEqual([args, 0, '']);
    return JSON.parse(ended.stdout);
  };
  expect(await said('operators', 'add', 'dora')).toEqual({
    operator: 'dora',
    id: 'operator:dora',
    key_file: place.keyFile('operator:dora'),
  });
  expect(await said('agents', 'enroll', 'scanner')).toEqual({
    agent_id: 'scanner',
    key_file: place.keyFile('scanner'),
  });
  expect(await said('agents', 'revoke', 'scanner')).toEqual({ agent_id: 'scanner', revoked: true });
  const { public_key } = pinOf('stranger', 'agent', ensureKey(place.keyFile('stranger')));
  mkdirSync(dirname(quarantine), { recursive: true });
  writeFileSync(quarantine, JSON.stringify([{ id: 'stranger', public_key }]));
  expect(await said('agents', 'approve', 'stranger')).toEqual({ agent_id: 'stranger', approved: 'pinned' });
  expect(readFileSync(pins, 'utf8')).toContain(public_key);
}, 60_000);

test('content is listed by the bare word', async () => {
  const [bare, listed] = [await run('content'), await run('content', 'list')];
  expect(bare).toMatchObject({ code: 0, stdout: listed.stdout });
});

test('no time at all is no deadline: it is said before anybody is asked', async () => {
  const ended = await run('investigate', 'README.md', '--deadline', '0');
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('say 1 to 900 seconds') as string });
});

test('help says no default where there is none', async () => {
  const { code, stdout } = await run('up', '--help');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/--single-process .*isolation between agents\n/)]);
  expect(stdout).not.toContain('default');
  expect((await run('call', '--help')).stdout).toContain('(default: 60)');
});

test('a word that is no command names those that are, and which help to read', async () => {
  const { code, stderr } = await run('agents', 'foo');
  expect(code).toBe(2);
  expect(stderr).toBe(
    "error: unknown command 'foo' of aurora agents; it has list, enroll, approve, revoke\n(aurora agents --help shows what there is)\n",
  );
  expect((await run('agnts')).stderr).toContain('(Did you mean agents?)\n(aurora --help');
  expect((await run('agents', 'enroll')).stderr).toContain('(aurora agents enroll --help');
});

test('piped lines are plain, on a build server too; whoever wants colors there forces them', async () => {
  const said = async (env: Record<string, string>) =>
    (await aurora(['nonsense', 'at', 'all'], { env: { AURORA_DATA: data, NO_COLOR: '', ...env } })).stderr +
    (await aurora(['verify'], { env: { AURORA_DATA: data, NO_COLOR: '', ...env } })).stderr;
  expect(await said({ CI: '1' })).not.toContain('\u001b');
  expect(await said({ FORCE_COLOR: '0' })).not.toContain('\u001b');
  expect(await said({ FORCE_COLOR: '1' })).toContain('\u001b[31maurora:');
  expect(await said({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain('\u001b');
}, 60_000);

test('whoever stops reading what goes on beside the answer gets the answer all the same', async () => {
  const child = spawn(process.execPath, [launcher, 'investigate', 'examples/inputs/report.txt'], {
    env: { ...process.env, AURORA_DATA: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.destroy();
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(said).toMatch(/^Handoffs$/m);
}, 60_000);
