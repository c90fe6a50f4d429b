/** What is known about the sender when a name in the mail wears a brand: it may turn chance into disguise, or the other way. */
import { type Lookalike, registeredDomain } from '../brands/index.ts';
import type { Authentication } from './authentication.ts';
import type { ParsedMail } from './facts.ts';
import type { SignalId } from './signals.ts';

/** What the checks of the sender and the mail itself say. */
export interface Trust {
  /** A check of the sender failed. */
  failed: boolean;
  /** The mail asks for a password, in its text or in a page it carries. */
  asks_password: boolean;
  /** The domain for which DMARC passed, if it did: whoever wrote the mail owns it. */
  passed: string | undefined;
}

/** Our own check speaks first; the receiver's word is taken where none was made. */
export function trustOf(mail: ParsedMail, authentication: Authentication | undefined, failed: boolean): Trust {
  const dmarc = authentication?.checked ? authentication.dmarc : mail.facts.reported_authentication.dmarc;
  const domain = mail.facts.from_domain;
  return {
    failed,
    asks_password: mail.facts.password_inputs > 0 || mail.opened.some(({ password_inputs }) => password_inputs > 0),
    passed: dmarc === 'pass' && domain !== null ? registeredDomain(domain) : undefined,
  };
}

/**
 * The sign that an imitation in a host gives. A longer name with a brand in it is a weak one, and weaker where its owner proved to
 * have sent the mail, unless the mail asks for a password or its sender failed a check.
 */
export function compoundOr(on: 'sender' | 'link', { certainty }: Lookalike, host: string, trust: Trust): SignalId {
  if (certainty !== 'low' || trust.failed || trust.asks_password) return `${on}_lookalike`;
  return registeredDomain(host) === trust.passed ? `${on}_compound_passed` : `${on}_compound`;
}
