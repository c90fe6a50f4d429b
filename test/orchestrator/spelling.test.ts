/** A protected asset is protected however it is spelled, and what names no single thing is no target (ATK-F4). */
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { createPolicy, PolicyRules, type Decision } from '../../orchestrator/policy.ts';
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
  '10/8',
  '10.9.1/32',
  '10.0.0.1\u201310.0.0.9',
  '10.0.0.1-9',
  '10.0-5.0.1',
  'fd00::1-fd00::9',
  'fd00::/64',
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
