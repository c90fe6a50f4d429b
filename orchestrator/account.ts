/** Accounts, whichever way they are written: `CORP\anna`, `corp.example\anna` and `anna@corp.example` may be one (ATK-F4). */
import { namesOf } from './spelling.ts';

/** A user with the domain or the host that stands before or behind. */
export interface Account {
  user: string;
  domain: string;
  /** Written as `CORP\anna`: so a host of the domain may be meant too. */
  is_windows: boolean;
}

/** The account that a text is as a whole, in the plain form of names, wildcards too; two where a domain stands on both sides, mostly none. */
export function accountsOf(plain: string): Account[] {
  const [, before, user = '', behind] = ACCOUNT.exec(plain) ?? [];
  const domains = [before ?? '', behind ?? ''].map((domain) => (domain === '' ? [] : namesOf(domain)));
  return domains.flatMap((names, side) => names.map((domain) => ({ user, domain, is_windows: side === 0 })));
}

/** Those that stand anywhere in a text. */
export const accountsIn = (plain: string): Account[] =>
  /[\\@]/.test(plain) ? plain.split(BETWEEN).flatMap((word) => accountsOf(word.replace(AROUND, ''))) : [];

/** One text for an account. */
export const written = ({ user, domain }: Account): string => `${user}@${domain}`;

const ACCOUNT = /^(?:([\p{L}\p{M}\p{N}._*?-]+)\\{1,2})?([\p{L}\p{M}\p{N}._+'$*?-]+)(?:@([\p{L}\p{M}\p{N}._*?-]+))?$/u;
const BETWEEN = /[^\p{L}\p{M}\p{N}._+'$\\@-]+/u;
const AROUND = /^'+|(?<!['.])['.]+$/g;
