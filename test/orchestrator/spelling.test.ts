/** A protected asset is protected however it is spelled, and what names no single thing is no target (ATK-F4). */
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { createPolicy, PolicyRules, type Decision } from '../../orchestrator/policy.ts';
import { protects } from '../../orchestrator/protected.ts';
import { targetsOf } from '../../orchestrator/targets.ts';
import { acting } from '../support/approvals.ts';

interface Case {
  assets?: string[];
  own_hosts?: string[];
  /** Where the skill says its targets are; nowhere is everywhere. */
  pointers?: string[];
}

function answer(target: unknown, { assets = [], own_hosts = [], pointers = ['/endpoint'] }: Case = {}): string {
  // Of class low, which asks nobody: what is not denied is done.
  const traits = acting({ action_class: 'low', targets: pointers });
  const params = { endpoint: target };
  const policy = createPolicy(PolicyRules.parse({ protected_assets: assets }), own_hosts);
  const task = { mode: 'active' as const, skill: 'contain_endpoint', params };
  const recent = { targets: [], questions: 1 };
  const targets = targetsOf(traits, params);
  return (policy.decide({ task, traits, agent_id: 'responder', targets, recent }) as Decision).answer;
}

/** Whether it is denied, wherever the skill says that its targets are. */
const isDenied = (target: string, about: Case) =>
  [['/endpoint'], []].every((pointers) => answer(target, { ...about, pointers }) === 'deny');

describe('one name', () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{1,8}(?:-[a-z0-9]{1,6})?$/).filter((name) => !NO_NAMES.test(name));
  const host = fc.tuple(label, fc.constantFrom('', '.corp', '.corp.example')).map(([name, domain]) => name + domain);
  const unseen = fc.constantFrom(
    '',
    '\u200b',
    '\u00ad',
    '\u034f',
    '\u3164',
    '\ufe0f',
    '\u180e',
    '\ufeff',
    '\u0000',
    '\u{e0041}',
  );
  const letter = (one: string) =>
    fc.constantFrom(one, one.toUpperCase(), one === '.' ? '\uff0e' : toWide(one), one === '-' ? '\u2011' : one);

  test('in other letters, with what nobody sees, in quotes, in a URL, with a domain or without: it is denied', () => {
    const spelled = host.chain((name) =>
      fc.record({
        asset: fc.constant(name),
        letters: fc.tuple(...Array.from(name).map((one) => fc.tuple(letter(one), unseen).map((pair) => pair.join('')))),
        dress: fc.constantFrom(...DRESSES),
      }),
    );
    fc.assert(
      fc.property(spelled, ({ asset, letters, dress }) => {
        expect(isDenied(dress(letters.join('')), { assets: [asset] })).toBe(true);
      }),
    );
  });

  test('the domain does not count, whichever side has one; another domain, and a name beside it, does', () => {
    const domain = fc.constantFrom('', '.corp', '.corp.example');
    fc.assert(
      fc.property(label, domain, domain, (name, ours, theirs) => {
        expect(isDenied(name + theirs, { assets: [name + ours] })).toBe(true);
        expect(isDenied(name + theirs, { own_hosts: [name + ours] })).toBe(true);
        expect(answer(`${name}x${theirs}`, { assets: [name + ours] })).toBe('allow');
      }),
    );
    expect(answer('fs-01.corp.other', { assets: ['fs-01.corp.example'] })).toBe('allow');
  });

  test('a glob with a domain stands for short names too, unless nothing else would be left of it', () => {
    expect(answer('dc-01', { assets: ['dc-*.corp.example'] })).toBe('deny');
    expect(answer('dc-01.other.example', { assets: ['dc-*.corp.example'] })).toBe('allow');
    expect(answer('ws-1.dmz.example', { assets: ['*.dmz.example'] })).toBe('deny');
    expect(answer('ws-1', { assets: ['*.dmz.example'] })).toBe('allow');
  });

  test('a domain in letters beyond ASCII is the one in punycode', () => {
    expect(answer('xn--bcher-kva.example', { assets: ['b\u00fccher.example'] })).toBe('deny');
    expect(answer('B\u00dcCHER\u3002example', { assets: ['xn--bcher-kva.example'] })).toBe('deny');
  });

  test('where no targets are declared it is found in a list and in a sentence, but a time or a version is no host', () => {
    const at = (text: string) =>
      answer(text, { assets: ['dc-01', '10.9.0.1'], own_hosts: ['mesh-host'], pointers: [] });
    expect(
      ['ws-1,dc-01', 'ws-1 dc-01', 'ws-1\ndc-01', 'it came from 10.9.0.1.', `${'x '.repeat(900)}dc-01`].map(at),
    ).toEqual(Array(5).fill('deny'));
    expect(['at 2026-01-01T00:00:00Z', 'version 0.0', '0 of 10 at 12:00', 'ws-1: dc-011'].map(at)).toEqual(
      Array(4).fill('allow'),
    );
  });
});

describe('one address', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const ipv4 = fc.tuple(fc.integer({ min: 1, max: 223 }), byte, byte, byte).filter(([first]) => first !== 127);
  const ipv6 = fc.tuple(
    fc.integer({ min: 0xfd00, max: 0xfdff }),
    ...Array.from({ length: 7 }, () => fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))),
  );

  test('of four bytes, in every form that a resolver takes, is denied; the next one is not', () => {
    fc.assert(
      fc.property(ipv4, fc.constantFrom(...IPV4_FORMS), fc.constantFrom(...IPV4_FORMS), (bytes, form, known_as) => {
        expect(isDenied(form(bytes), { assets: [known_as(bytes)] })).toBe(true);
        expect(isDenied(form(bytes), { own_hosts: [bytes.join('.')] })).toBe(true);
        const [one, two, three, four] = bytes;
        expect(answer([one, two, three, four ^ 1].join('.'), { assets: [bytes.join('.')] })).toBe('allow');
      }),
    );
  });

  test('of sixteen bytes, with or without its zeros, is denied; the next one is not', () => {
    fc.assert(
      fc.property(ipv6, fc.constantFrom(...IPV6_FORMS), fc.constantFrom(...IPV6_FORMS), (parts, form, known_as) => {
        expect(answer(form(parts), { assets: [known_as(parts).replace(/^\[(.*)\]:443$/, '$1')] })).toBe('deny');
        const next = [...parts.slice(0, 7), (parts[7] ?? 0) ^ 1].map((part) => part.toString(16)).join(':');
        expect(answer(next, { assets: [form(parts).replace(/^\[(.*)\]:443$/, '$1')] })).toBe('allow');
      }),
    );
  });

  test('a network in the policy protects all that lies in it, a glob what begins like it', () => {
    expect(
      ['10.9.200.1', '::ffff:10.9.0.1', '0xa090001'].map((one) => answer(one, { assets: ['10.9.0.0/16'] })),
    ).toEqual(Array(3).fill('deny'));
    expect(answer('10.10.0.1', { assets: ['10.9.0.0/16'] })).toBe('allow');
    expect(answer('168361985', { assets: ['10.9.*'] })).toBe('deny');
    expect(answer('FD00:0:0:0:0:0:0:5', { assets: ['fd00::*'] })).toBe('deny');
    expect(answer('10', { assets: ['10.9.0.1'] })).toBe('allow');
  });

  test.each(['10.9.0.1-20', '10.8.9.9-10.9.0.3', 'https://10.9.0.1-20/?x', 'https://10.9.0.1-20/x', 'at 10.9.0.1-20'])(
    'a range with an end in a protected network is denied where no targets are declared too: %j',
    (range) => {
      expect(answer(range, { assets: ['10.9.0.0/16'], pointers: [] })).toBe('deny');
      expect(answer(range, { assets: ['10.7.0.0/16'], pointers: [] })).toBe('allow');
    },
  );

  test.each([
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::FFFF:A00:0/104', '10.0.0.0/8'],
    ['64:ff9b::10.0.0.0/104', '10.0.0.0/8'],
    ['2002:a00::/24', '10.0.0.0/8'],
    ['::ffff:10.1.2.0/120', '10.1.2.0/24'],
  ])('%s protects the same of IPv4 as %s, whichever form an address is in', (written, network) => {
    for (const asset of [written, network]) {
      const inside = IPV4_FORMS.map((form) => answer(form([10, 1, 2, 3]), { assets: [asset] }));
      expect(inside).toEqual(inside.map(() => 'deny'));
      const outside = IPV4_FORMS.map((form) => answer(form([11, 1, 2, 3]), { assets: [asset] }));
      expect(outside).toEqual(outside.map(() => 'allow'));
    }
    expect(answer('2001:db8::7', { assets: [network] })).toBe('allow');
  });

  test('all of IPv4 is 0.0.0.0/0 alone: a wide network of IPv6 has none of it, whatever else it covers', () => {
    const forms = IPV4_FORMS.slice(0, 10).map((form) => form([8, 8, 8, 8]));
    expect(forms.map((form) => answer(form, { assets: ['0.0.0.0/0'] }))).toEqual(forms.map(() => 'deny'));
    for (const wide of ['64:ff9b::/96', '2002::/16', '::/96', '::/8', '::/0', '2000::/3', '::ffff:0:0:0/96']) {
      const isProtected = protects([wide], []);
      expect(forms.filter((form) => isProtected(form, 'target'))).toEqual([]);
    }
    expect(protects(['64:ff9b::/96'], [])('64:ff9b::8.8.8.8', 'target')).toBe(true);
  });

  test('a network of IPv6 is one also with a length that an address of IPv4 has, and the other way round', () => {
    const at = (asset: string, target: string) => answer(target, { assets: [asset] });
    expect(at('2001:db8::/32', '2001:db8:1::7')).toBe('deny');
    expect(at('2001:db8::/32', '2001:db9::7')).toBe('allow');
    expect(at('2001:db8::7/128', '2001:db8::7')).toBe('deny');
    expect(at('2001:db8::7/128', '2001:db8::8')).toBe('allow');
    expect(at('10.9.0.1/32', '10.9.0.1')).toBe('deny');
    expect(at('10.9.0.1/32', '10.9.0.2')).toBe('allow');
    expect([at('ws-1', '2001:db8::/32'), at('ws-1', '10.9.0.1/128'), at('ws-1', '2001:db8::7/128')]).toEqual([
      'deny',
      'deny',
      'allow',
    ]);
  });
});

describe('an asset without its domain', () => {
  const assets = ['dc*.corp.example', 'mail.corp.example', 'backup.corp.example', 'login.corp.example'];
  const at = (endpoint: unknown, more: object = {}, pointers = ['/endpoint']) => {
    const traits = acting({ action_class: 'low', targets: pointers });
    const params = { endpoint, ...more };
    const task = { mode: 'active' as const, skill: 'contain_endpoint', params };
    const recent = { targets: [], questions: 1 };
    const policy = createPolicy(PolicyRules.parse({ protected_assets: assets }));
    const targets = targetsOf(traits, params);
    return (policy.decide({ task, traits, agent_id: 'responder', targets, recent }) as Decision).answer;
  };

  test.each([
    'dcooper',
    'mail',
    'DC-01',
    'dc-01$',
    'CORP\\DC-01$',
    'DC-01$@corp.example',
    'https://mail/x',
    'mail:443',
    '\\\\backup\\c$',
    'anna@mail',
    'MAIL\\administrator',
    'http:/mail/x',
    'http:\\\\mail\\x',
    'http:mail',
    'https:anna@mail:443/x',
    'sftp:/mail/x',
    'file:\\\\mail\\x',
    'mail:/export',
    'anna@mail:/etc',
    'mail:imaps',
    'ssh:mail',
    'ssh:mail:22',
    'mail::module',
    'jdbc:postgresql://mail/x',
    'MAIL:C$',
    '\\\\mail@SSL@8443\\x',
    'HOST/mail',
    'MSSQLSvc/mail:1433',
    'HTTP/mail@CORP.EXAMPLE',
    'ldap/dc-01/corp.example',
  ])('is the host of %j: denied', (target) => {
    expect(at(target)).toBe('deny');
    expect(at(target, {}, [])).toBe('deny');
  });

  test.each([
    'dcooper@corp.example',
    'dcooper@hr.corp.example',
    'CORP\\dcooper',
    'mail@other.example',
    'https://phish.evil.example/login',
    'https://phish.evil.example/login/backup',
    'prod/deployments/mail',
    'arn:aws:iam::123456789012:role/backup',
    '/srv/backup/x.tar',
    'C:\\backup\\x.tar',
    'registry.example/mail:1.2',
  ])('is neither user nor path nor part of %j: not denied', (target) => {
    expect(at(target)).toBe('allow');
    expect(at(target, {}, [])).toBe('allow');
  });

  test('is no word of a declared skill, whether as the name of a param or as another value', () => {
    expect(at('ws-7', { mail: 1, channel: 'backup' })).toBe('allow');
    expect(at('ws-7', { mail: 'x' }, [])).toBe('allow');
    expect(at('ws-7', { hosts: { mail: {} } })).toBe('allow');
    expect(at('ws-7', { 'mail.corp.example': 1 })).toBe('deny');
    expect(at('ws-7', { also: 'dc-01.corp.example' })).toBe('deny');
  });

  test('is found in a list where nothing is declared, and as a key of a map', () => {
    const lists = ['ws-1,dc-01', 'ws-1 dc-01', 'ws-1&dc-01', 'CN=dc-01,DC=corp', 'ws-1 (HOST/mail)', "'http:/mail/x'"];
    expect(lists.map((list) => at(list, {}, []))).toEqual(lists.map(() => 'deny'));
    expect(at('ws-7', { hosts: { mail: {} } }, [])).toBe('deny');
  });

  test('is not the scheme of a URL, a drive or a time', () => {
    const allowed: [string, string][] = [
      ['h*.corp.example', 'https://other.example/x'],
      ['c*.corp.example', 'C:\\x\\y'],
      ['1*.corp.example', 'ws-7:12'],
      ['f*.corp.example', 'fe80::7'],
      ['f*.corp.example', '[fe80::7]:443'],
    ];
    expect(allowed.map(([asset, target]) => answer(target, { assets: [asset] }))).toEqual(allowed.map(() => 'allow'));
  });
});

describe('a URL with a query or encoded characters', () => {
  const assets = ['mail.corp.example', 'dc-01', '10.9.0.0/16', 'fd00::5', 'b\u00fccher.example'];

  test.each([
    'https://evil.example/a?b=c%20d',
    'https://evil.example/a%20b/c.html',
    'HTTPS://Evil.Example:8443/a?b=c&d=e+f#top',
    'https://evil.example/?',
    'https://evil.example/login?email=anna@other.example&next=/home',
    'https://evil.example/r?u=https%3A%2F%2Fbank.example%2Flogin',
    'https://evil.example/r?u=https://bank.example/login',
    'https://evil.example/x?q=%20mail',
    'https://evil.example/x?q=100%25',
    'https://evil.example/r?u=https%253A%252F%252Fbank.example%252F%253Fa%253Db%2526c',
    'https://evil.example/x//y?z',
    'https://evil.example/r?u=//bank.example/mail',
    'https://evil.example/b%C3%BCcher.html',
    'https://evil.example/?q=%E9',
    'https://evil.example/#!/a?b=c',
    'https://evil.example./a?b=c',
    'https://b\u00fccher.other/a?b=c',
    'https://xn--bcher-kva.other/a?b=c',
    'http://198.51.100.7/a?b=c',
    'https://[2001:db8::7]:443/a?b=c',
    'ftp://evil.example/a%20b',
    'wss://evil.example/socket?v=1',
  ])('names one thing where everybody reads the same in it: %j', (target) => {
    expect(answer(target, { assets })).toBe('allow');
    expect(answer(target, { assets, pointers: [] })).toBe('allow');
  });

  test.each([
    'https://mail/a?b=c',
    'https://MAIL.:443/a?b=c',
    'https://mail.corp.example./a?b=c',
    'https://m%61il/a',
    'https://m%2561il/a',
    'https://mail%2ecorp%2eexample/a',
    'https://mail\u3002corp\u3002example/a?b=c',
    'https://\uff4dail/a?b=c',
    'https://ma%C2%ADil/a',
    'https://ma%09il/a',
    'https://ma\til/a?b=c',
    'https://ma\nil/a?b=c',
    'ht\ntps://mail/a?b=c',
    'https://anna@mail/a?b=c',
    'https://evil.example@mail/a?b=c',
    'https://evil.example%40mail/a',
    'https://evil.example\\@mail/a?b=c',
    'https://evil.example\\@mail/a',
    'https://evil.example?@mail/a',
    'https://evil.example#@mail/a?b',
    'https:\\\\mail\\a?b=c',
    'https:mail/a?b=c',
    'https:///mail/a?b=c',
    'https://evil.example/a?b=dc-01',
    'https://evil.example/a?b=dc%2D01',
    'https://evil.example/r?u=https%3A%2F%2Fdc-01%2F',
    'https://x.example/?url=http://mail/',
    'https://x.example/?url=http:%2f%2fmail%2f',
    'https://x.example/?url=http:%252f%252fanna@mail:80%252f',
    'https://x.example/?url=//mail/',
    'https://x.example/?url=http:mail',
    'https://x.example/?url=https:/mail&x=1',
    'https://x.example/%2f%2fmail/',
    'https://x.example/http://mail/',
    'https://x.example/?url=http://mail',
    'https://x.example/#//mail',
    'https://0xa090001/a?b=c',
    'https://168361985/a?b=c',
    'https://10.9.1/a?b=c',
    'https://%31%30.9.0.1/a',
    'https://[::ffff:10.9.0.1]/a?b=c',
    'https://[fd00:0::5]/a?b=c',
    'https://[fd00::5%25eth0]/a?b=c',
    'https://[::1%25lo]/a',
    'https://localhost./a?b=c',
    'https://xn--bcher-kva.example/a?b=c',
    'https://B%C3%9CCHER.example/a',
  ])('is protected, however it is spelled: %j', (target) => {
    expect(isDenied(target, { assets })).toBe(true);
  });

  test.each([
    'https://anna@evil.example/a?b=c',
    'https://evil.example?b=c',
    'https://evil.example#a?b',
    'https://evil.exampl?/a',
    'https://evil.example\\a?b=c',
    'https://evil%2eexample/a',
    'https://evil.example/a/%2e%2e/b',
    'https://evil.example/a/%2e/b',
    'https://evil.example/a/../b?c',
    'https://evil..example/a?b',
    'https://evil.example/a%00b',
    'https://evil.example/a%0ab',
    'https://evil.example/a%5cb',
    'https://evil.example/100%',
    'https://evil.example/a%2',
    'https://evil.example/a?b c',
    'https://evil.example/a?b\u200bc',
    'https://evil.example/*?a=b',
    'https://evil.example/[1-9]?a=b',
    'https://evil.example/{a,b}?c',
    'https://evil.example/a?b,https://other.example/',
    'https://evil.example/a?b&https://other.example/',
    'https://evil.example/a?b+//other.example/',
    'https://evil.example/a?b|c',
    'https://evil.example/a?b=$(reboot)',
    'https://*.evil.example/a?b',
    'https://0xc6336407/a?b=c',
    'https://fa\u00df.example/a?b=c',
    'https://[fe80::1%25eth0]/a?b=c',
    'https://224.0.0.1/a?b=c',
    'https://evil.example:99999/a?b=c',
    'https:///a?b=c',
    's3://logs/a?b=c',
    'evil.example/a?b=c',
    'https://a.example/%20https://b.example/%20https://c.example/',
    'https://a.example/x%2chttps://y.example/',
    'https://a.example/x%7chttps://y.example/',
    'https://a.example/?https://y.example/',
    'https://a.example/?x=1?https://y.example/',
    'https://a.example/?x#//y.example/',
    'https://a.example/?%3bhttps://y.example/',
    'https://a.example/?%2521https://y.example/',
    'https://a.example/?x=1%20https:/y.example/',
    'https://a.example/?x=1%22https://y.example/',
    'https://a.example/?x=%EF%BC%8Cy.example',
    'https://a.example/?x=y%2Cz',
    'https://a.example/?x#%7Cy',
    'https://a.example/-https://y.example/?',
    'https://a.example/https://y.example/?',
    'https://a.example/https%3A%2F%2Fy.example/',
    'https://a.example/x%20/y',
    'https://a.example/%20y.example/',
    'https://a.example/%2a',
    'https://a.example/%7Ba%2Cb%7D',
    'https://a.example/%5ba-z%5d',
    'https://a.example/%2e%2e%2fmail',
    'https://a.example/%252e%252e/',
    'https://a.example/x/%252e%252e',
    'https://a.example/?x=%252e%252e%252fy',
    'https://a.example/%25252525252a',
    'https://a.example/%25252520x',
    'https://a.example/x%255cy',
    'https://a.example/x%E2%80%A8y',
    'https://a.example/x%E2%80%8By',
    'https://a.example/x?y=%C2%85',
    'https://a.example/100%25',
  ])('names no single thing where two readers could differ: %j', (target) => {
    expect(answer(target, { assets })).toBe('deny');
  });
});

describe('a glob', () => {
  test.each([
    ['C:\\Windows\\*', 'C:\\Windows\\System32\\x.dll'],
    ['/srv/backup/*', '/srv/backup/2026/a'],
    ['prod/*', 'prod/deployments/web'],
    ['prod/*/web', 'prod/eu/deployments/web'],
    ['*@corp.example', 'anna@corp.example'],
    ['corp*', 'CORP\\anna'],
    ['svc-*', 'svc-backup@corp.example'],
    ['backup*', 'backup/2026/a'],
  ])('%j covers %j', (asset, target) => {
    expect(answer(target, { assets: [asset] })).toBe('deny');
    expect(answer(target, { assets: [asset], pointers: [] })).toBe('deny');
  });

  test.each([
    ['dc*.corp.example', 'dcooper@mail.corp.example'],
    ['C:\\Windows\\*', 'C:\\Users\\x.dll'],
    ['prod/*', 'test/deployments/web'],
    ['corp*', 'OTHER\\anna'],
  ])('%j does not cover %j', (asset, target) => expect(answer(target, { assets: [asset] })).toBe('allow'));
});

test.each([
  'ws-1\nws-2',
  'ws-1\tws-2',
  'ws-1\u2028ws-2',
  'ws-1\u00a0ws-2',
  'ws-1\u0000ws-2',
  'ws-1\ufe0f',
  'ws-1\u034f',
  'ws-1\u3164',
  'ws\u200b-1',
  'ws-1\ud800',
  'ws\u20131',
  ' ws-1',
  '"ws-1"',
  '\u201cws-1\u201d',
  "'ws-1'",
  '(ws-1)',
  'ws-1&ws-2',
  'ws-1+ws-2',
  'ws-1~ws-9',
  'ws-1..ws-9',
  'ws-1\uff0cws-2',
  'tag=servers',
  '!ws-1',
  '^ws',
  '.',
  '/',
  '10.0.0.0/255.255.255.0',
  '10.9.0.0/0xffff0000',
  'net=10.9.0.0/16',
  'net=10.9/16',
  'prod/net=10.9.0.0/16',
  'ip=10.9.0.1-10.9.0.254/x',
  'ip=10.0-5.0.1/x',
  '10/8',
  '10.9.1/32',
  '10.0.0.1\u201310.0.0.9',
  '10.0.0.1-9',
  '10.0-5.0.1',
  'fd00::1-fd00::9',
  'fd00::/64',
  '2001:db8::/32',
  '[2001:db8::]/32',
  '[2000::]/3',
  '10.9.0.1/128',
  '4711/4712',
  '[ff02::1]:443',
  '[ws-1]',
  '<ws-1>',
  '<ws-1,ws-2@x>',
  'ws-1@x+ws-2',
  '+10.0.0.1+10.0.0.2',
  'web1+web2',
  'fileserver01+fileserver02',
  'FileServer01+FileServer0002',
  'FileServer01+FileServer02+FileServer0003',
  'FileServer01+FileServer0002=',
  'Prod/web/FileServer01+Prod/web/FileServer002',
  'WS01+WS02+AAMkAGI2TG93AAAxb0xYz9AAAAAAEM',
  'WS1+WS2=',
  'ws-(1)',
  'ws(1|2).corp',
  '(ws-1).exe',
  'ws-1~9',
  '/ws-1&ws-2',
  '/srv/a&/srv/b',
  'C:\\a&D:\\b',
  'https://a.example/&https://b.example/',
  '/tmp/$(reboot)',
  'tag=servers/all',
  'ws-1/24,ws-2',
  'ws-1&reboot',
  'https://10.9.0.1-20/?x',
  'https://10.9.0.1-20/x',
  'https://10.9.0-5.1/?x',
  'https://all/?x',
  'https://ALL./?x',
  'https://all/x',
  'https://everyone:443/x',
  '\\\\all\\c$',
  '255.255.255.255',
  '224.0.0.1',
  'ff02::1',
  'all',
  'ALL',
  '@everyone',
  'any',
])('%j names no single target', (target) => expect(answer(target)).toBe('deny'));

test.each([
  'ws-7',
  'WS_7.corp.example',
  '10.0.0.7',
  'fe80::7',
  'f-17',
  'anna+tag@corp.example',
  "o'brien@corp.example",
  'CORP\\anna',
  'WS-7$',
  'aGk/x+y@z==',
  'b\u00fccher.example',
  '4711',
  'ws-7.corp.example',
  'xn--bcher-kva.example',
  'CORP\\WS-7$',
  'anna_gmail.com#EXT#@corp.onmicrosoft.com',
  'S-1-5-21-3623811015-3361044348-30300820-1013',
  '00:1A:2B:3C:4D:5E',
  '00-1a-2b-3c-4d-5e',
  '7f3c2b1a-0000-4000-8000-00805f9b34fb',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '10.0.0.7:443',
  '[2001:db8::7]:443',
  '[2001:db8::7]/128',
  '[2001:db8::7]:443/x',
  'https://[2001:db8::7]/x',
  '10.0.0.7/admin',
  'arn:aws:ec2:eu-west-1:123456789012:instance/i-0abcdef1234567890',
  'prod/deployments/web',
  'registry.example/team/app:1.2.3',
  'ghcr.io/team/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'E-004711',
  '4711/anna',
  '<CAF+xyz=abc_1@mail.gmail.com>',
  '<20261128.1234$x@corp.example>',
  'bounce+anna=corp.example@lists.example',
  'invoice(1).exe',
  'C:\\Users\\ANNA~1\\x.exe',
  'C:\\R&D\\plan(final).docx',
  '\\\\fs-7\\team\\r+d.docx',
  '/home/anna/notes/c++.txt',
  'https://univ.example/~bob/x.html',
  'https://shop.example/a+b/c=d&e',
  's3://logs/dt=2026-11-28/part',
  'dt=2026-11-28/part',
  'dt=20261128/05',
  'year=2026/month=11/part',
  'version=10.0.19041.1/x',
  '+491701234567',
  '+1-202-555-0100',
  'AAMkAGI2TG93AAA+b/0xYz9AAAAAAEMAAC==',
  'AAMkAGI2TG93AAAxb0xYz9AAAAAAEMAACAAAA+abc/12',
  'bob+ci',
  'CORP\\bob+ci',
])('%j names one', (target) => expect(answer(target)).toBe('allow'));

const toWide = (one: string): string => String.fromCodePoint((one.codePointAt(0) ?? 0) + 0xfee0);
const NO_NAMES = /^(?:all|any|every|xn)|^0x/;
const DRESSES: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => ` ${name}\n`,
  (name) => `${name}.`,
  (name) => `"${name}"`,
  (name) => `(${name})`,
  (name) => `\u201c${name}\u201d`,
  (name) => `https://${name}:8443/x`,
  (name) => `\\\\${name}\\c$`,
  (name) => `anna@${name}`,
  (name) => `CN=${name},DC=corp`,
  (name) => `ws-1\t${name}`,
  (name) => `ws-1&${name}`,
];
const hex = (part: number): string => `0x${part.toString(16)}`;
const octal = (part: number): string => `0${part.toString(8)}`;
const toInteger = (bytes: readonly number[]): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);
const IPV4_FORMS: readonly ((bytes: [number, number, number, number]) => string)[] = [
  (bytes) => bytes.join('.'),
  (bytes) => `${bytes.join('.')}/32`,
  (bytes) => bytes.map(hex).join('.'),
  (bytes) => bytes.map(octal).join('.'),
  (bytes) => hex(toInteger(bytes)),
  (bytes) => String(toInteger(bytes)),
  ([one, ...rest]) => `${one}.${toInteger(rest)}`,
  ([one, two, ...rest]) => `${one}.${two}.${toInteger(rest)}`,
  (bytes) => `::ffff:${bytes.join('.')}`,
  (bytes) => new ipaddr.IPv4(bytes).toIPv4MappedAddress().toNormalizedString(),
  (bytes) => `64:ff9b::${bytes.join('.')}`,
  (bytes) => toWide(bytes.join('.').slice(0, 1)) + bytes.join('.').slice(1),
];
const IPV6_FORMS: readonly ((parts: number[]) => string)[] = [
  (parts) => new ipaddr.IPv6(parts).toString(),
  (parts) => new ipaddr.IPv6(parts).toString().toUpperCase(),
  (parts) => `${new ipaddr.IPv6(parts).toString()}/128`,
  (parts) => parts.map((part) => part.toString(16)).join(':'),
  (parts) => parts.map((part) => part.toString(16).padStart(4, '0')).join(':'),
  (parts) => `[${new ipaddr.IPv6(parts).toString()}]:443`,
];
