/** Only the sender of a mail: what an own check finds, what the receiving server reports, and whether the two agree. */
import type { AnalysisResult } from '../../protocol/index.ts';
import { evidence } from '../evidence/index.ts';
import { conclude, type WeighedFinding } from '../verdict/index.ts';
import type { Authentication } from './authentication.ts';
import type { ParsedMail, ReportedAuthentication } from './facts.ts';
import { checkedSigns, reportedSigns } from './judge.ts';
import { ambiguousSigns } from './sender.ts';
import { SIGNALS } from './signals.ts';

/** A result with both words side by side; neither ever stands in for the other. */
export interface SenderCheck extends AnalysisResult {
  authentication: Authentication;
  reported_authentication: ReportedAuthentication;
  /** Methods on which the receiving server and the own check differ, both having said something. */
  disagreements: string[];
}

/** Judges the sender alone: a mail whose sender is right may want anything. */
export function judgeSender(mail: ParsedMail, authentication: Authentication): SenderCheck {
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
      },
    ],
    not_checked: [
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

const METHODS = ['spf', 'dkim', 'dmarc', 'arc'] as const;
