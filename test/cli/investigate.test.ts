/** `aurora investigate` and its kin against a running fleet: verdicts, exit codes and sentences. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import { InvestigationResult, Task } from '../../protocol/index.ts';
import { aurora } from '../support/aurora.ts';
import { startFleet, type Fleet } from '../support/fleet.ts';
import { dataPath, describeWithData } from '../support/data.ts';
import { fleetPorts } from '../support/ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-cli-'));
let env: Record<string, string> = {};
let fleet: Fleet;

beforeAll(async () => {
  const entries = Object.entries(await fleetPorts());
  const ports = entries.map(([id, port]) => `${id}=${port}`).join(',');
  env = { AURORA_DATA: join(folder, 'data'), AURORA_PORTS: ports, AURORA_API_PORT: '0' };
  fleet = await startFleet(env);
}, 120_000);

afterAll(async () => {
  expect(await fleet.stop()).toBe(0);
  rmSync(folder, { recursive: true, force: true });
}, 40_000);

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('input that cannot be investigated ends with 2 and a sentence that says why', () => {
  test.each([
    ['binary', 'binary.dat', Buffer.from([0, 1, 2, 3, 255, 254, 0]), 'binary'],
    ['half an alert', 'half.json', '{"alert_id": "x", ', 'no valid JSON'],
    ['an alert of the wrong shape', 'shape.json', '{"iocs": [{"type": "ip"}]}', '/iocs/0/value'],
  ])('%s', async (_what, name, content, sentence) => {
    const { code, stdout, stderr } = await aurora(['investigate', file(name, content)], { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
  });

  test.each([
    ['a file that is not there', () => [join(folder, 'nobody.eml')], 'nobody.eml'],
    ['a folder', () => [folder], 'is no file'],
    ['a kind that is none', () => ['--kind', 'nonsense', file('a.txt', 'x')], 'nonsense'],
    ['a file over the cap', () => [file('b.txt', 'x'.repeat(2_000))], 'limits.input_bytes_max'],
  ])('%s', async (_what, args, sentence) => {
    const capped = { ...env, AURORA_LIMITS_INPUT_BYTES_MAX: '1000' };
    const { code, stdout, stderr } = await aurora(['investigate', ...args()], { env: capped });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
  });

  test('said to be a mail and none: the specialist refuses it, the fleet lives on', async () => {
    const { code, stderr } = await aurora(['investigate', '--kind', 'email', file('note.txt', 'just a note\n')], {
      env,
    });
    expect([code, stderr.includes('AURORA-4220')]).toEqual([2, true]);
    expect((await aurora(['agents'], { env })).stdout.match(/online/g)).toHaveLength(Object.keys(agents).length);
  });
});

test('an empty file is found nothing in, and not called clean', async () => {
  const { code, stdout } = await aurora(['investigate', file('empty.txt', '')], { env });
  expect(code).toBe(0);
  expect(stdout).toContain('inconclusive');
  expect(stdout).toContain('nothing was checked');
});

test('a mail on standard input gets a verdict with evidence; piped progress is plain lines on stderr', async () => {
  const mail = [
    'From: PayPal <a@paypa1.example>',
    'To: b@example.org',
    'Subject: verify your account',
    '',
    'http://192.0.2.7/login',
    '',
  ];
  const { code, stdout, stderr } = await aurora(['--json', 'investigate', '-'], { env, input: mail.join('\r\n') });
  expect([code, stderr]).toEqual([0, '']);
  const result = InvestigationResult.parse(Task.parse(JSON.parse(stdout)).result);
  expect(result.steps.map(({ skill }) => skill)).toContain('analyze_email');
  expect(result.findings.length).toBeGreaterThan(0);
  for (const { evidence } of result.findings) expect(evidence.length).toBeGreaterThan(0);
  const plain = await aurora(['investigate', '-'], { env, input: mail.join('\r\n') });
  expect(plain.stderr).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}email-security\/analyze_email +completed$/m);
  expect(plain.stdout + plain.stderr).not.toContain('\u001b');
});

test('the same input twice gives byte-identical results', async () => {
  const runs = [await investigated('examples/inputs/alert.json'), await investigated('examples/inputs/alert.json')];
  expect(JSON.stringify(runs[0])).toBe(JSON.stringify(runs[1]));
});

test('attacker text reaches no terminal as a command (ATK-F3)', async () => {
  const mail = `From: "\u001b[31mred\u202e" <a@example.net>\r\nSubject: \u001b]0;owned\u0007\r\n\r\n${'Good morning. '.repeat(40)}\r\n`;
  const { code, stdout, stderr } = await aurora(['investigate', '--kind', 'email', '-'], { env, input: mail });
  expect(code).toBe(0);
  for (const bad of ['\u001b', '\u202e', '\u0007']) expect(stdout + stderr).not.toContain(bad);
});

test('nobody there is 3, with what to do next; a call of a method that is none is 2', async () => {
  const alone = { ...env, AURORA_DATA: join(folder, 'alone') };
  const { code, stderr } = await aurora(['agents'], { env: alone });
  expect([code, stderr.includes('aurora up')]).toEqual([3, true]);
  const port = /threat-intel=(\d+)/.exec(env['AURORA_PORTS'] ?? '')?.[1];
  expect((await aurora(['call', `ws://127.0.0.1:${port}`, 'no_such'], { env })).code).toBe(2);
  expect((await aurora(['call', `ws://127.0.0.1:${port}`, 'rpc.discover'], { env })).stdout).toContain('"openrpc"');
});

test('Ctrl-C cancels the task and ends with 130', async () => {
  const line = '198.51.100.7 - - [02/Nov/2026:09:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 12 "-" "Mozilla/5.0"\n';
  const log = file('long.log', line.repeat(400_000));
  let is_told = false;
  const { code } = await aurora(['investigate', log], {
    env,
    onOutput: (said, kill) => {
      if (is_told || !/web-security\/analyze_access_log +working/.test(said)) return;
      is_told = true;
      kill('SIGINT');
    },
  });
  expect(code).toBe(130);
  const { stdout } = await aurora(['--json', 'history', '--limit', '2'], { env });
  const { items } = JSON.parse(stdout) as { items: Task[] };
  expect(items.map(({ state }) => state)).toEqual(['canceled', 'canceled']);
}, 60_000);

describeWithData('real inputs get verdicts that cite what stands in them', () => {
  test.each([
    ['phishing/mails/phish-5287.eml', ['malicious', 'suspicious']],
    ['phishing/mails/easy-ham-1-00321.eml', ['benign']],
    ['ioc-text/attor.txt', ['inconclusive', 'suspicious', 'malicious']],
    ['ioc-text/danabot.txt', ['inconclusive', 'suspicious', 'malicious']],
    ['logs/CVE-2017-9841.log', ['suspicious', 'malicious']],
    ['logs/CVE-2022-46169.log', ['suspicious', 'malicious']],
  ])('%s', async (name, verdicts) => {
    const result = await investigated(dataPath(name));
    expect(verdicts).toContain(result.verdict);
    expect(result.checked.length).toBeGreaterThan(0);
  });
});

async function investigated(path: string): Promise<InvestigationResult> {
  const { code, stdout, stderr } = await aurora(['--json', 'investigate', path], { env });
  expect(code, stderr).toBe(0);
  return InvestigationResult.parse(Task.parse(JSON.parse(stdout)).result);
}
