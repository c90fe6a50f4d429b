/** Names of hosts: who owns them, and whether they are dressed up as somebody else's. */
import { domainToUnicode } from 'node:url';
import ipaddr from 'ipaddr.js';
import { parse } from 'tldts';
import { isLabelAWord, type Brand } from './brands.ts';
import { isCheap } from './hosts.ts';

/** The part a registrar sold (`example.co.uk`), or the host itself when it ends in no public suffix. */
export const registeredDomain = (host: string): string => parse(host, { validateHostname: false }).domain ?? host;

/** Whether the name could exist in the public DNS: it ends in a suffix that ICANN knows, below which something is registered. */
export function isPublicName(host: string): boolean {
  const { domain, isIcann, isPrivate } = parse(host);
  return domain !== null && (isIcann === true || isPrivate === true);
}

/** Whether the name is one of those that networks give inside: nobody outside can have it, and nobody outside is led there. */
export const isInsideName = (host: string): boolean => INSIDE.test(host);

/** Whether the host is an address instead of a name, in any notation a browser takes. */
export const isAddress = (host: string): boolean => ipaddr.isValid(host);

/** How a host imitates a brand. */
export interface Lookalike {
  brand: Brand;
  how: string;
  /** The letters look alike, the brand stands before another domain or inside a longer word, or one letter differs. */
  means: 'shape' | 'front' | 'inside' | 'spelling';
  /** `same shape` is deliberate, `close spelling` may be chance, a longer name with the brand in it may be the brand's own. */
  certainty: 'high' | 'medium' | 'low';
}

/**
 * The brand that a host pretends to be, or undefined. A brand's own domains, and names in them, never match. Looks at shape
 * (UTS #39 skeleton, after punycode), at spelling (one edit) and at a brand set in front of another domain.
 */
export function lookalikeOf(host: string, brands: readonly Brand[]): Lookalike | undefined {
  if (isAddress(host) || ownerOf(host, brands) || brands.some((brand) => isMember(host, brand))) return undefined;
  const shown = domainToUnicode(host) || host;
  const registered = registeredDomain(shown);
  const name = registered.split('.')[0] ?? registered;
  const labels = shown.split('.').slice(0, LABELS_MAX);
  const words = new Set(labels.flatMap((label) => label.split('-')).map(skeleton));
  const shape = skeleton(name);
  const inFront = `.${shown.replaceAll('-', '.')}`;
  const run = skeleton(shown).replace(/[.-]/g, '');
  const isNamesake = brands.some((brand) => labelsOf(brand).some(([, own, is_word]) => name === own && !is_word));
  // A weak match waits: another brand may be worn openly.
  let plain: Lookalike | undefined;
  for (const brand of brands) {
    const whole = brand.domains.find((domain) => inFront.includes(`.${domain}.`));
    if (whole !== undefined) {
      return {
        brand,
        how: `"${whole}" set before a domain that is not the brand's`,
        means: 'front',
        certainty: 'high',
      };
    }
    for (const [label, own, is_word] of labelsOf(brand)) {
      if (shape === label && name !== own)
        return { brand, how: 'same shape in other characters', means: 'shape', certainty: 'high' };
      if (is_word || name === own) continue; // The brand under another suffix may be its own: owners register many.
      if (words.has(label)) {
        const how = `"${label}" set before a domain that is not the brand's`;
        if (!isPlainCompound(shown, own, '-')) return { brand, how, means: 'front', certainty: 'high' };
        plain ??= { brand, how, means: 'front', certainty: 'low' };
        continue;
      }
      if (label.length >= CONTAINED_MIN && run.includes(label)) {
        const how = `"${label}" inside a name that is not the brand's`;
        if (!isPlainCompound(shown, own, '')) return { brand, how, means: 'inside', certainty: 'high' };
        plain ??= { brand, how, means: 'inside', certainty: 'low' };
        continue;
      }
      // Two brands may be one letter apart: whoever bears the name of one does not imitate the other.
      if (!isNamesake && label.length >= SPELLING_MIN && isOneEdit(shape, label)) {
        return { brand, how: `one character from "${label}"`, means: 'spelling', certainty: 'medium' };
      }
    }
  }
  return plain;
}

/**
 * A registered name that wears the brand in its own letters beside other words: owners register such names, and so does anybody.
 * A word for what phish are after, or a suffix of cheap registrations, makes it a disguise.
 */
function isPlainCompound(host: string, label: string, joint: '-' | ''): boolean {
  const registered = registeredDomain(host);
  const name = registered.split('.')[0] ?? registered;
  const isWorn = joint === '-' ? name.split('-').includes(label) : name.includes(label);
  const before = host.slice(0, host.length - registered.length);
  return isWorn && !isCheap(host) && !BAIT.test(before + name.replace(label, '-'));
}

/** Whether the host is one of an association's many: its word and a place, under a suffix of the association. */
export function isMember(host: string, { domains, members = [] }: Brand): boolean {
  if (members.length === 0) return false;
  const registered = registeredDomain(host);
  const dot = registered.indexOf('.');
  const parts = registered.slice(0, dot).split('-');
  const isKnownSuffix = domains.some((domain) => domain.slice(domain.indexOf('.')) === registered.slice(dot));
  const places = parts.filter((part) => !members.includes(part));
  const isPlace = places.every((part) => /^\p{L}{3,}$/u.test(part) && !BAIT.test(part));
  return isKnownSuffix && places.length < parts.length && isPlace && !BAIT.test(host.slice(0, -registered.length));
}

/** The brand whose domain, or a name in it, the host is. */
export function ownerOf(host: string, brands: readonly Brand[]): Brand | undefined {
  const registered = registeredDomain(host);
  return brands.find((brand) => brand.domains.includes(registered) || brand.domains.includes(host));
}

/** Characters that look alike become one (UTS #39, the Latin look-alikes among Cyrillic, Greek, full-width and digits). */
export function skeleton(text: string): string {
  return Array.from(text.normalize('NFKD').toLowerCase())
    .map((char) => LOOKALIKES.get(char) ?? char)
    .join('')
    .replace(/\p{M}/gu, '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}

/** Whether a word mixes Latin with letters of another script that look Latin. */
export function isMixedScript(text: string): boolean {
  return text
    .split(/[^\p{L}]+/u)
    .some(
      (word) =>
        /\p{Script=Latin}/u.test(word) && /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}]/u.test(word),
    );
}

/** A label nobody would choose to read out: long, with digits strewn in or consonants in rows. */
export function isRandomLabel(label: string): boolean {
  if (label.length < RANDOM_MIN || label.includes('-')) return false;
  const switches = [...label.matchAll(/[a-z](?=\d)|\d(?=[a-z])/g)].length;
  return switches >= 3 || /[bcdfghjklmnpqrstvwxz]{7,}/.test(label) || label.length >= RANDOM_LONG;
}

/** A label that a brand is known by; one that is also a word is imitated by other characters only. */
type Label = readonly [shape: string, spelling: string, is_word: boolean];

function labelsOf(brand: Brand): readonly Label[] {
  const known = LABELS.get(brand);
  if (known) return known;
  const spellings = new Set(brand.domains.map((domain) => domain.split('.')[0] ?? domain));
  const labels = Array.from(spellings)
    .filter((label) => label.length >= LABEL_MIN)
    .map((label): Label => [skeleton(label), label, isLabelAWord(brand, label)]);
  LABELS.set(brand, labels);
  return labels;
}

/** Whether one letter was added, lost, exchanged or swapped with its neighbour. */
export function isOneEdit(left: string, right: string): boolean {
  if (left === right || Math.abs(left.length - right.length) > 1) return false;
  let start = 0;
  while (start < Math.min(left.length, right.length) && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < Math.min(left.length, right.length) - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const [a, b] = [left.slice(start, left.length - end), right.slice(start, right.length - end)];
  const swapped = a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0];
  return Math.max(a.length, b.length) <= 1 || swapped;
}

const LOOKALIKES = new Map(
  Object.entries({
    a: 'аαɑ@',
    b: 'вьƅ',
    c: 'сϲ¢',
    d: 'ԁɗđ',
    e: 'еεє',
    g: 'ɡց',
    h: 'һнн',
    i: 'іιıí',
    j: 'јϳ',
    k: 'кκ',
    l: 'ӏłⅼ1',
    m: 'м',
    n: 'ոηп',
    o: 'оοσօ0ø',
    p: 'рρ',
    q: 'ԛ',
    r: 'г',
    s: 'ѕ5$',
    t: 'тτ',
    u: 'υս',
    v: 'ѵν',
    w: 'ԝω',
    x: 'хχ',
    y: 'уγү',
    z: 'ᴢ',
  }).flatMap(([latin, others]) => Array.from(others).map((other): [string, string] => [other, latin])),
);
/** Computed once a brand; the same brand always gives the same labels. */
const LABELS = new WeakMap<Brand, readonly Label[]>();
/** What phish are after, and how they call it. */
const BAIT =
  /log-?[io]n|sign-?in|secur|sicher|verif|account|konto|auth|passw|kennwort|push-?tan|banking|unlock|confirm|bestaetig|wallet|update|aktualis|billing|payment|zahlung|invoice|rechnung|refund|erstatt|claim|reward|bonus|gift|prize|gewinn|recover|alert|notice|notif|support|service|hilfe|kunde|help|suspend|reset|anmeld|track|deliver|paket|online|promo|deal|prime|(?:^|[-.])(?:id|sso|tan|pin|mfa|app|pay|info)(?:[-.]|$)/i;
const LABELS_MAX = 8;
const LABEL_MIN = 4;
const CONTAINED_MIN = 6;
const SPELLING_MIN = 6;
const RANDOM_MIN = 9;
const RANDOM_LONG = 24;
/** Set aside for it (RFC 6762, RFC 8375, `internal` by ICANN), or used so and never to be delegated. */
const INSIDE = /\.(?:local|localdomain|internal|intranet|lan|corp|home|private|home\.arpa)$/i;
