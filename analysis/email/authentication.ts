/** Own check of SPF, DKIM, DMARC and ARC, with the DNS answers handed in: never a network. */
import { authenticate } from 'mailauth';
import { z } from 'zod';
import { neutralize } from '../evidence/index.ts';
import type { DnsResolver } from './zone.ts';

/** What each method found, in the words of RFC 8601; `not_checked` when what it needs was not given. */
export const Authentication = z.object({
  source: z.literal('own check'),
  checked: z.boolean(),
  spf: z.string(),
  dkim: z.string(),
  dmarc: z.string(),
  arc: z.string(),
  /** One line per method: domains, selectors and reasons, or what was missing. */
  details: z.array(z.string().max(500)),
});
export type Authentication = z.infer<typeof Authentication>;

/** What the receiving server knew about the connection; SPF needs `client_ip`. */
export interface Envelope {
  client_ip?: string | undefined;
  helo?: string | undefined;
  mail_from?: string | undefined;
}

/** What the check asks, and whom. Without `resolver` nothing is checked. */
export interface AuthenticationOptions extends Envelope {
  resolver?: DnsResolver | undefined;
}

/** Checks a mail against DNS answers (RFC 7208, 6376, 7489, 8617). A broken mail is a result (`permerror`), not an exception. */
export async function checkAuthentication(
  bytes: Uint8Array,
  { resolver, client_ip, helo, mail_from }: AuthenticationOptions = {},
): Promise<Authentication> {
  if (!resolver) return unchecked(['no DNS answers were given']);
  const found = await authenticate(Buffer.from(bytes), {
    resolver,
    mta: RECEIVER,
    disableBimi: true,
    ...(client_ip !== undefined && { ip: client_ip }),
    ...(helo !== undefined && { helo }),
    ...(mail_from !== undefined && { sender: mail_from }),
  });
  const signatures = found.dkim.results.slice(0, SIGNATURES_MAX);
  const passed = signatures.find((signature) => signature.status.result === 'pass');
  return {
    source: 'own check',
    checked: true,
    // Without a client address SPF has nothing to ask about; the library answers all the same.
    spf: client_ip === undefined || found.spf === false ? 'not_checked' : found.spf.status.result,
    dkim: (passed ?? signatures[0])?.status.result ?? 'none',
    dmarc: found.dmarc === false ? 'none' : found.dmarc.status.result,
    arc: found.arc === false ? 'none' : found.arc.status.result,
    details: [
      ...(client_ip === undefined ? ['spf=not_checked: no client address was given'] : []),
      ...(client_ip !== undefined && found.spf !== false ? [found.spf.info] : []),
      ...signatures.map((signature) => signature.info),
      ...(found.dmarc === false ? [] : [found.dmarc.info]),
      ...(found.arc === false ? [] : [found.arc.info ?? '']),
    ]
      .filter((line) => line !== '')
      .map((line) => neutralize(line.replace(/\s+/g, ' '), DETAIL_CHARS_MAX)),
  };
}

const unchecked = (details: string[]): Authentication => ({
  source: 'own check',
  checked: false,
  spf: 'not_checked',
  dkim: 'not_checked',
  dmarc: 'not_checked',
  arc: 'not_checked',
  details,
});

const RECEIVER = 'aurora.invalid';
const SIGNATURES_MAX = 10;
const DETAIL_CHARS_MAX = 400;
