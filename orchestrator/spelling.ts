/** One name, however it is spelled: what people and machines read as the same name, host or address (ATK-F4). */
import { isIP } from 'node:net';
import { domainToUnicode } from 'node:url';
import ipaddr from 'ipaddr.js';

/** Longer than any host, account or address. */
export const NAME_CHARS_MAX = 512;

/**
 * A text in the form in which names are compared: letters of one width and case, dashes and dots of one kind, nothing that cannot be
 * seen. The other forms are of those who read a space, or nothing, where that stood.
 */
export function plainForms(text: string): string[] {
  const shown = text.normalize('NFKC');
  const forms = [
    shown.replace(UNSEEN, ''),
    shown.replace(UNSEEN, ' '),
    shown.replace(UNSEEN, '').replace(CONTROLS, ''),
  ];
  return [...new Set(forms.map(fold))];
}

/** The same of what is encoded with `%` in it, and of what is encoded in that. */
export const decodedForms = (text: string): string[] => [...new Set(decodingsOf(text).flatMap(plainForms))];

/** A text, and as whoever opens a URL takes out what is encoded with `%` in it; still encoded at the end, it is so too many times. */
export function decodingsOf(text: string): string[] {
  const texts = [text];
  for (let last = text; texts.length <= DECODINGS_MAX && isEncoded(last); texts.push(last)) last = decoded(last);
  return texts;
}

/** Whether something is encoded with `%` in it. */
export const isEncoded = (text: string): boolean => ENCODED.test(text);

/** A name as `plainForms` gives it, also as people write it whose domain has letters beyond ASCII. */
export const namesOf = (plain: string): string[] =>
  plain.length > NAME_CHARS_MAX || !plain.includes('xn--') ? [plain] : [plain, fold(domainToUnicode(plain))];

/** The names inside a URL, a share, an account, a list: whatever stands between marks, and before a colon or behind it. */
export function piecesOf(plain: string): string[] {
  return [...new Set(plain.split(MARKS).flatMap(partsOf).flatMap(endsOf).map(trimDots))].filter(isName);
}

/** The host that a URL or a share is of, without user and port; the text itself where it is neither. */
export function hostIn(plain: string): string {
  const [authority = ''] = plain
    .replace(SCHEME, '')
    .replace(/^[/\\]+/, '')
    .split(/[/\\?#]/, 1);
  const host = authority.replace(/^.*@/s, '');
  return isIP(host) === 6 ? host : host.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/s, '$1');
}

/**
 * The hosts that a text may be aimed at, word by word: neither the user of one nor what lies on it; `CORP\WS-7$` is a host's account,
 * `HOST/ws-7` a service on it.
 */
export const hostsOf = (plain: string): string[] => [
  ...new Set(
    plain
      .split(WORDS)
      .map((word) => word.replace(OPENED, ''))
      .filter((word) => !PATH.test(word))
      .flatMap((word) => [hostIn(word), headOf(word), ...WITH_HOST.map((form) => form.exec(word)?.[1] ?? '')])
      .flatMap((host) => [host, ...host.split(JOINTS).flatMap(besideColon)])
      .map(trimDots)
      .filter(isName),
  ),
];

/** The hosts of the URLs and shares inside a text, wherever one begins: of `https://x.example/?url=//mail/a` mail too. */
export function hostsWithin(plain: string): string[] {
  const tails = plain.split(BEFORE_HOST).slice(1);
  return hostsOf(tails.map((tail) => `//${tail.split(BEHIND_HOST, 1)[0] ?? ''}`).join(' '));
}

/**
 * The addresses that a name can be read as: 10.9.0.1 is also 10.9.1, 0xa090001, 168361985, 012.011.0.1 and ::ffff:10.9.0.1. None for a
 * name that is no address, nor for a network of several.
 */
export function addressesOf(name: string): Address[] {
  const literal = name.replace(/^([0-9a-f-]+)\.ipv6-literal\.net$/, (_all, dashed: string) =>
    dashed.replaceAll('-', ':'),
  );
  // A network of one address is that address; 2001:db8::/32 is none.
  const [host = '', bits, ...more] = literal.split('/', 3);
  const [bare = ''] = host.split('%', 1);
  if (more.length > 0) return [];
  if (isIP(bare) === 6) return bits === undefined || bits === '128' ? withEmbedded(ipaddr.IPv6.parse(bare)) : [];
  if (bits !== undefined && bits !== '32') return [];
  if (!NUMERIC_HOST.test(bare)) return [];
  const decimal = bare.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  return [
    ...(URL.canParse(`http://${bare}`) ? [new URL(`http://${bare}`).hostname] : []),
    ...(decimal.length === 4 && decimal.every((part) => part <= 255) ? [decimal.join('.')] : []),
  ]
    .filter((text) => isIP(text) === 4)
    .map((text) => ipaddr.IPv4.parse(text));
}

/** A parsed address. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A small number is an address only where it stands for a host as a whole: elsewhere it is a port, a time, a count. */
export const isCount = (name: string): boolean => /^\d+$/.test(name) && Number(name) < FIRST_HOST;

/** With the IPv4 address that translators and tunnels take out of it. */
function withEmbedded(address: ipaddr.IPv6): Address[] {
  const { parts } = address;
  const at = parts[0] === SIX_TO_FOUR ? 1 : 6;
  const holds = at === 1 || parts.slice(0, 6).every((part) => part === 0) || EMBEDDING.includes(address.range());
  const pair = parts.slice(at, at + 2).flatMap((part) => [part >> 8, part & 0xff]);
  return holds ? [address, new ipaddr.IPv4(pair)] : [address];
}

/** What stands before the first path, its scheme too: of `nfs:/export` hostIn drops the nfs, and a host may be called so. */
const headOf = (word: string): string =>
  URL_LIKE.test(word) ? '' : (word.split(/[/\\?#]/, 1)[0] ?? '').replace(/^.*@/s, '');

/** `mail:/export`, `mail:imaps`, `mail::module`, `ssh:mail`: a host on either side. An IPv6 address or an ARN has more colons. */
function besideColon(host: string): string[] {
  const sides = isIP(host) === 6 ? [] : host.replace('::', ':').split(':');
  return sides.length === 2 ? sides.filter((side) => !isCount(side)) : [host];
}

/** An IPv6 address stays whole, with or without a port behind it; all else ends at a colon. */
function partsOf(token: string): string[] {
  if (!token.includes(':')) return [token];
  const tails =
    token.length > ADDRESS_CHARS_MAX
      ? []
      : [token, ...token.split(':').map((_part, nth, all) => all.slice(nth + 1).join(':'))];
  const addresses = tails.flatMap((tail) => [tail, tail.replace(/:\d{1,5}$/, '')]).filter((tail) => isIP(tail) === 6);
  return addresses.length > 0 ? addresses : [token, ...token.split(':')];
}

/** `10.9.0.1-20`, `10.9.0.1-10.9.0.20`: the addresses at its ends. */
const endsOf = (piece: string): string[] => (ADDRESS_RANGE.test(piece) ? [piece, ...piece.split('-')] : [piece]);

const decoded = (text: string): string =>
  text.replace(ENCODED_RUN, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());

const fold = (text: string): string =>
  text
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replaceAll('\u3002', '.')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .trim()
    .replace(/(?<!\.)\.+$/, '');

const trimDots = (piece: string): string => piece.replace(/^[.-]+|(?<![.-])[.-]+$/g, '');

const isName = (piece: string): boolean => piece !== '' && piece.length <= NAME_CHARS_MAX;

const ENCODED = /%[\da-f]{2}/i;
const ENCODED_RUN = /(?:%[\da-f]{2})+/gi;
/** Times that one thing may be encoded. */
const DECODINGS_MAX = 3;
/** What nobody is shown, but for tabs and ends of lines, which part what is beside them. */
const UNSEEN = /(?![\t-\r])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
const CONTROLS = /\p{Cc}/gu;
const WORDS = /[\s,;|"`<>]+/;
/** Between two names of a list, where there is no path. */
const JOINTS = /[$&+~!^=(){}[\]']+/;
/** Where a host stands elsewhere: its account, a share over HTTP, a service on it as Kerberos names it. */
const WITH_HOST = [
  /^(?:[^\\/@]+\\)?([^\\/@]+)\$(?:@[^@]*)?$/, // CORP\WS-7$
  /^[a-z][a-z\d+.-]*:\/*[^/]*@([^/\\?#@]+)/, // https://x\@mail/, of which some readers take the host behind the last @
  /^[/\\]{2}([^/\\@]+)@(?:ssl|\d)/, // \\ws-7@SSL@8443\x
  // MSSQLSvc/db-1:1433, ldap/dc-1/corp.example
  /^(?:host|cifs|ldap|https?|mssqlsvc|termsrv|rpc|wsman|dns|gc|nfs|ftp|imap|pop|smtp|smtpsvc|restrictedkrbhost)\/([^/\\@:]+)/,
];
/** Of this machine's own tree, or of a drive: no host stands before it. */
const PATH = /^(?:\/[^/\\]|[a-z]:(?:[/\\](?![/\\])|$))/;
/** Marks that open a word: `(HOST/ws-7)`. */
const OPENED = /^['([{]+/;
/** Browsers and curl find the host of these behind any number of slashes, of either kind; of other schemes behind two. */
const SCHEME =
  /^(?:(?:[a-z][a-z0-9+.-]*:)+(?=\/\/)|(?:https?|wss?|ftps?|sftp|ssh|scp|smb|cifs|nfs|ldaps?|rdp|imaps?|pop3s?|smtps?|telnet|vnc):|file:(?=[/\\]{2}))/;
const BEFORE_HOST = /[/\\]{2,}|(?:https?|wss?|ftp):[/\\]*/;
const BEHIND_HOST = /[/\\?#&\s]/;
const URL_LIKE = /^[a-z][a-z0-9+.-]*:[/\\]{2}/;
const MARKS = /[^\p{L}\p{M}\p{N}._:-]+|\.{2,}/u;
const ADDRESS_RANGE = /^\d+(?:\.\d+){3}-[\d.]+$/;
const NUMERIC_HOST = /^(?:0x)?[0-9a-f]+(?:\.(?:0x)?[0-9a-f]+){0,3}$/;
const EMBEDDING: readonly string[] = ['ipv4Mapped', 'rfc6145', 'rfc6052'];
const SIX_TO_FOUR = 0x2002;
const ADDRESS_CHARS_MAX = 128;
/** 1.0.0.0, the first number that a host can have. */
const FIRST_HOST = 16_777_216;
