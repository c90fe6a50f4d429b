/** The policy: what is allowed, denied and asked, by class, mode, target and number (wire.md 8). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../mesh/index.ts';
import { createPolicy, PolicyRules, type Action, type Decision } from '../../orchestrator/policy.ts';
import { targetsOf } from '../../orchestrator/targets.ts';
import { ActionClass, Mode } from '../../protocol/index.ts';
import { acting } from '../support/approvals.ts';

interface Case {
  rules?: Parameters<typeof PolicyRules.parse>[0];
  mode?: Mode;
  action_class?: ActionClass;
  params?: Record<string, unknown>;
  pointers?: string[];
  recent?: Partial<Action['recent']>;
}

function decide({ rules = {}, mode = 'active', action_class = 'high', ...more }: Case): Decision {
  const { params = { endpoint: 'ws-7' }, pointers = ['/endpoint'], recent = {} } = more;
  const traits = acting({ action_class, targets: pointers });
  const policy = createPolicy(PolicyRules.parse(rules), ['mesh-host', '10.1.2.3']);
  return policy.decide({
    task: { mode, skill: 'contain_endpoint', params },
    traits,
    agent_id: 'responder',
    targets: targetsOf(traits, params),
    recent: { targets: [], questions: 1, ...recent },
  }) as Decision;
}
const at = (endpoint: unknown, more: Case = {}) => decide({ ...more, params: { endpoint } }).answer;

test.each([
  ['read', 'allow', undefined],
  ['low', 'allow', 0],
  ['medium', 'ask', 1],
  ['high', 'ask', 1],
  ['irreversible', 'ask', 2],
] as const)('in mode active %s is answered %s', (action_class, answer, needed) => {
  const decision = decide({ action_class });
  expect([decision.answer, decision.needed]).toEqual([answer, needed]);
});

test('in dry_run and monitor everything may run, because nothing is ever done there (ATK-F9)', () => {
  for (const mode of ['dry_run', 'monitor'] as const)
    for (const action_class of ActionClass.options) expect(decide({ mode, action_class }).answer).toBe('allow');
});

test('a skill that only reads and yet must not be repeated contradicts itself: denied in every mode (INV14)', () => {
  const traits = acting({ action_class: 'read', effect: 'non_idempotent' });
  const policy = createPolicy(PolicyRules.parse({}));
  for (const mode of Mode.options) {
    const task = { mode, skill: 'wipe_disk', params: {} };
    const recent = { targets: [], questions: 0 };
    expect(policy.decide({ task, traits, agent_id: 'a', targets: [], recent })).toMatchObject({ answer: 'deny' });
  }
});

test('counts per class can be set, but what cannot be undone never needs fewer than two', () => {
  expect(decide({ rules: { needed: { medium: 3 } }, action_class: 'medium' }).needed).toBe(3);
  expect(PolicyRules.safeParse({ needed: { irreversible: 1 } }).success).toBe(false);
  expect(PolicyRules.safeParse({ needed: { high: 0 } }).success).toBe(false);
  expect(PolicyRules.safeParse({ approval_minutes: 30 }).success).toBe(false);
});

describe('protected assets (ATK-F4)', () => {
  const rules = { protected_assets: ['dc-*', 'Vault', '10.9.0.1'] };

  test.each([
    'dc-01',
    'DC-01',
    ' dc-01 ',
    'dc-01.corp.example',
    'dc-01.',
    'ｄｃ-01',
    'dc\u200b-01',
    'VAULT',
    'vault.corp.example',
    '10.9.0.1',
    'https://vault/x',
    '\\\\vault\\c$',
    'admin@vault',
    'vault:443',
    'mesh-host',
    'MESH-HOST.example',
    '10.1.2.3',
    'localhost',
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0',
    '::1',
    '::ffff:127.0.0.1',
    'http:0',
    'http:/0/x',
  ])('%j is denied, whatever the class', (endpoint) => {
    expect(at(endpoint, { rules })).toBe('deny');
    expect(at(endpoint, { rules, action_class: 'low' })).toBe('deny');
  });

  test.each(['ws-7', 'dcx', 'vaults', '10.9.0.10', 'fe80::1', 'dead', 'dc'])('%j is none', (endpoint) => {
    expect(at(endpoint, { rules })).toBe('ask');
  });

  test('it is found anywhere in the params, also as a key, but not inside a sentence', () => {
    const hidden = (more: object) => decide({ rules, params: { endpoint: 'ws-7', ...more } }).answer;
    expect(hidden({ also: [{ deep: ['DC-02'] }] })).toBe('deny');
    expect(hidden({ also: { 'dc-02': true } })).toBe('deny');
    expect(hidden({ reason: 'spread from dc-02 this morning' })).toBe('ask');
  });

  test('a glob without a domain covers accounts and paths in any param, one with a domain no account', () => {
    const globs = { protected_assets: ['corp*', 'backup-*', 'dc*.corp.example'] };
    const hidden = (also: string) => decide({ rules: globs, params: { endpoint: 'ws-7', also } }).answer;
    expect(['CORP\\anna', 'backup-1/2026/a', 'backup-1@other.example'].map(hidden)).toEqual(Array(3).fill('deny'));
    expect(['OTHER\\anna', 'dcooper@hr.corp.example'].map(hidden)).toEqual(Array(2).fill('ask'));
  });

  test('a skill that declares no targets is looked through as well', () => {
    expect(decide({ rules, pointers: [], params: { host: 'dc-01' } }).answer).toBe('deny');
    expect(decide({ rules, pointers: [], params: { host: 'ws-1' } }).answer).toBe('ask');
    expect(decide({ rules, pointers: [], params: { host: '*' } }).answer).toBe('deny');
    expect(decide({ rules, pointers: [], params: {} }).answer).toBe('deny');
  });
});

describe('accounts (ATK-F4)', () => {
  const policy = (assets: string[], own: string[] = []) => {
    const made = createPolicy(PolicyRules.parse({ protected_assets: assets }), own);
    return (target: string) => made.isProtected?.(target);
  };

  test.each([
    ['corp.example', 'CORP\\anna'],
    ['corp.example', 'corp.example\\anna'],
    ['corp.example', 'Anna.Meier+x@CORP.example'],
    ['corp.example', 'CORP\\WS-7$'],
    ['corp.example', 'administrator@corp.example'],
    ['vpn.acme', 'root@vpn.acme'],
    ['vpn.acme', 'VPN\\administrator'],
    ['dc1.ad', 'root@dc1'],
    ['dc01.prod', 'DC01\\Administrator'],
    ['srv.int', 'SRV\\anna'],
    ['nas.local', 'NAS\\admin'],
    ['mail.corp.example', 'MAIL\\administrator'],
    ['mail.corp.example', 'anna@mail'],
    ['mail.corp.example', 'CORP\\MAIL$'],
    ['mail.corp.example', 'CORP\\mail'],
    ['mail.corp.example', 'OTHER\\mail'],
    ['mail.corp.example', '.\\mail'],
    ['vault', 'admin@vault'],
    ['vault', 'CORP\\vault'],
  ])('on or of %j, or the host itself in that form, are protected: %j', (asset, account) => {
    expect(at(account, { rules: { protected_assets: [asset] } })).toBe('deny');
    expect(decide({ rules: { protected_assets: [asset] }, pointers: [], params: { account } }).answer).toBe('deny');
    expect(
      decide({ rules: { protected_assets: [asset] }, pointers: [], params: { order: `end ${account} now` } }).answer,
    ).toBe('deny');
    expect(policy([], [asset])(account)).toBe(true);
  });

  test.each([
    ['*.corp.example', 'CORP\\anna'],
    ['*.corp.example', 'anna@corp.example'],
    ['mail.corp.example', 'CORP\\anna'],
    ['mail.corp.example', 'mail@corp.example'],
    ['krbtgt@corp.example', 'OTHER\\krbtgt'],
    ['krbtgt@corp.example', 'krbtgt@corp.other'],
    ['krbtgt@corp.example', 'CORP\\anna'],
    ['corp\\svc', 'svc@corporation.example'],
    ['corp\\svc', 'svc2@corp.example'],
    ['*@corp.example', 'OTHER\\anna'],
    ['*@*.corp.example', 'CORP\\anna'],
    ['anna.meier@corp.example', 'anna@corp.example'],
  ])('%j leaves %j alone', (asset, account) => {
    expect(at(account, { rules: { protected_assets: [asset] } })).toBe('ask');
  });

  test.each([
    ['krbtgt@corp.example', 'CORP\\krbtgt'],
    ['krbtgt@corp.example', 'corp.example\\krbtgt'],
    ['krbtgt@corp.example', 'corp.example\\\\KRBTGT'],
    ['krbtgt@corp.example', 'OTHER\\krbtgt@corp.example'],
    ['krbtgt@corp.example', 'ssh://krbtgt@corp.example:22/x'],
    ['corp\\svc', 'svc@corp.example'],
    ['corp\\svc', 'corp.example\\svc'],
    ['corp\\svc', 'svc@corp'],
    ['corp.example\\svc', 'CORP\\svc'],
    ['*@corp.example', 'CORP\\anna'],
    ['corp\\adm-*', 'adm-1@corp.example'],
    ['corp*', 'CORP\\anna'],
    ['svc@b\u00fccher.example', 'xn--bcher-kva.example\\svc'],
  ])('the pattern %j is that account in each of its spellings: %j', (asset, account) => {
    expect(at(account, { rules: { protected_assets: [asset] } })).toBe('deny');
    const elsewhere = { endpoint: 'ws-7', account };
    if (!account.includes('://'))
      expect(decide({ rules: { protected_assets: [asset] }, params: elsewhere }).answer).toBe('deny');
    const order = `disable '${account}' now.`;
    expect(decide({ rules: { protected_assets: [asset] }, pointers: [], params: { order } }).answer).toBe('deny');
  });

  test.each([
    ...['CORP\\everyone', 'all@corp.example', 'CORP\\users', 'CORP\\Domain-Users', 'CORP\\$', 'CORP\\_'],
    ...['-@corp.example', 'CORP\\', 'anna@', 'ANY\\anna', 'anna@all'],
  ])('%j is everybody or nobody', (account) => expect(at(account)).toBe('deny'));
});

test('where no targets are declared, a sentence that says why is no host, but a word or a full name there is (ATK-F4)', () => {
  const rules = { protected_assets: ['mail.corp.example', 'backup.corp.example'] };
  const because = (params: object) =>
    decide({ rules, pointers: [], params: { host: 'ws-7', ...params }, action_class: 'low' }).answer;
  expect(because({ reason: 'it sent mail at night, the backup is safe' })).toBe('allow');
  expect(because({ note: 'see the mail of anna' })).toBe('allow');
  expect(because({ reason: 'it came from mail.corp.example' })).toBe('deny');
  expect(because({ reason: ' mail ' })).toBe('deny');
  for (const one of ['ma\uFEFFil', 'ma\u200bil', 'mail\uFEFF', 'ma\til', 'ma\u3164il'])
    expect(because({ note: one })).toBe('deny');
  expect(because({ reason: ['mail', 'ws-8 mail'] })).toBe('deny');
  expect(because({ order: 'isolate mail now' })).toBe('deny');
});

test.each([
  '*',
  '',
  ' ',
  'ws-*',
  'ws-?',
  'ws-[0-9]',
  '{a,b}',
  'ws-1,ws-2',
  'ws-1 ws-2',
  'ws-1;ws-2',
  '%',
  '10.0.0.0/8',
  '0.0.0.0/0',
  '::/0',
  '10.0.0.1-10.0.0.254',
  'x'.repeat(600),
  undefined,
  null,
  7,
  { any: 'host' },
  [['ws-1']],
])('%j names no single target and is denied (ATK-F4)', (endpoint) => {
  expect(at(endpoint)).toBe('deny');
});

test('one address written as a network is one address', () => {
  expect([at('10.0.0.7/32'), at('2001:db8::7/128')]).toEqual(['ask', 'ask']);
});

test('ten thousand endpoints are denied, and so is one more than a task may have (ATK-F4)', () => {
  const many = (count: number) => Array.from({ length: count }, (_, nth) => `ws-${nth}`);
  expect([at(many(5)), at(many(6)), at(many(10_000)), at([])]).toEqual(['ask', 'deny', 'deny', 'deny']);
  expect(at(many(6), { rules: { targets_max: 6 } })).toBe('ask');
});

test('no more than so many different targets an hour; one that was hit before is not counted twice (ATK-F4)', () => {
  const targets = Array.from({ length: 20 }, (_, nth) => `ws-${nth}`);
  expect(at('ws-20', { recent: { targets } })).toBe('deny');
  expect(at('ws-19', { recent: { targets } })).toBe('ask');
});

test('many questions at once need a second person each (ATK-F10)', () => {
  expect(decide({ recent: { questions: 5 } }).needed).toBe(1);
  expect(decide({ recent: { questions: 6 } }).needed).toBe(2);
  expect(decide({ recent: { questions: 6 }, action_class: 'low' }).answer).toBe('allow');
});

test('the version names the rules: the same rules have the same, any other rule another', () => {
  const version = (rules: Case['rules']) => createPolicy(PolicyRules.parse(rules)).version;
  expect(version({})).toBe(version({ targets_max: 5 }));
  const others = [{ targets_max: 6 }, { protected_assets: ['a'] }, { approvers: [] }, { needed: { low: 1 } }].map(
    version,
  );
  expect(new Set([version({}), ...others]).size).toBe(5);
  // As earlier releases judged it: asked anew.
  const earlier = [{}, { judgement: 2 }].map((judged) => digestOf({ ...PolicyRules.parse({}), ...judged }));
  expect(earlier).not.toContain(version({}));
});

test.each([
  ['https://dc1/', 'write the name alone: dc1'],
  ['dc1/', 'write the name alone: dc1'],
  ['[2001:db8::7]:443', 'leave brackets and port out: 2001:db8::7'],
  ['10.9/16', 'as 10.9.0.0/16'],
  ['10/8', 'as 10.9.0.0/16'],
  ['10.9.0.0/255.255.0.0', 'as 10.9.0.0/16'],
  ['10.9.0.0/33', 'as 10.9.0.0/16'],
  ['10.9.0.1/128', 'as 10.9.0.0/16'],
  ['10.9.*/16', 'as 10.9.0.0/16'],
  ['::ffff:10.9.0.0/16', 'the network of IPv4 alone, as 10.9.0.0/16'],
  ['64:ff9b::/96', 'it has all of IPv4 in it'],
  ['64:ff9b::/48', 'it has all of IPv4 in it'],
  ['2002::/16', 'it has all of IPv4 in it'],
  ['2002:a00::/16', 'it has all of IPv4 in it'],
  ['::/96', 'it has all of IPv4 in it'],
  ['::/8', 'it has all of IPv4 in it'],
  ['::/0', 'it has all of IPv4 in it'],
  ['::ffff:0:0/96', 'it has all of IPv4 in it'],
  ['::fffe:0:0/90', 'it has all of IPv4 in it'],
  ['::ffff:0:0:0/96', 'it has all of IPv4 in it'],
  ['fe80::%eth0/10', 'as 10.9.0.0/16 or 2001:db8::/32'],
])(
  'the pattern %s would protect nothing of what it says, or far more: refused with what to write (ATK-F4)',
  (pattern, told) => {
    const [issue] = PolicyRules.safeParse({ protected_assets: ['dc-*', pattern] }).error?.issues ?? [];
    expect(issue).toMatchObject({ path: ['protected_assets', 1], message: expect.stringContaining(told) as string });
  },
);

test('names, globs, networks and names of other kinds are patterns', () => {
  const protected_assets = [
    ...['dc-*', 'vault.corp.example', '10.9.0.0/16', '10.9.0.1/32', '2001:db8::/32', '2001:db8::7', 'fd00::*'],
    ...['0.0.0.0/0', '2000::/3', 'fd00::/8', '64:ff9b::a00:0/104', '2002:a00::/24', '::1/128'],
    ...[
      'CORP\\admin',
      'admin@corp.example',
      'arn:aws:iam::123456789012:role/Admin',
      'prod/deployments/web',
      'b\u00fccher',
    ],
    ...['dc1:389', 'redis:7', 'uid:1001', 'vlan:20'],
  ];
  expect(PolicyRules.parse({ protected_assets }).protected_assets).toEqual(protected_assets);
});

test('a pattern with a port is that text, and its host as a target, but no name of a param (ATK-F4)', () => {
  const rules = { protected_assets: ['dc1.corp.example:389', 'vault*:8200', 'redis:7', '10.9.0.1:443', 'vlan:20'] };
  const denied = [
    ...['dc1', 'dc1.corp.example', 'dc1:389', 'dc1:636', 'https://dc1/x', 'anna@dc1'],
    ...['vault-2', 'redis:7', 'redis', 'redis.corp.example', '10.9.0.1', '0xa090001', 'vlan:20'],
  ];
  expect(denied.filter((target) => at(target, { rules }) !== 'deny')).toEqual([]);
  expect(['dc1.other.example', 'dc11', 'redis@ws-7', '10.9.0.2', 'ws-7:389'].map((one) => at(one, { rules }))).toEqual(
    Array(5).fill('ask'),
  );
  expect(decide({ rules, params: { endpoint: 'ws-7', vlan: 20, redis: 'x' } }).answer).toBe('ask');
});

test('targets come from where the skill declares them, each once, lists one by one', () => {
  const traits = acting({ targets: ['/a/b', '/list', '/e~1f'] });
  const params = { a: { b: 'one' }, list: ['two', 'one', 3], 'e/f': 'three', other: 'no' };
  expect(targetsOf(traits, params)).toEqual(['one', 'two', '', 'three']);
  expect(targetsOf(acting({ targets: ['/__proto__/x', '/constructor'] }), {})).toEqual(['']);
});

test('whatever the params are, it answers, and never lets a protected whole value through (ATK-F4)', () => {
  const rules = { protected_assets: ['dc-01'] };
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (params, with_asset) => {
      const { answer } = decide({ rules, params: with_asset ? { ...params, deep: [{ at: 'dc-01' }] } : params });
      expect(['deny', 'ask']).toContain(answer);
      if (with_asset) expect(answer).toBe('deny');
    }),
  );
});
