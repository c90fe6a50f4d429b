/** One read mail to one result: the signs, the own check beside the reported one, and the control that proves the looking. */
import type { AnalysisResult } from '../../protocol/index.ts';
import { BrandPack, STARTER_BRANDS } from '../brands/index.ts';
import { conclude } from '../verdict/index.ts';
import type { Authentication } from './authentication.ts';
import { plantedMail } from './control.ts';
import type { MailFacts, ParsedMail } from './facts.ts';
import { judgeEmail, type Surroundings } from './judge.ts';

/** The common result with what the mail says and what the check of its sender found. */
export interface EmailAnalysis extends AnalysisResult {
  facts: MailFacts;
  authentication: Authentication;
}

/** Judges a mail. A control that is not found makes the result incomplete: `inconclusive`, never `benign`. */
export async function analyzeEmail(
  mail: ParsedMail,
  authentication: Authentication,
  brands?: Surroundings['brands'],
): Promise<EmailAnalysis> {
  const grounds = judgeEmail(mail, { brands, authentication });
  const control = conclude(judgeEmail(await plantedMail(brands?.list ?? STARTER_BRANDS), { brands }));
  const found = control.verdict === 'malicious';
  const lost = { what: 'the positive control', why: 'the planted phish was not found', mandatory: true };
  const result = conclude({
    ...grounds,
    checked: grounds.checked.map((receipt) => (found ? { ...receipt, control: CONTROL } : receipt)),
    not_checked: [...(grounds.not_checked ?? []), ...(found ? [] : [lost])],
  });
  return { ...result, facts: mail.facts, authentication };
}

/** The brands an operator mounted, or undefined: then our own short list serves, and the result says `starter`. */
export function mountedBrands(pack: { version: string; data: unknown } | undefined): Surroundings['brands'] {
  const read = BrandPack.safeParse(pack?.data);
  return pack && read.success ? { list: read.data.brands, version: pack.version } : undefined;
}

const CONTROL = 'a planted phish (brand in the sender name, password form, bare address) was found in this run';
