/** A sender whose domain is nearly one that the reader knows: the reader's own, or one of the conversation it answers. */
import { FREEMAIL, isAmong, isOneEdit, registeredDomain, skeleton } from '../brands/index.ts';
import type { ParsedMail } from './facts.ts';
import { headerOf } from './headers.ts';

/** The domain that is nearly the sender's, where the reader knows it from, and what differs. */
export interface Near {
  domain: string;
  where: string;
  how: 'shape' | 'spelling' | 'suffix';
}

/** The first domain that the sender's is nearly, or undefined where it is one of them itself. */
export function nearOf(mail: ParsedMail, sender: string): Near | undefined {
  const own = registeredDomain(sender);
  const known = knownTo(mail);
  if (known.has(own) || isAmong(own, FREEMAIL)) return undefined;
  for (const [domain, where] of known) {
    const how = differenceOf(own, domain);
    if (how) return { domain, where, how };
  }
  return undefined;
}

/** Whether two domains of different owners look alike: letters of one shape, or one letter more, less or other. */
export function isNearly(domain: string, other: string): boolean {
  const [left, right] = [domain, other].map(registeredDomain) as [string, string];
  const how = left === right ? undefined : differenceOf(left, right);
  return how !== undefined && how !== 'suffix';
}

function differenceOf(sender: string, known: string): Near['how'] | undefined {
  const [name, suffix] = split(sender);
  const [other, otherSuffix] = split(known);
  if (Math.min(name.length, other.length) < NAME_MIN) return undefined;
  if (name === other) return suffix === otherSuffix ? undefined : 'suffix';
  if (skeleton(name) === skeleton(other)) return 'shape';
  return isOneEdit(name, other) && name.length >= SPELLING_MIN ? 'spelling' : undefined;
}

/** Registered domains the reader knows, each with the place that names it. */
function knownTo(mail: ParsedMail): Map<string, string> {
  const known = new Map<string, string>();
  const add = (domains: readonly string[], where: string) => {
    for (const domain of domains.map(registeredDomain)) {
      if (known.size >= KNOWN_MAX) return;
      if (domain.includes('.') && !isAmong(domain, FREEMAIL) && !known.has(domain)) known.set(domain, where);
    }
  };
  add(
    mail.recipients.map(({ domain }) => domain),
    'the domain of a recipient',
  );
  for (const name of ['in-reply-to', 'references'])
    add(domainsIn(headerOf(mail.headers, name) ?? ''), `named in the header ${name}`);
  for (const line of mail.body.filter((text) => QUOTED.test(text)).slice(0, QUOTED_MAX))
    add(domainsIn(line.slice(0, LINE_CHARS_MAX)), 'quoted in the text');
  return known;
}

const domainsIn = (text: string): string[] =>
  [...text.matchAll(/@((?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24})\b/gi)].map(([, domain = '']) => domain.toLowerCase());

function split(domain: string): [string, string] {
  const dot = domain.indexOf('.');
  return [domain.slice(0, dot), domain.slice(dot)];
}

const QUOTED = /^\s*>|\b(?:wrote|schrieb|from|von|sent|gesendet)\b[^\n]{0,200}@/i;
const QUOTED_MAX = 200;
const LINE_CHARS_MAX = 2_000;
const KNOWN_MAX = 50;
const NAME_MIN = 5;
const SPELLING_MIN = 7;
