/** `aurora sigma` as a person runs it, over a fleet of the threat hunter alone: what it says, as text and JSON, and how it ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RuleExplanation, RuleTrial } from '../../protocol/index.ts';
import { aurora } from '../support/aurora.ts';
import { startFleet, type Fleet } from '../support/fleet.ts';
import { freePorts } from '../support/ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-sigma-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
let env: Record<string, string> = {};
let fleet: Fleet;

beforeAll(async () => {
  const [port, agent_port] = await freePorts(2);
  env = {
    AURORA_DATA: join(folder, 'data'),
    AURORA_AGENTS: 'threat-hunter',
    AURORA_PORTS: `orchestrator=${port},threat-hunter=${agent_port}`,
  };
  fleet = await startFleet(env);
}, 120_000);

afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true, force: true });
}, 40_000);

const rule = file(
  'rule.yml',
  `title: Word starts PowerShell
id: 0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c01
description: A document that starts a shell runs a macro.
level: high
tags: [attack.t1059.001]
logsource: {category: process_creation, product: windows}
detection:
  selection:
    ParentImage|endswith: '\\winword.exe'
    Image|endswith: '\\powershell.exe'
  condition: selection
`,
);
const broken = file(
  'broken.yml',
  'title: t\nlogsource: {product: windows}\ndetection:\n  s: {a|contians: 1}\n  condition: s\n',
);
const start = (parent: string): string =>
  JSON.stringify({
    Channel: 'Microsoft-Windows-Sysmon/Operational',
    EventID: 1,
    Image: 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe',
    ParentImage: parent,
  });
const macro = file('macro.jsonl', `${start('C:\\Windows\\explorer.exe')}\n${start('C:\\Office\\WINWORD.EXE')}\n`);
const quiet = file('quiet.jsonl', `${start('C:\\Windows\\explorer.exe')}\n`);
const sigma = async (...args: string[]) => aurora(['sigma', ...args], { env });

test('a rule that matches ends with 0 and the lines that it matches', async () => {
  const { code, stdout } = await sigma('test', rule, macro);
  expect(code).toBe(0);
  expect(stdout).toContain('The rule is valid; 1 hits in 2 events.');
  expect(stdout).toContain('hit  0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c01: 1 (line 2)');
  const told = await sigma('test', '--json', rule, macro);
  expect(told).toMatchObject({ code: 0, stderr: '' });
  expect(RuleTrial.parse(JSON.parse(told.stdout))).toMatchObject({
    valid: true,
    events: 2,
    hits: [{ count: 1, locators: ['line 2'] }],
  });
});

test('a rule that matches nothing ends with 1', async () => {
  const { code, stdout } = await sigma('test', rule, quiet);
  expect([code, stdout.includes('0 hits in 1 events')]).toEqual([1, true]);
});

test('a broken rule ends with 2 and names the place, as text as editors read it, as data, and as 4222 when it is to be used', async () => {
  const { code, stdout } = await sigma('lint', broken);
  expect(code).toBe(2);
  expect(stdout).toContain(`${broken}:4:7 error detection.s.a|contians`);
  const told = await sigma('lint', '--json', broken);
  expect(told.code).toBe(2);
  expect(RuleTrial.parse(JSON.parse(told.stdout))).toMatchObject({
    valid: false,
    problems: [{ severity: 'error', line: 4, column: 7, path: 'detection.s.a|contians' }],
  });
  const used = await sigma('explain', broken, quiet);
  expect([used.code, used.stdout]).toEqual([2, '']);
  expect(used.stderr).toMatch(/4:7 detection\.s\.a\|contians.* \(AURORA-4222\)/);
});

test('a sound rule passes lint with 0', async () => {
  expect(await sigma('lint', rule)).toMatchObject({ code: 0, stdout: expect.stringContaining('is valid') as string });
});

test('an explanation says for each event which field decided: 0 when one matches, 1 when none does', async () => {
  const matched = await sigma('explain', rule, macro);
  expect(matched.code).toBe(0);
  expect(matched.stdout).toMatch(/no {3}line 1: .*ParentImage\|endswith/);
  expect(matched.stdout).toMatch(/yes {2}line 2: /);
  const missed = await sigma('explain', '--json', rule, quiet);
  expect(missed.code).toBe(1);
  expect(RuleExplanation.parse(JSON.parse(missed.stdout))).toMatchObject({
    events: [{ matched: false, locator: 'line 1', selections: [{ name: 'selection', matched: false }] }],
  });
});

test('what a filter takes away is no match, and the filter and what a correlation counted are shown', async () => {
  const more = `---
title: Not by the desktop
logsource: {product: windows}
filter:
  rules: [0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c01]
  desktop:
    ParentImage|endswith: '\\WINWORD.EXE'
  condition: not desktop
---
title: Often
level: high
correlation:
  type: event_count
  rules: [0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c01]
  timespan: 5m
  condition: {gte: 3}
`;
  const filtered = file('filtered.yml', `${await readFile(rule, 'utf8')}${more}`);
  const { code, stdout } = await sigma('explain', filtered, macro);
  expect(code).toBe(1);
  expect(stdout).toContain('It matches 0 of 2 events; 1 more is taken away by filters.');
  expect(stdout).toContain('filter: takes it away Not by the desktop');
  expect(stdout).toContain('correlation Often (high) fired 0 times');
});

test('a call that cannot be meant ends with 2', async () => {
  expect(await sigma('explain', quiet)).toMatchObject({ code: 2, stdout: '' });
  expect(await sigma('test', join(folder, 'nowhere.yml'))).toMatchObject({ code: 2, stdout: '' });
});
