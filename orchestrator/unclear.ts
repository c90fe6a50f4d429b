/** Whether a target names one thing: no list, no range, no wildcard, nothing that nobody can see (ATK-F4). */
import { isIP } from 'node:net';
import { accountsOf, type Account } from './account.ts';
import { hostOfLink, isLink } from './link.ts';
import { addressesOf, hostIn, NAME_CHARS_MAX, plainForms } from './spelling.ts';

/** True for a name that could stand for several things, for nothing, or for another thing than whoever reads it sees. */
export function isUnclear(target: string): boolean {
  if (target.length > NAME_CHARS_MAX || HIDDEN.test(target)) return true;
  if (isLink(target)) return isHostUnclear(hostOfLink(target));
  const [name = ''] = plainForms(target);
  if (!isBase64(target) && [target, name].some((text) => SEVERAL.test(withoutOwnMarks(text)))) return true;
  if (accountsOf(name).some(isNoUser) || UNFINISHED.test(name)) return true;
  return isEmpty(name) || isRange(withoutBrackets(name)) || [name, hostIn(name)].some(isSeveralHosts);
}

const isNoUser = ({ user }: Account): boolean => isEmpty(user) || EVERYTHING.test(user) || EVERY_USER.test(user);

const isEmpty = (name: string): boolean => !/[\p{L}\p{N}]/u.test(name);

const isHostUnclear = (host: string | undefined): boolean =>
  host === undefined || isSeveralHosts(hostIn(plainForms(host)[0] ?? ''));

/** A range, everybody or nobody, also as the host of a URL, a share or an account. */
const isSeveralHosts = (host: string): boolean => EVERYTHING.test(host) || isRange(host) || isAddressOfNone(host);

/**
 * Marks that part the names of a list, and yet belong to some kinds of names: a Message-ID, a telephone number, a mail address, a
 * path, a copy of a file. Left out there, they are looked for in the rest.
 */
function withoutOwnMarks(text: string): string {
  const bare = withoutBrackets(text.replace(MESSAGE_ID, '$1').replace(PHONE, ''))
    .replace(COPY, '')
    .replace(PARTITION, '')
    .replace(ALIAS, '$1');
  const at = bare.indexOf('@');
  if (at > 0 && at === bare.lastIndexOf('@')) return bare.slice(0, at).replace(/[+=]/g, '') + bare.slice(at);
  const [root] = ROOT.exec(bare) ?? [];
  if (root === undefined) return bare;
  const path = bare.slice(root.length);
  return ANOTHER_ROOT.test(path) ? bare : root + path.replace(IN_PARENTHESES, '$1').replace(/[+=~&!^]/g, '');
}

const withoutBrackets = (text: string): string =>
  text.replace(BRACKETS, (all, inner: string) => (isIP(inner) === 6 ? inner : all));

/** The id of a mail or a blob: some of it is longer and more mixed than a name, and no two parts of it look like `FileServer01`. */
function isBase64(text: string): boolean {
  const chars_min = text.endsWith('=') ? PADDED_CHARS_MIN : UNPADDED_CHARS_MIN;
  if (text.length % 4 !== 0 || text.length < chars_min || !BASE64.test(text)) return false;
  const parts = text.split(/[+/=]/);
  const names = parts.filter((part) => NUMBERED.test(part));
  const isLong = (part: string) => part.length > HOST_CHARS_MAX && isMixed(part) && !names.includes(part);
  return names.length < 2 && parts.some(isLong);
}

const isMixed = (part: string): boolean => [/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(part));

function isRange(name: string): boolean {
  const [address = '', rest] = name.split('/', 2);
  if (rest !== undefined && MASK.test(rest) && addressesOf(address).length > 0)
    return rest !== (address.includes(':') ? '128' : '32') || isIP(address) === 0;
  return ADDRESS_RANGE.test(name) || OCTET_RANGE.test(name) || ADDRESS6_RANGE.test(name);
}

/** Addresses of everybody, or of nobody. */
const isAddressOfNone = (name: string): boolean =>
  isIP(name) !== 0 && addressesOf(name).some((address) => NO_HOST.includes(address.range()));

/** Spaces and controls of every kind, and beyond ASCII all but letters and digits that are shown. */
const HIDDEN = /[^\x21-\x7e\p{L}\p{M}\p{N}]|\p{Default_Ignorable_Code_Point}/u;
/** Wildcards, lists, quotes, ranges, selectors; a quote is none in a name. */
const SEVERAL = /[*?%[\]{}|,;\s"`()<>&^!~+]|\.\.|=[^=]|^'|'$/s;
const EVERYTHING = /^@?(?:all|any|every|everybody|everyone|everything)$/;
/** Behind `CORP\`, or before `@corp.example`. */
const EVERY_USER = /^(?:(?:authenticated|domain)[._-]?)?(?:accounts|computers|users)$/;
/** `CORP\` or `anna@`, and nothing. */
const UNFINISHED = /^[^\\/:@]+(?:\\+|@)$/;

/** `<x@y>` */
const MESSAGE_ID = /^<([^<>@]+@[^<>@]+)>$/;
const PHONE = /^\+(?=\d[\d-]{5,19}$)/;
/** `[2001:db8::7]:443` */
const BRACKETS = /(?<![^/@])\[([\da-f:.]{2,45})\](?=$|[:/\\])/i;
/** `invoice(1).exe` */
const COPY = /(?<=[\p{L}\p{N}_])\(\d{1,4}\)(?=\.[\p{L}\p{N}]{1,8}$)/u;
/** `dt=2026-11-28/part`: with a word for a value it would be a selector, and so it is with an address or a network. */
const PARTITION =
  /(?<![^/])\w{1,64}=(?=\d[\w.-]*\/)(?!0x|(?:\d{1,3}(?:-\d{1,3})?\.){3}\d{1,3}(?![\w.])|\d+\.[\d.]*\/\d+$)/g;
/** `bob+ci`, an account: with a digit, a dash or a dot in it, it could be two hosts. */
const ALIAS = /^((?:[\w.-]{1,64}\\)?[\p{L}_]{1,64})\+(?=[\p{L}_]{1,64}$)/u;
/** Where what follows is a path: a URL with its host, a share, a drive, a folder at the top. */
const ROOT = /^(?:[a-z][a-z\d.-]*:\/\/[^/\\]+\/|\\\\[^/\\]+\\|[a-z]:[/\\]|\/(?=[^/\\]+\/))/i;
/** A second path behind the first. */
const ANOTHER_ROOT = /[/\\]{2}|[+=~&!^](?:[a-z]:)?[/\\]/i;
const IN_PARENTHESES = /(?<!\$)\(([\p{L}\p{N}._-]{1,64})\)/gu;
const BASE64 = /^[A-Za-z\d+/]+={0,2}$/;
const PADDED_CHARS_MIN = 24;
const UNPADDED_CHARS_MIN = 40;
/** Letters and then digits, as hosts are numbered. */
const NUMBERED = /^[A-Za-z]{2,}\d+$/;
/** Of a host without a domain, in a Windows network. */
const HOST_CHARS_MAX = 15;

/** Behind an address: of a network, or a second address. */
const MASK = /^(?:\d+|0x[\da-f]+|[\da-fx]*[.:][\da-fx.:]*)$/;
const ADDRESS_RANGE = /^\d{1,3}(?:\.\d{1,3}){3}-/;
const OCTET_RANGE = /^(?=.*-)[\d-]+(?:\.[\d-]+){3}$/;
const ADDRESS6_RANGE = /^(?=.*:.*:)[0-9a-f:.]+-[0-9a-f:.]+$/;
const NO_HOST: readonly string[] = ['unspecified', 'broadcast', 'multicast'];
