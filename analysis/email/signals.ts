/** The signs of phishing and what each is worth: the one table to tune. */
import type { Severity } from '../../protocol/index.ts';

/** One kind of sign. Signs of the same `basis` are one observation seen twice: only the weightiest counts. */
export interface Signal {
  title: string;
  severity: Severity;
  weight: number;
  basis: string;
  /** The ATT&CK techniques it supports once the mail is flagged. */
  techniques?: readonly string[];
}

/** The id of one sign. */
export type SignalId = keyof typeof SIGNALS;

/** One observation; `host` and `sha256` name the indicator it rests on, if it rests on one. */
export interface Sign {
  id: SignalId;
  locator: string;
  text: string;
  detail?: string;
  host?: string;
  sha256?: string;
}

const signal = (
  basis: string,
  weight: number,
  severity: Severity,
  title: string,
  techniques: readonly string[] = [],
): Signal => ({ title, severity, weight, basis, techniques });

/** One wording for a borrowed name, whatever the name stands on. */
export const imitating = (what: string): string => `${what} imitates a brand`;

/**
 * A sign that newsletters show too is `info` by itself: only together do such signs flag a mail (`FLAG_FROM`). Nothing here
 * looks at a date, at the age of a header or at a mail program's own headers.
 */
export const SIGNALS = {
  sender_brand: signal(
    'claim',
    0.5,
    'medium',
    'The sender name claims a brand that owns neither the address nor a link',
    ['T1684.001'],
  ),
  sender_brand_mixed: signal('claim', 0.25, 'info', 'The sender name claims a brand that does not own the address', [
    'T1684.001',
  ]),
  sender_lookalike: signal('claim', 0.6, 'high', imitating('The sender domain'), ['T1684.001']),
  sender_compound: signal('claim', 0.3, 'info', 'The sender domain is a longer name with a brand in it', ['T1684.001']),
  sender_compound_passed: signal('claim', 0.1, 'info', 'The sender domain, proven by DMARC, has a brand in it'),
  sender_near: signal('near', 0.5, 'medium', 'The sender domain is nearly one that the reader knows', ['T1684.001']),
  sender_near_suffix: signal(
    'near',
    0.35,
    'low',
    'The sender domain is one that the reader knows, under another suffix',
    ['T1684.001'],
  ),
  sender_executive: signal('executive', 0.35, 'info', 'Somebody in charge writes from a free mailbox', ['T1684.001']),
  asks_gift_cards: signal('wording', 0.45, 'info', 'The text asks for gift cards'),
  asks_bank_change: signal('wording', 0.4, 'info', 'The text tells of changed bank details'),
  asks_payment: signal('wording', 0.35, 'info', 'The text asks for a payment'),
  asks_secrecy: signal('secrecy', 0.15, 'info', 'The text asks for silence or says that nobody can be asked'),
  call_back: signal('call', 0.6, 'medium', 'A charge, a number to call about it, a free mailbox, and no link', [
    'T1566.004',
  ]),
  subject_brand: signal('claim', 0.45, 'info', 'The mail lures with a brand that owns neither the sender nor a link', [
    'T1684.001',
  ]),
  sender_name_address: signal('sender-name', 0.5, 'medium', 'The sender name shows another address than the real one', [
    'T1684.001',
  ]),
  sender_unreal: signal('sender-domain', 0.5, 'medium', 'The sender domain cannot exist'),
  sender_ambiguous: signal('sender-form', 0.4, 'low', 'The From header names no single readable address'),
  sender_trial: signal('sender-domain', 0.35, 'info', 'The sender domain is a trial account of a cloud'),
  sender_random: signal('sender-domain', 0.2, 'info', 'The sender domain looks generated'),
  sender_cheap: signal('sender-domain', 0.15, 'info', 'The sender domain has a suffix of cheap registrations'),
  envelope_differs: signal('envelope', 0.1, 'info', 'Return-Path and From belong to different owners'),
  envelope_unreal: signal('envelope', 0.3, 'info', 'The Return-Path domain cannot exist or looks generated'),
  reply_freemail: signal('reply', 0.5, 'low', 'Replies go to a free mailbox instead of the sender'),
  reply_unreal: signal('reply', 0.4, 'low', 'Replies go to a domain that cannot exist'),
  reply_near: signal('reply', 0.5, 'medium', 'Replies go to a domain that is nearly the one of the sender', [
    'T1684.001',
  ]),
  reply_elsewhere: signal('reply', 0.2, 'info', 'Replies go to another owner than the sender'),
  link_lookalike: signal('claim-link', 0.55, 'high', imitating('The name a link leads to'), ['T1684.001']),
  link_compound: signal('claim-link', 0.25, 'info', 'The name a link leads to has a brand in it'),
  link_compound_passed: signal(
    'claim-link',
    0.1,
    'info',
    'The name a link leads to, proven by DMARC, has a brand in it',
  ),
  link_text: signal('link-text', 0.3, 'low', 'A link shows one address and leads to another'),
  link_text_brand: signal('link-text', 0.35, 'medium', 'A link shows the address of a brand and leads elsewhere'),
  link_credentials: signal('link-form', 0.5, 'high', 'A link hides its host behind a user name'),
  link_address: signal('link-host', 0.4, 'low', 'A link leads to a bare address'),
  link_unreal: signal('link-host', 0.4, 'low', 'A link leads to a host that cannot exist'),
  link_punycode: signal('link-host', 0.3, 'low', 'A link leads to a name in mixed or foreign letters'),
  link_free_hosting: signal('link-host', 0.35, 'info', 'A link leads to hosting open to anybody'),
  link_shortener: signal('link-host', 0.35, 'info', 'A link hides its target behind a shortener'),
  link_redirector: signal('link-host', 0.2, 'info', 'A link leads through an open redirector'),
  link_cheap: signal('link-suffix', 0.2, 'info', 'A link leads to a suffix of cheap registrations'),
  link_consent: signal('consent', 0, 'info', 'A link asks for access to an account, for an application elsewhere'),
  link_random: signal('link-name', 0.2, 'info', 'A link leads to a name that looks generated'),
  links_foreign: signal('link-owner', 0.15, 'info', 'No link belongs to the sender'),
  form_password: signal('form', 0.6, 'high', 'The mail itself asks for a password', ['T1598.003']),
  form_foreign: signal('form', 0.1, 'info', 'A form in the mail sends its content to another owner'),
  lure_subject: signal('wording', 0.35, 'info', 'The subject or sender name lures'),
  lure_body: signal('wording', 0.2, 'info', 'The text lures'),
  lure_money: signal('wording', 0.5, 'low', 'The text offers money from a stranger', ['T1598']),
  pressure: signal('pressure', 0.2, 'info', 'The subject presses for time'),
  styled_letters: signal('letters', 0.4, 'low', 'Words are written in look-alike letters to slip past filters', [
    'T1027',
  ]),
  split_words: signal('letters', 0.3, 'info', 'Invisible characters split words', ['T1027']),
  recipients_hidden: signal('recipients', 0.2, 'info', 'No recipient is named'),
  hidden_text: signal('hidden', 0.2, 'info', 'The HTML holds text no reader sees', ['T1027']),
  image_only: signal('picture', 0.25, 'info', 'The message is a picture with a link'),
  attachment_program: signal('attachment', 0.7, 'high', 'An attachment is a program or a script'),
  attachment_disguised: signal('attachment', 0.8, 'high', 'An attachment hides its kind behind a second extension', [
    'T1036.007',
  ]),
  attachment_page: signal('attachment', 0.5, 'medium', 'An attachment is a web page that opens outside the mail'),
  attachment_macro: signal('attachment', 0.5, 'medium', 'An attachment is a document that carries macros'),
  attachment_macro_asked: signal('attachment', 0.65, 'medium', 'The text asks to enable the macros of an attachment', [
    'T1204.002',
  ]),
  attachment_hidden: signal('attachment', 0.8, 'high', 'An attachment is a program under the name of another kind', [
    'T1036.008',
  ]),
  attached_password: signal('form', 0.65, 'high', 'An attached or carried page asks for a password', ['T1598.002']),
  attached_smuggling: signal('smuggling', 0.75, 'high', 'An attached page puts a file together and saves it', [
    'T1027.006',
  ]),
  attached_written: signal('smuggling', 0.5, 'medium', 'An attached page writes itself from encoded text', ['T1027']),
  link_data: signal('link-form', 0.5, 'medium', 'A link carries the whole page that it opens', ['T1027']),
  attachment_archive: signal('attachment', 0.2, 'info', 'An attachment is an archive or a disk image'),
  attachment_locked: signal('attachment', 0.5, 'medium', 'An archive comes with its password in the text', ['T1027']),
  attachment_type: signal('attachment', 0.4, 'low', 'An attachment is declared as another kind than its name says', [
    'T1036.008',
  ]),
  reported_failure: signal('authentication', 0.3, 'low', 'The receiving server reports a failed sender check'),
  reported_doubt: signal(
    'authentication',
    0.15,
    'info',
    'The receiving server reports a sender check that did not pass',
  ),
  own_domain: signal(
    'authentication',
    0.4,
    'low',
    'The mail names the domain of its reader as its sender, and the receiving server says it is forged',
    ['T1684.002'],
  ),
  own_domain_bait: signal(
    'authentication',
    0.62,
    'medium',
    'The mail names the domain of its reader as its sender, and the receiving server says it is forged',
    ['T1684.002'],
  ),
  own_domain_denied: signal(
    'authentication',
    0.65,
    'medium',
    'The mail names the domain of its reader as its sender, whose policy refuses it by the word of the receiving server',
    ['T1684.002'],
  ),
  checked_failure: signal('authentication', 0.4, 'medium', 'The sender check fails', ['T1684.002']),
} as const satisfies Record<string, Signal>;

/** Joint weight, 1 - Π(1 - w), from which the signs together flag the mail. */
export const FLAG_FROM = 0.6;
/** Joint weight from which they are high. */
export const CERTAIN_FROM = 0.78;
