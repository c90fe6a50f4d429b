/** Mails in a mail, attached or standing in its text, each judged like one that came by itself. */
import type { Ioc, NotChecked } from '../../protocol/index.ts';
import type { Grounds, WeighedFinding } from '../verdict/index.ts';
import type { ParsedMail } from './facts.ts';
import { headerOf } from './headers.ts';

/** What attached mails add; one that is not flagged adds only what was not read of it. */
export interface AttachedGrounds {
  findings: WeighedFinding[];
  techniques: NonNullable<Grounds['techniques']>[number][];
  iocs: Ioc[];
  not_checked: NotChecked[];
}

/** Judges them with `judge`. Their findings carry the place of the attachment; mails within them come along. */
export function attachedGrounds(mail: ParsedMail, judge: (mail: ParsedMail) => Grounds): AttachedGrounds {
  const is_report = /^multipart\/report\b/i.test(headerOf(mail.headers, 'content-type')?.trim() ?? '');
  const all: AttachedGrounds = { findings: [], techniques: [], iocs: [], not_checked: [] };
  for (const { locator, mail: inner } of mail.messages) {
    const grounds = judge(inner);
    const gaps = (grounds.not_checked ?? []).filter(({ mandatory }) => mandatory);
    all.not_checked.push(...gaps.map(({ what, why }) => ({ what: `${locator}: ${what}`, why })));
    if (!grounds.findings.some(({ weight }) => weight > 0)) continue;
    const within = (row: { source: string; locator: string; excerpt: string }) => ({
      ...row,
      source: mail.name,
      locator: row.locator === '' ? locator : `${locator}, ${row.locator}`,
    });
    all.findings.push(
      ...grounds.findings.map((finding) => ({
        ...finding,
        id: `${locator.replaceAll(' ', '_')}/${finding.id}`,
        title: `The ${is_report ? 'returned' : 'forwarded'} mail in ${locator}: ${finding.title}`,
        basis: `${locator}/${finding.basis}`,
        evidence: finding.evidence.map(within),
      })),
    );
    all.techniques.push(...(grounds.techniques ?? []).map((one) => ({ ...one, evidence: one.evidence.map(within) })));
    all.iocs.push(...(grounds.iocs ?? []));
  }
  return all;
}
