/** Hits put together: one start of a process is one group, whichever logs tell of it. */
import { expect, test } from 'vitest';
import { normalizeEvent, type LogEvent } from '../../../analysis/events/index.ts';
import { createHitGroups } from '../../../analysis/hunt/hit-groups.ts';
import type { RuleHead } from '../../../analysis/sigma/index.ts';

const IMAGE = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';
const RULE = { id: 'rule-1', title: 'A rule' } as RuleHead;

const audited = (over: object = {}): object => ({
  Channel: 'Security',
  EventID: 4688,
  Hostname: 'WORKSTATION5',
  '@timestamp': '2026-10-22T02:58:00.462Z',
  NewProcessId: '0x2564',
  NewProcessName: IMAGE,
  ...over,
});
const told = (over: object = {}): object => ({
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  EventID: 1,
  Hostname: 'workstation5.example.net',
  '@timestamp': '2026-10-22T02:58:00.489Z',
  ProcessId: '9572',
  ProcessGuid: '{own}',
  ParentProcessGuid: '{parent}',
  Image: IMAGE.toUpperCase(),
  ...over,
});

function see(...raws: object[]) {
  const groups = createHitGroups<RuleHead>();
  for (const [index, raw] of raws.entries()) {
    const event = normalizeEvent(raw, `line ${index + 1}`) as LogEvent;
    groups.note(event);
    groups.add(RULE, event);
  }
  return groups.all();
}

test.each([
  ['the audit first', [audited(), told()]],
  ['Sysmon first', [told(), audited()]],
])('the audit and Sysmon tell of one start: one group of two events (%s)', (_, raws) => {
  const [seen, ...others] = see(...raws);
  expect(others).toEqual([]);
  expect(seen).toMatchObject({ count: 2, root: '{parent}' });
  expect(seen?.samples.map(({ locator }) => locator)).toEqual(['line 1', 'line 2']);
});

test('its identity is the same whichever log came first', () => {
  expect(see(audited(), told())[0]?.id).toBe(see(told(), audited())[0]?.id);
});

test.each([
  ['another number', { NewProcessId: '0x2565' }],
  ['another program', { NewProcessName: 'C:\\Windows\\System32\\cmd.exe' }],
  ['another moment', { '@timestamp': '2026-10-22T02:58:10.000Z' }],
  ['another host', { Hostname: 'WORKSTATION6' }],
])('a start with %s is another one', (_, over) => {
  expect(see(audited(over), told())).toHaveLength(2);
  expect(see(told(), audited(over))).toHaveLength(2);
});

test('starts that only the audit tells of stay together by host and hour', () => {
  const seen = see(audited(), audited({ NewProcessId: '0x11' }), audited({ Hostname: 'workstation5' }));
  expect(seen).toMatchObject([{ count: 3, root: '', host: 'WORKSTATION5' }]);
});

test('two machines by their addresses are two', () => {
  expect(see(audited({ Hostname: '192.0.2.7' }), audited({ Hostname: '192.0.2.8' }))).toHaveLength(2);
});
