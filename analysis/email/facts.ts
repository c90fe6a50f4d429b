/** What a mail says, read without judging it: the compact facts that travel, then the parts a judge needs. */
import { z } from 'zod';
import type { NotChecked } from '../../protocol/index.ts';
import type { Holding } from './holding.ts';
import type { Opened } from './opened.ts';

/** One attached file; the hash is of the decoded bytes. */
export const MailAttachment = z.object({
  filename: z.string().max(255),
  content_type: z.string().max(128),
  size: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type MailAttachment = z.infer<typeof MailAttachment>;

/**
 * What the receiving server wrote into its own Authentication-Results header. Somebody else's statement, and whoever wrote
 * the mail may have written this header too: it is never mixed with a check of our own.
 */
export const ReportedAuthentication = z.object({
  source: z.literal('header Authentication-Results'),
  spf: z.string().nullable(),
  dkim: z.string().nullable(),
  dmarc: z.string().nullable(),
});
export type ReportedAuthentication = z.infer<typeof ReportedAuthentication>;

/** The facts that leave the specialist. A domain is null where the header is absent or names no single address. */
export const MailFacts = z.object({
  sha256: z.string(),
  size_bytes: z.number().int().nonnegative(),
  from_name: z.string(),
  from_domain: z.string().nullable(),
  reply_to_domain: z.string().nullable(),
  return_path_domain: z.string().nullable(),
  subject: z.string().nullable(),
  reported_authentication: ReportedAuthentication,
  received_hops: z.number().int().nonnegative(),
  url_hosts: z.array(z.string()),
  urls: z.number().int().nonnegative(),
  attachments: z.array(MailAttachment),
  html_parts: z.number().int().nonnegative(),
  html_forms: z.number().int().nonnegative(),
  password_inputs: z.number().int().nonnegative(),
});
export type MailFacts = z.infer<typeof MailFacts>;

/** One mailbox of an address header, as it is written and as a mail program would take it. */
export interface Mailbox {
  name: string;
  address: string;
  /** Lower case; empty when the address has none. */
  domain: string;
  /** Written as RFC 5322 demands: one address, no second @ that another program might take. */
  strict: boolean;
}

/** A place a reader can be sent to, and where in the mail it stands. */
export interface MailLink {
  url: string;
  /** As written, lower case. */
  host: string;
  /** What a reader sees; empty for a bare URL. */
  text: string;
  kind: 'link' | 'form' | 'text';
  locator: string;
  /** It stands in something attached or carried, not in the text of the mail. */
  attached?: boolean;
}

/** Text of the HTML that a reader never sees. */
export interface HiddenText {
  text: string;
  why: string;
  locator: string;
}

/** One header, decoded. */
export interface MailHeader {
  name: string;
  value: string;
}

/** Everything read from one mail. */
export interface ParsedMail {
  /** What findings cite as their source. */
  name: string;
  facts: MailFacts;
  headers: readonly MailHeader[];
  from: readonly Mailbox[];
  reply_to: readonly Mailbox[];
  recipients: readonly Mailbox[];
  return_path: readonly Mailbox[];
  links: readonly MailLink[];
  /** All that is judged; the facts list the first of them. */
  attachments: readonly MailAttachment[];
  /** What each of them is by its first bytes, where these tell. */
  holdings: readonly (Holding | undefined)[];
  /** Pages, calendars and texts among them and inside links, read. */
  opened: readonly Opened[];
  /** Mails among them, read. */
  messages: readonly { locator: string; mail: ParsedMail }[];
  /** What of it nobody opened here: a reader may. */
  unopened: readonly NotChecked[];
  /** The text a reader sees, line by line: the HTML when there is one, else the plain text. */
  body: readonly string[];
  hidden: readonly HiddenText[];
  images: number;
  /** What a bound or a cut kept us from reading; any of them is mandatory reading. */
  unread: readonly NotChecked[];
}
