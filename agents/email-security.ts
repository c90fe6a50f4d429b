/** Email security: reads a mail, checks who sent it and judges whether it is after something. */
import { z } from 'zod';
import {
  analyzeEmail,
  analyzeUrl,
  assessMailIndicators,
  Authentication,
  checkAuthentication,
  DnsZone,
  judgeSender,
  MAIL_BYTES_MAX,
  MailFacts,
  mountedBrands,
  parseEmail,
  ReportedAuthentication,
  zoneResolver,
} from '../analysis/email/index.ts';
import { conclude } from '../analysis/verdict/index.ts';
import { collect, openSingle } from '../analysis/readers/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { AnalysisResult, AuroraError, skill, Source, type SkillContext } from '../protocol/index.ts';
import { Origin, threatSkill } from './analyze-threat.ts';

/** What a receiver knew when the mail came; all of it given, nothing looked up. */
const MailParams = z.object({
  email: Source,
  dns_zone: DnsZone.optional().describe('DNS answers known for this mail; without them sender checks are not made'),
  client_ip: z.union([z.ipv4(), z.ipv6()]).optional().describe('the address that delivered the mail; SPF needs it'),
  helo: z.string().max(255).optional(),
  mail_from: z.string().max(320).optional(),
});

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
  params: MailParams,
  result: AnalysisResult.extend({ facts: MailFacts, authentication: Authentication }),
});

const check = skill({
  id: 'check_authentication',
  title: 'Check who sent a mail',
  description:
    'Checks SPF, DKIM, DMARC with its alignment, and ARC against given DNS answers, and shows what the receiving server reports beside it.',
  tags: ['email', 'spf', 'dkim', 'dmarc', 'arc'],
  effect: 'read',
  routable: true,
  examples: [
    {
      email: {
        name: 'reported.eml',
        text: 'From: <help@example.com>\r\nTo: <reader@example.org>\r\nSubject: Hi\r\n\r\nx\r\n',
      },
      dns_zone: {
        'example.com': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
        '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject'] },
      },
      client_ip: '192.0.2.9',
      mail_from: 'help@example.com',
    },
  ],
  params: MailParams,
  result: AnalysisResult.extend({
    authentication: Authentication,
    reported_authentication: ReportedAuthentication,
    disagreements: z.array(z.string()),
  }),
});

const url = skill({
  id: 'analyze_url',
  title: 'Analyze a URL',
  description:
    'Takes a URL apart without opening it: real host, suffix, look-alike letters and names, punycode, credentials, redirectors and what they lead to.',
  tags: ['url', 'phishing', 'homoglyph'],
  effect: 'read',
  routable: true,
  examples: [{ url: 'https://l.facebook.com/l.php?u=http%3A%2F%2Fpaypal.login.example.com%2F' }],
  params: z.object({
    url: z.string().min(1).max(4_096),
    origin: Origin.optional().describe('where the URL stands: what findings cite'),
  }),
  result: AnalysisResult.extend({
    urls: z.array(
      z.object({
        url: z.string(),
        host: z.string(),
        effective_host: z.string(),
        shown_host: z.string(),
        skeleton: z.string(),
        suffix: z.string().nullable(),
        registered_domain: z.string().nullable(),
        port: z.string().nullable(),
        is_address: z.boolean(),
        has_credentials: z.boolean(),
        punycode: z.boolean(),
        owner: z.string().nullable(),
        imitates: z.object({ brand: z.string(), how: z.string() }).nullable(),
        compound: z.boolean(),
        services: z.array(z.enum(['shortener', 'redirector', 'free_hosting'])),
      }),
    ),
  }),
});

const threat = threatSkill({
  description: 'Judges the domains, URLs and mail addresses among indicators, also for names that imitate a brand.',
  tags: ['ioc', 'email'],
  example: { type: 'domain', value: 'paypal.login.example.com' },
});

/** Reads a mail, checks who sent it and judges whether it is after something. */
export const emailSecurity = defineAgent({
  id: 'email-security',
  name: 'Email security',
  description: 'Reads a mail, checks who sent it and judges whether it is after something.',
  skills: [
    analyze.implement(async (params, ctx) => {
      const { mail, authentication } = await readMail(params, ctx);
      return ctx.progress.tool('judge mail', { sha256: mail.facts.sha256 }, () =>
        analyzeEmail(mail, authentication, mountedBrands(ctx.content.get('brands'))),
      );
    }),
    check.implement(async (params, ctx) => {
      const { mail, authentication } = await readMail(params, ctx);
      return judgeSender(mail, authentication);
    }),
    url.implement(({ url: given, origin }, { content, progress }) =>
      progress.tool('take URL apart', given, () => {
        const result = analyzeUrl(given, mountedBrands(content.get('brands')), origin);
        if (!result) throw new AuroraError(4220, { message: 'Not a web address', detail: { path: '/url' } });
        return result;
      }),
    ),
    threat.implement(({ iocs }, { content, progress }) =>
      progress.tool('assess mail indicators', iocs, () =>
        conclude(assessMailIndicators(iocs, { content, brands: mountedBrands(content.get('brands')) })),
      ),
    ),
  ],
});

/** The mail and the check of its sender; throws 4220 when the bytes are no mail, 4130 when they are too many for one. */
async function readMail({ email, dns_zone, ...envelope }: z.output<typeof MailParams>, ctx: SkillContext) {
  const file = await openSingle({ name: email.name, bytes: ctx.blobs.open(email) });
  const bytes = await collect(file.bytes, MAIL_BYTES_MAX);
  const seen = { name: file.name, bytes: bytes.length };
  const reading = await ctx.progress.tool('parse mail', seen, () => parseEmail(bytes, { name: file.name }));
  if (!reading.ok) {
    throw new AuroraError(4220, { message: `Not a mail: ${reading.reason}`, detail: { path: '/email' } });
  }
  const resolver = dns_zone && zoneResolver(dns_zone);
  const authentication = await ctx.progress.tool('check sender authentication', { ...seen, ...envelope }, () =>
    checkAuthentication(bytes, { resolver, ...envelope }),
  );
  return { mail: reading.mail, authentication };
}
