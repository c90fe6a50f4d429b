/** Only the sender of a mail: what an own check finds, what the receiving server reports, and whether the two agree. */
import type { AnalysisResult } from '../../protocol/index.ts';
import { evidence } from '../evidence/index.ts';
import { conclude, type WeighedFinding } from '../verdict/index.ts';
import { checkAuthentication, type Authentication } from './authentication.ts';
import type { ParsedMail, ReportedAuthentication } from './facts.ts';
import { checkedSigns, reportedSigns } from './judge.ts';
import { ambiguousSigns } from './sender.ts';
import { SIGNALS } from './signals.ts';
import { zoneResolver } from './zone.ts';

/** A result with both words side by side; neither ever stands in for the other. */
export interface SenderCheck extends AnalysisResult {
  authentication: Authentication;
  reported_authentication: ReportedAuthentication;
  /** Methods on which the receiving server and the own check differ, both having said something. */
  disagreements: string[];
}

/** Judges the sender alone: a mail whose sender is right may want anything. */
export async function judgeSender(mail: ParsedMail, authentication: Authentication): Promise<SenderCheck> {
  const control = await plantedSenders();
  const reported = mail.facts.reported_authentication;
  const disagreements = (['spf', 'dkim', 'dmarc'] as const).filter((method) => {
    const [own, other] = [authentication[method], reported[method]];
    return own !== 'not_checked' && other !== null && own !== other;
  });
  const signs = [...ambiguousSigns(mail), ...checkedSigns(authentication), ...reportedSigns(mail)];
  const findings = signs.map(({ id, locator, text, detail }): WeighedFinding => {
    const { title, severity, weight, basis } = SIGNALS[id];
    const full = detail === undefined ? title : `${title}: ${detail}`;
    return {
      id,
      title: full,
      severity,
      weight,
      basis,
      rule: id,
      evidence: [evidence({ source: mail.name, locator, text })],
    };
  });
  const result = conclude({
    subject: 'The sender of the mail',
    findings,
    techniques: signs.flatMap(({ id, locator, text }) =>
      (SIGNALS[id].techniques ?? []).map((technique) => ({
        id: technique,
        evidence: [evidence({ source: mail.name, locator, text })],
      })),
    ),
    checked: [
      {
        question: 'Did the domain that the mail names as its sender send it?',
        corpus: {
          sha256: mail.facts.sha256,
          items: METHODS.length,
          items_read: METHODS.filter((method) => authentication[method] !== 'not_checked').length,
        },
        ...(control !== undefined && { control }),
      },
    ],
    not_checked: [
      ...(control === undefined
        ? [{ what: 'the sender as a whole', why: 'planted senders were not told apart', mandatory: true }]
        : []),
      { what: 'what the mail wants', why: 'only its sender is checked here', mandatory: true },
      ...METHODS.filter((method) => authentication[method] === 'not_checked').map((method) => ({
        what: `${method.toUpperCase()} by an own check`,
        why: authentication.checked
          ? 'the address that delivered the mail, or who sent it, was not given'
          : 'no DNS answers were given',
      })),
    ],
  });
  return { ...result, authentication, reported_authentication: reported, disagreements };
}

/** A planted sender that its domain denies and one that it vouches for, checked by the same code against a planted zone. */
async function plantedSenders(): Promise<string | undefined> {
  const [forged, honest] = await Promise.all(
    ['192.0.2.66', '192.0.2.1'].map((client_ip) =>
      checkAuthentication(new TextEncoder().encode(PLANTED), {
        resolver: zoneResolver(PLANTED_ZONE),
        client_ip,
        mail_from: 'a@planted.example',
      }),
    ),
  );
  const told = checkedSigns(forged).length > 0 && checkedSigns(honest).length === 0 && honest?.dmarc === 'pass';
  return told ? 'a planted sender that its domain denies was told, one that it vouches for was not' : undefined;
}

const PLANTED = 'From: a@planted.example\r\nTo: b@example.org\r\nSubject: x\r\n\r\nx\r\n';
const PLANTED_ZONE = {
  'planted.example': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
  '_dmarc.planted.example': { TXT: ['v=DMARC1; p=reject'] },
};
const METHODS = ['spf', 'dkim', 'dmarc', 'arc'] as const;
