/** Indicators as the mail trade sees them: the common judgement, and the names that are dressed up as a brand. */
import type { Ioc } from '../../protocol/index.ts';
import { type Brand, lookalikeOf, STARTER_BRANDS } from '../brands/index.ts';
import { evidence } from '../evidence/index.ts';
import { assessIndicators, parseIndicator, type AssessOptions } from '../ioc/index.ts';
import type { Grounds, WeighedFinding } from '../verdict/index.ts';
import { imitating, SIGNALS } from './signals.ts';

/** The grounds for `conclude`. Addresses, hashes and other types are another trade's: they are named in `not_checked`. */
export function assessMailIndicators(
  iocs: readonly Ioc[],
  {
    content,
    brands,
  }: { content: AssessOptions['content']; brands?: { list: readonly Brand[]; version: string } | undefined },
): Grounds {
  const grounds = assessIndicators(iocs, { content, only: { types: ['domain', 'url', 'email'], trade: 'mail' } });
  const lookalikes = iocs.flatMap((ioc, index) => lookalikeFinding(ioc, index, brands?.list ?? STARTER_BRANDS));
  // One name is one observation: what this trade says of it stands in place of what is commonly said.
  const told = new Set(lookalikes.flatMap((finding) => finding.evidence.map(({ locator }) => locator)));
  const common = grounds.findings.filter(
    ({ rule, evidence: cited }) => rule !== 'lookalike' || !cited.some(({ locator }) => told.has(locator)),
  );
  return {
    ...grounds,
    findings: [...common, ...lookalikes],
    data_versions: { ...grounds.data_versions, brands: brands?.version ?? 'starter' },
  };
}

function lookalikeFinding(ioc: Ioc, index: number, brands: readonly Brand[]): WeighedFinding[] {
  const read = parseIndicator(ioc, index);
  if ('reason' in read || !['domain', 'url', 'email'].includes(read.type) || read.host === undefined) return [];
  const lookalike = lookalikeOf(read.host, brands);
  if (!lookalike) return [];
  const { severity, weight } = SIGNALS[lookalike.certainty === 'low' ? 'sender_compound' : 'sender_lookalike'];
  return [
    {
      id: `brand_lookalike_${index}`,
      title: `${lookalike.certainty === 'low' ? 'The name has a brand in it' : imitating('The name')}: ${lookalike.brand.name}, ${lookalike.how}`,
      severity,
      rule: 'brand_lookalike',
      weight,
      basis: 'brand_lookalike',
      evidence: [evidence({ source: 'params', locator: `/iocs/${index}/value`, text: ioc.value })],
    },
  ];
}
