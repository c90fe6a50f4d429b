/** Accounts as the security log tells of them: passwords guessed, tickets roasted, a directory replicated; and what only looks like it. */
import { createReadStream } from 'node:fs';
import { expect, test } from 'vitest';
import { assessHosts, createHostWatch } from '../../../analysis/endpoint/index.ts';
import { openRecording } from '../../../analysis/recordings/index.ts';
import { dataPath, describeWithData } from '../../support/data.ts';
import { accusations, assessed } from './assessed.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 9, 0, second)).toISOString();
const security = (EventID: number, second: number, data: object) => ({
  Channel: 'Security',
  EventID,
  Hostname: 'DC-1',
  '@timestamp': at(second),
  ...data,
});
const from = (IpAddress: string) => ({ IpAddress, WorkstationName: 'WS-7', LogonType: '2' });
const failed = (second: number, TargetUserName: string, SubStatus = '0xC000006A', address = '10.0.0.66') =>
  security(4625, second, { TargetUserName, Status: '0xC000006D', SubStatus, ...from(address) });
const worked = (second: number, TargetUserName: string, address = '10.0.0.66') =>
  security(4624, second, { TargetUserName, ...from(address) });
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

test('a password tried for many accounts, and the one it was right for, are one story with the records of both', async () => {
  const result = await assessed([
    ...times(12, (index) => failed(index, `user${index}`, index < 3 ? '0xC0000064' : '0xC000006A')),
    failed(12, 'user12', '0xc0000234'),
    worked(13, 'bob'),
  ]);
  expect(accusations(result)).toEqual(['critical login/guessed']);
  expect(result.verdict).toBe('malicious');
  expect(result.mitre_techniques).toEqual(['T1110.001', 'T1110.003']);
  expect(result.recommendations.map(({ action }) => action)).toContain(
    'reset the password of the account that was logged in to',
  );
  const [guessed] = result.findings;
  expect(guessed?.evidence.map(({ locator }) => locator)).toEqual(['line 14', 'line 1', 'line 13']);
  expect(guessed?.title).toContain('10.0.0.66 logged in as bob after 13 failures');
  expect(guessed?.evidence[0]?.excerpt).toContain('EventID 4624 · TargetUserName=bob · IpAddress=10.0.0.66');
  expect(guessed?.title).toContain('13 logins from 10.0.0.66 failed, for 13 accounts (3 do not exist, 1 was locked)');
  expect(result.recommendations.map(({ action }) => action)).not.toContain('isolate the host');
});

test('one account guessed at is told, and gravely once a guess was right', async () => {
  const tries = times(30, (index) => failed(index, 'admin'));
  expect(accusations(await assessed(tries))).toEqual(['low login/guessing']);
  const told = await assessed([...tries, worked(31, 'admin')]);
  expect(accusations(told)).toEqual(['high login/guessed']);
  expect(told.mitre_techniques).toEqual(['T1110.001']);
  const beside = times(12, (index) => failed(index, `user${index}`, '0xC000006A', '10.0.0.77'));
  expect(accusations(await assessed([...tries, ...beside, worked(31, 'admin')]))).toEqual([
    'high login/guessed',
    'medium login/spraying',
  ]);
});

test('who guesses from the internet is named and kept out first, and what the finding cites is no gap', async () => {
  const remote = (second: number, id: number, data: object) =>
    security(id, second, { TargetUserName: 'bob', IpAddress: '203.0.113.9', LogonType: '10', ...data });
  const tries = times(40, (index) => remote(index, 4625, { Status: '0xC000006D', SubStatus: '0xC000006A' }));
  const cleared = security(1102, 42, { SubjectUserName: 'bob' });
  const result = await assessed([...tries, remote(41, 4624, {}), cleared]);
  expect(result.findings.map(({ rule }) => rule)).toContain('login/guessed');
  expect(result.iocs).toEqual([{ type: 'ip', value: '203.0.113.9' }]);
  expect(result.recommendations[0]).toMatchObject({
    action: 'Block the attacking addresses at the edge',
    target: '203.0.113.9',
  });
  expect(JSON.stringify(result.not_checked)).not.toContain('4624');
  expect(result.checked[0]?.corpus.items_judged).toBeUndefined();
  const inside = await assessed([...tries, worked(41, 'bob')].map((event) => ({ ...event, IpAddress: '10.0.0.9' })));
  expect(inside.findings.map(({ rule }) => rule)).toContain('login/guessed');
  expect(inside.iocs).toEqual([]);
});

test('a logon over the network that no finding rests on stays unjudged', async () => {
  const quiet = security(4624, 1, { TargetUserName: 'bob', IpAddress: '203.0.113.9', LogonType: '3' });
  const result = await assessed([quiet, failed(2, 'alice')]);
  expect(result.verdict).toBe('inconclusive');
  expect(JSON.stringify(result.not_checked)).toContain('Security 4624 (1)');
});

test.each([
  [4771, { Status: '0x18', IpAddress: '::ffff:10.0.0.66' }],
  [4768, { Status: '0x6', IpAddress: '::ffff:10.0.0.66' }],
  [4776, { Status: '0xC000006A', Workstation: 'KALI' }],
])('guesses are seen in event %i as well', async (id, data) => {
  const result = await assessed(
    times(8, (index) => security(id, index, { TargetUserName: `user${index}@EXAMPLE`, ...data })),
  );
  expect(accusations(result)).toEqual(['medium login/spraying']);
});

test.each([
  [4625, {}],
  [4625, { Status: '-', SubStatus: '0x0' }],
  [4771, {}],
])('a failure in event %i that does not say why counts as one: %o', async (id, data) => {
  const result = await assessed(
    times(40, (index) => security(id, index, { TargetUserName: 'bob', IpAddress: '45.33.32.156', ...data })),
  );
  expect(accusations(result)).toEqual(['low login/guessing']);
  expect(result.verdict).not.toBe('benign');
});

test.each([
  ['4776', 4776, {}],
  ['4776 with a dash', 4776, { Status: '-' }],
  ['4768', 4768, {}],
  ['4768 with a dash', 4768, { Status: '-' }],
])('event %s that does not say how it ended is neither a login nor a failure', async (_name, id, data) => {
  const tried = (second: number) => security(id, second, { TargetUserName: 'bob', IpAddress: '10.0.0.66', ...data });
  const beside = times(40, (index) => [failed(index, 'bob', ''), tried(index)]).flat();
  expect(accusations(await assessed(beside))).toEqual(['low login/guessing']);
  expect(accusations(await assessed(times(40, tried)))).toEqual([]);
});

test.each(['4', '5'])('a failure of logon type %s without a code is nobody who guesses', async (LogonType) => {
  const task = (data: object) =>
    times(40, (index) =>
      security(4625, index, { TargetUserName: 'backup', IpAddress: '10.0.0.66', LogonType, ...data }),
    );
  expect(accusations(await assessed(task({})))).toEqual([]);
  expect(accusations(await assessed(task({ SubStatus: '0xC000006A' })))).toEqual(['low login/guessing']);
});

test('accounts that fail once each from many addresses within minutes are one storm, and over a day none', async () => {
  const storm = (pause_s: number) =>
    times(40, (index) => failed(index * pause_s, `user${index}`, '0xC000006A', `203.0.113.${index}`));
  const result = await assessed(storm(3));
  expect(accusations(result)).toEqual(['medium login/spraying']);
  expect(result.verdict).toBe('suspicious');
  expect(result.findings[0]?.title).toBe('dc-1: 40 logins failed within 2 minutes, from 40 addresses for 40 accounts');
  expect(result.findings[0]?.evidence.map(({ locator }) => locator)).toEqual(['line 1', 'line 40']);
  expect(accusations(await assessed(storm(1_800)))).toEqual([]);
});

test('names with their domain in front or behind are accounts, each its own', async () => {
  const typed = times(8, (index) =>
    failed(index, index % 2 === 0 ? `CORP\\user${index}` : `user${index}@corp.example`),
  );
  const [spraying] = (await assessed(typed)).findings;
  expect(spraying?.rule).toBe('login/spraying');
  expect(spraying?.title).toContain('for 8 accounts');
});

test.each([
  [
    'a user who mistypes thrice and then gets in',
    [...times(3, (index) => failed(index * 5, 'alice')), worked(20, 'alice')],
  ],
  [
    'a service with an old password that tries every ten minutes',
    times(40, (index) => failed(index * 600, 'svc-backup')),
  ],
  [
    'a terminal server whose many users mistype now and then',
    times(30, (index) => [
      ...(index % 3 === 0 ? [failed(index * 60, `user${index}`)] : []),
      worked(index * 60 + 9, `user${index}`),
    ]).flat(),
  ],
  [
    'a Monday morning on which forty mistype and all get in',
    times(40, (index) => [
      failed(index * 2, `user${index}`, '0xC000006A', `10.0.0.${index}`),
      worked(index * 2 + 30, `user${index}`, `10.0.0.${index}`),
    ]).flat(),
  ],
  [
    'forty who mistype and go home, among a hundred who get in',
    times(100, (index) => [
      ...(index < 40 ? [failed(index * 2, `user${index}`, '0xC000006A', `10.0.0.${index}`)] : []),
      worked(index * 2, `staff${index}`, `10.0.1.${index}`),
    ]).flat(),
  ],
  ['right passwords that have expired', times(30, (index) => failed(index, `user${index}`, '0xC0000071'))],
  ['machine accounts', times(30, (index) => failed(index, `ws-${index}$`))],
])('%s guesses nothing', async (_who, records) => {
  const result = await assessed(records);
  expect(accusations(result)).toEqual([]);
  expect(result.verdict).toBe('benign');
});

const replication = (SubjectUserName: string, right: string, AccessMask = '0x100') =>
  security(4662, 1, {
    SubjectUserName,
    SubjectUserSid: 'S-1-5-21-1-2-3-500',
    AccessMask,
    Properties: `%%7688 {${right}} {19195a5b-6da0-11d0-afd3-00c04fd930c9}`,
  });
const CHANGES = '1131f6aa-9c07-11d1-f79f-00c04fc2dcd2';
const SECRETS = '1131f6ad-9c07-11d1-f79f-00c04fc2dcd2';

test('a user who has the secrets of the directory replicated is malicious', async () => {
  const result = await assessed([replication('bob', CHANGES), replication('bob', SECRETS)]);
  expect(accusations(result)).toEqual(['high directory/secrets-replicated', 'medium directory/replicated']);
  expect(result).toMatchObject({ verdict: 'malicious', mitre_techniques: ['T1003.006'] });
  expect(result.findings[0]?.evidence[0]).toMatchObject({
    locator: 'line 2',
    excerpt: expect.stringContaining(SECRETS) as string,
  });
});

test.each([
  ['a domain controller', [replication('DC-2$', CHANGES), replication('DC-2$', SECRETS)]],
  ['Entra Connect', [replication('MSOL_0123456789ab', CHANGES), replication('MSOL_0123456789ab', SECRETS)]],
  ['somebody who grants the right', [replication('admin', SECRETS, '0x40000')]],
])('%s replicates by trade', async (_who, records) => {
  const result = await assessed(records);
  expect(accusations(result)).toEqual([]);
  expect(result.verdict).toBe('benign');
});

const ticket = (second: number, ServiceName: string, TicketEncryptionType = '0x17') =>
  security(4769, second, {
    TargetUserName: 'mallory@EXAMPLE.ORG',
    ServiceName,
    TicketEncryptionType,
    Status: '0x0',
    IpAddress: '::ffff:10.0.0.9',
  });

test('many weak tickets of service accounts for one user are Kerberoasting', async () => {
  const result = await assessed(times(6, (index) => ticket(index, `svc${index}`)));
  expect(accusations(result)).toEqual(['high ticket/kerberoasting']);
  expect(result.mitre_techniques).toEqual(['T1558.003']);
  expect(result.findings[0]?.evidence.length).toBeGreaterThan(3);
});

test.each([
  ['one old service', times(20, (index) => ticket(index, 'svc-old'))],
  ['three old services', times(20, (index) => ticket(index, `svc-old-${index % 3}`))],
  ['machines and krbtgt', [...times(9, (index) => ticket(index, `FS-${index}$`)), ticket(10, 'krbtgt')]],
  ['strong tickets', times(9, (index) => ticket(index, `svc${index}`, '0x12'))],
  ['old services over a day', times(9, (index) => ticket(index * 3_600, `svc${index}`))],
])('tickets of %s are no roasting', async (_what, records) => {
  const result = await assessed(records);
  expect(accusations(result)).toEqual([]);
  expect(result.verdict).toBe('benign');
});

test('tickets without a password, with RC4, are AS-REP roasting, gravely for several accounts', async () => {
  const asked = (account: string, second: number, data: object = {}) =>
    security(4768, second, {
      TargetUserName: account,
      ServiceName: 'krbtgt',
      PreAuthType: '0',
      TicketEncryptionType: '0x17',
      Status: '0x0',
      IpAddress: '::ffff:10.0.0.9',
      ...data,
    });
  expect(accusations(await assessed([asked('old', 1)]))).toEqual(['low ticket/as-rep-roasting']);
  const result = await assessed([asked('old', 1), asked('older', 2)]);
  expect(accusations(result)).toEqual(['high ticket/as-rep-roasting']);
  expect(result.mitre_techniques).toEqual(['T1558.004']);
  expect(accusations(await assessed([asked('old', 1, { PreAuthType: '2' }), asked('ws$', 2)]))).toEqual([]);
});

describeWithData('recordings of hosts', () => {
  test.each(['covenant_psremoting_command.zip', 'empire_getsession_dcerpc_smb_srvsvc_NetSessEnum.zip'])(
    'the logons, tickets and libraries of an ordinary domain in %s accuse no account',
    async (file) => {
      const watch = createHostWatch();
      const recording = openRecording({ name: file, bytes: createReadStream(dataPath('mordor', file)) });
      for await (const batch of recording.batches) for (const event of batch) watch.note(event);
      const { result } = await assessHosts(watch, {
        source: file,
        checked: { question: '?', corpus: { sha256: '0'.repeat(64), items: 1, items_read: 1 } },
        not_checked: [],
        data_versions: {},
      });
      expect(accusations(result).filter((told) => /login|ticket|directory|script/.test(told))).toEqual([]);
    },
    30_000,
  );
});
