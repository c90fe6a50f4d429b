/** Email security: reads a mail, checks who sent it and judges whether it is after something. */
import { z } from 'zod';
import {
  analyzeEmail,
  assessMailIndicators,
  Authentication,
  checkAuthentication,
  DnsZone,
  MAIL_BYTES_MAX,
  MailFacts,
  mountedBrands,
  parseEmail,
  zoneResolver,
} from '../analysis/email/index.ts';
import { conclude } from '../analysis/verdict/index.ts';
import { INDICATORS_MAX } from '../analysis/ioc/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { AnalysisResult, AuroraError, Ioc, skill, Source } from '../protocol/index.ts';

const analyze = skill({
  id: 'analyze_email',
  title: 'Analyze an email',
  description:
    'Reads a mail, checks SPF, DKIM, DMARC and ARC against given DNS answers, and judges imitation, lures and links.',
  tags: ['email', 'phishing', 'impersonation', 'spf', 'dkim', 'dmarc'],
  effect: 'read',
  routable: true,
  examples: [
    {
      email: {
        name: 'reported.eml',
        text: 'From: "PayPal Service" <help@billing.example.com>\r\nTo: <reader@example.org>\r\nSubject: Your account is suspended\r\n\r\nVerify your account at http://192.0.2.7/login\r\n',
      },
    },
  ],
  params: z.object({
    email: Source,
    dns_zone: DnsZone.optional().describe('DNS answers known for this mail; without them sender checks are not made'),
    client_ip: z.union([z.ipv4(), z.ipv6()]).optional().describe('the address that delivered the mail; SPF needs it'),
    helo: z.string().max(255).optional(),
    mail_from: z.string().max(320).optional(),
  }),
  result: AnalysisResult.extend({ facts: MailFacts, authentication: Authentication }),
});

const threat = skill({
  id: 'analyze_threat',
  title: 'Analyze a threat',
  description: 'Judges the domains, URLs and mail addresses among indicators, also for names that imitate a brand.',
  tags: ['ioc', 'email'],
  effect: 'read',
  routable: false,
  examples: [{ alert_id: 'alert-1', iocs: [{ type: 'domain', value: 'paypal.login.example.com' }] }],
  params: z.object({ alert_id: z.string().min(1).max(256), iocs: z.array(Ioc).min(1).max(INDICATORS_MAX) }),
  result: AnalysisResult,
});

export const emailSecurity = defineAgent({
  id: 'email-security',
  name: 'Email security',
  description: 'Reads a mail, checks who sent it and judges whether it is after something.',
  skills: [
    analyze.implement(async ({ email, dns_zone, ...envelope }, ctx) => {
      const bytes = await collect(ctx.blobs.open(email), ctx.signal);
      const seen = { name: email.name, bytes: bytes.length };
      const reading = await ctx.progress.tool('parse mail', seen, () => parseEmail(bytes, { name: email.name }));
      if (!reading.ok) {
        throw new AuroraError(4220, { message: `Not a mail: ${reading.reason}`, detail: { path: '/email' } });
      }
      const resolver = dns_zone && zoneResolver(dns_zone);
      const authentication = await ctx.progress.tool('check sender authentication', { ...seen, ...envelope }, () =>
        checkAuthentication(bytes, { resolver, ...envelope }),
      );
      return ctx.progress.tool('judge mail', { sha256: reading.mail.facts.sha256 }, () =>
        analyzeEmail(reading.mail, authentication, mountedBrands(ctx.content.get('brands'))),
      );
    }),
    threat.implement(({ iocs }, { content, progress }) =>
      progress.tool('assess mail indicators', iocs, () =>
        conclude(assessMailIndicators(iocs, { content, brands: mountedBrands(content.get('brands')) })),
      ),
    ),
  ],
});

/** Gathers the bytes; stops where a mail would be refused anyway. */
async function collect(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    signal.throwIfAborted();
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAIL_BYTES_MAX) break;
  }
  return Buffer.concat(chunks);
}
