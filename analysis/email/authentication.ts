/** Own check of SPF, DKIM, DMARC and ARC, with the DNS answers handed in: never a network. */
import { domainToASCII } from 'node:url';
import { authenticate, type DMARCResult } from 'mailauth';
import { parse } from 'tldts';
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
  const why = spfGap({ client_ip, helo, mail_from }, found.dkim.envelopeFrom);
  const spf = why === undefined && found.spf !== false ? found.spf : undefined;
  const from = [found.dkim.headerFrom].flat();
  const alignment =
    found.dmarc === false
      ? null
      : alignmentOf(found.dmarc, from[0], {
          spf: spf?.status.result === 'pass' ? [spf.domain] : [],
          dkim: found.dkim.results
            .filter(({ status }) => status.result === 'pass')
            .map(({ signingDomain }) => signingDomain),
        });
  const dmarc = dmarcOf(found.dmarc, alignment, why !== undefined);
  return {
    source: 'own check',
    checked: true,
    // Without a client address or a sender SPF has nothing to ask about; the library answers all the same.
    spf: spf?.status.result ?? 'not_checked',
    dkim: (passed ?? signatures[0])?.status.result ?? 'none',
    dmarc,
    arc: found.arc === false ? 'none' : found.arc.status.result,
    alignment,
    details: [
      ...(dmarc === 'not_checked'
        ? ['dmarc=not_checked: no signature aligns, and SPF, which may, was not checked']
        : []),
      ...(why === undefined ? [] : [`spf=not_checked: ${why}`]),
      ...(spf ? [spf.info] : []),
      ...signatures.map((signature) => signature.info),
      ...(found.dmarc === false || dmarc === 'not_checked' ? [] : [dmarcDetail(found.dmarc, dmarc)]),
      ...(from.length > 1
        ? ['dmarc=none: From names several addresses, and DMARC is asked for one (RFC 7489 6.6.1)']
        : []),
      ...(found.arc === false ? [] : [found.arc.info ?? '']),
    ]
      .filter((line) => line !== '')
      .map((line) => neutralize(line.replace(/\s+/g, ' '), DETAIL_CHARS_MAX)),
  };
}

/** Why SPF has nobody to ask about: it needs an address, and a sender or the name that the client called itself (RFC 7208 2.4). */
function spfGap({ client_ip, helo, mail_from }: Envelope, return_path: string | false | undefined): string | undefined {
  if (client_ip === undefined) return 'no client address was given';
  const isNamed = Boolean(mail_from) || helo !== undefined || (mail_from === undefined && Boolean(return_path));
  return isNamed ? undefined : 'the sender is empty, and no HELO name was given';
}

/** Alignment is judged here: the library takes a strict policy for a relaxed one where the strict comparison fails. */
function dmarcOf(found: DMARCResult | false, alignment: Authentication['alignment'], isSpfOpen: boolean): string {
  if (found === false) return 'none';
  const { result } = found.status;
  if (alignment === null || (result !== 'pass' && result !== 'fail')) return result;
  if (result === 'pass' && (alignment.spf !== null || alignment.dkim !== null)) return 'pass';
  // SPF alone may carry DMARC: what was not asked has not failed.
  return isSpfOpen ? 'not_checked' : 'fail';
}

const dmarcDetail = ({ info, status }: DMARCResult, dmarc: string): string =>
  dmarc === status.result ? info : `dmarc=${dmarc}: what passed is not the domain in From, and the policy is strict`;

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

/** The domains that passed and align with From: strict means the same, relaxed the same owner (RFC 7489 3.1). */
function alignmentOf(
  { policy, alignment }: DMARCResult,
  from: string | undefined,
  passed: { spf: readonly string[]; dkim: readonly string[] },
): Authentication['alignment'] {
  const found = Alignment.safeParse({ policy, ...alignment });
  if (!found.success) return null;
  const author = domainOf(from ?? '');
  const aligned = (domains: readonly string[], strict: boolean) =>
    domains.map(domainOf).find((domain) => (strict ? domain === author : ownerOf(domain) === ownerOf(author))) ?? null;
  const { spf, dkim } = found.data;
  return {
    policy: found.data.policy.slice(0, POLICY_CHARS_MAX),
    spf: aligned(passed.spf, spf.strict),
    dkim: aligned(passed.dkim, dkim.strict),
    strict: { spf: spf.strict, dkim: dkim.strict },
  };
}

const domainOf = (address: string): string =>
  domainToASCII(
    address
      .slice(address.lastIndexOf('@') + 1)
      .trim()
      .toLowerCase(),
  );
const ownerOf = (domain: string): string => parse(domain, { allowPrivateDomains: true }).domain ?? domain;

const Side = z.object({ strict: z.boolean() });
const Alignment = z.object({ policy: z.string(), spf: Side, dkim: Side });
const POLICY_CHARS_MAX = 20;

const RECEIVER = 'aurora.invalid';
const SIGNATURES_MAX = 10;
const DETAIL_CHARS_MAX = 400;
