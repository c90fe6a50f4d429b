/** Own check of SPF, DKIM, DMARC and ARC, with the DNS answers handed in: never a network. */
import { authenticate, type DMARCResult } from 'mailauth';
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
  /** DMARC asks whether a domain that passed is the one in From; null when no policy was found or asked for. */
  alignment: z
    .object({
      policy: z.string().max(20).describe('what the owner of the From domain asks for: none, quarantine or reject'),
      spf: z.string().nullable().describe('the aligned domain that passed SPF'),
      dkim: z.string().nullable().describe('the aligned domain that passed DKIM'),
      strict: z.object({ spf: z.boolean(), dkim: z.boolean() }),
    })
    .nullable(),
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
  // SPF alone may carry DMARC: what was not asked has not failed.
  const isUndecided = client_ip === undefined && found.dmarc !== false && found.dmarc.status.result === 'fail';
  return {
    source: 'own check',
    checked: true,
    // Without a client address SPF has nothing to ask about; the library answers all the same.
    spf: client_ip === undefined || found.spf === false ? 'not_checked' : found.spf.status.result,
    dkim: (passed ?? signatures[0])?.status.result ?? 'none',
    dmarc: isUndecided ? 'not_checked' : found.dmarc === false ? 'none' : found.dmarc.status.result,
    arc: found.arc === false ? 'none' : found.arc.status.result,
    alignment: found.dmarc === false ? null : alignmentOf(found.dmarc, client_ip !== undefined),
    details: [
      ...(isUndecided ? ['dmarc=not_checked: no signature aligns, and SPF, which may, was not checked'] : []),
      ...(client_ip === undefined ? ['spf=not_checked: no client address was given'] : []),
      ...(client_ip !== undefined && found.spf !== false ? [found.spf.info] : []),
      ...signatures.map((signature) => signature.info),
      ...(found.dmarc === false || isUndecided ? [] : [found.dmarc.info]),
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
  alignment: null,
  details,
});

/** Absent fields are what the library leaves out where there is no policy. */
function alignmentOf({ policy, alignment }: DMARCResult, isSpfChecked: boolean): Authentication['alignment'] {
  const found = Alignment.safeParse({ policy, ...alignment });
  if (!found.success) return null;
  const { spf, dkim } = found.data;
  return {
    policy: found.data.policy.slice(0, POLICY_CHARS_MAX),
    spf: isSpfChecked && typeof spf.result === 'string' ? spf.result : null,
    dkim: typeof dkim.result === 'string' ? dkim.result : null,
    strict: { spf: spf.strict, dkim: dkim.strict },
  };
}

const Side = z.object({ result: z.union([z.string(), z.literal(false)]).optional(), strict: z.boolean() });
const Alignment = z.object({ policy: z.string(), spf: Side, dkim: Side });
const POLICY_CHARS_MAX = 20;

const RECEIVER = 'aurora.invalid';
const SIGNATURES_MAX = 10;
const DETAIL_CHARS_MAX = 400;
