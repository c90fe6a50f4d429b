/** Web indicators: URLs, paths and User-Agents go to the web judge, addresses and names to the judge of indicators. */
import { createHash } from 'node:crypto';
import type { AnalysisResult, Checked, Ioc } from '../../protocol/index.ts';
import type { Content } from '../../seams/index.ts';
import { neutralize } from '../evidence/index.ts';
import { assessIndicators, parseIndicator } from '../ioc/index.ts';
import { conclude, WEIGHT, type Grounds } from '../verdict/index.ts';
import { attacksOf, plantedAttack, techniquesOf, toFinding } from './http.ts';
import { targetOf, type HttpRequest } from './request.ts';

/** Judges the indicators of the web trade; the types of all others are named as not checked. Deterministic. */
export function analyzeWebThreat({ iocs }: { iocs: readonly Ioc[] }, content: Content): AnalysisResult {
  const all = iocs.map((ioc, index) => ({ ioc, index, type: webTypeOf(ioc) }));
  const addressed = all.filter(({ type }) => type === 'ip' || type === 'domain' || type === 'url');
  const requests = all.flatMap(({ ioc, index, type }) => {
    const request = toRequest(type, ioc.value);
    return request ? [{ request, where: `/iocs/${index}/value, `, index }] : [];
  });
  const attacks = requests.flatMap(({ request, where, index }) =>
    attacksOf(request).hits.map((hit) => ({ hit, where, index })),
  );
  const grounds = assessIndicators(
    addressed.map(({ ioc }) => ioc),
    { content, originOf: (at) => ({ source: 'params', locator: `/iocs/${addressed[at]?.index ?? at}/value` }) },
  );
  const attacking = attacks.some(({ hit }) => hit.certain);
  const settled = attacking || grounds.findings.some(({ weight }) => weight >= WEIGHT.exact);
  const others = all.filter(({ type }) => type === undefined).map(({ ioc }) => ioc.type);
  const gaps: NonNullable<Grounds['not_checked']> = [
    ...(others.length > 0 ? [outside(others)] : []),
    ...(all.length - others.length > addressed.length ? [ORDINARY] : []),
    ...(grounds.not_checked ?? []),
  ];
  return conclude({
    ...grounds,
    subject: iocs.length === 1 ? 'The indicator' : `The ${iocs.length} indicators`,
    findings: [...grounds.findings, ...attacks.map(({ hit, where, index }) => toFinding(hit, where, index, 'params'))],
    techniques: [
      ...(grounds.techniques ?? []),
      ...attacks.flatMap(({ hit, where }) => techniquesOf(hit, where, 'params')),
    ],
    iocs,
    checked: [...grounds.checked, receipt(requests.map(({ request }) => request))],
    not_checked: gaps.map((gap) => ({ ...gap, mandatory: gap.mandatory === true && !settled })),
    warning_listed: grounds.warning_listed === true && !attacking, // a harmless host does not excuse an attack on it
  });
}

/** The type in our words, also by the names of MISP and STIX; undefined outside the trade. */
function webTypeOf(ioc: Ioc): string | undefined {
  const own = OWN_TYPES.get(ioc.type.toLowerCase().trim());
  if (own !== undefined) return own;
  const read = parseIndicator(ioc);
  return 'type' in read && TRADE_TYPES.includes(read.type) ? read.type : undefined;
}

/** The request that an indicator was part of, as far as it tells it. */
function toRequest(type: string | undefined, value: string): HttpRequest | undefined {
  if (type === 'url') return { method: 'GET', target: targetOf(value) };
  if (type === 'path') return { method: 'GET', target: value };
  return type === 'user_agent' ? { method: 'GET', target: '/', headers: { 'User-Agent': value } } : undefined;
}

function receipt(requests: readonly HttpRequest[]): Checked {
  const control = plantedAttack();
  return {
    question: 'Do the URLs, paths and User-Agents attack a web application?',
    corpus: {
      sha256: createHash('sha256').update(JSON.stringify(requests)).digest('hex'),
      items: requests.length,
      items_read: control === undefined ? 0 : requests.length,
    },
    ...(control === undefined ? {} : { control }),
  };
}

const outside = (types: readonly string[]) => ({
  what: `indicators of type ${neutralize([...new Set(types)].sort().join(', '))}`,
  why: `they lie outside the web trade, which judges ${TRADE_TYPES.join(', ')}`,
  mandatory: true,
});
const ORDINARY = {
  what: 'paths and User-Agents that look ordinary',
  why: 'attackers use them too; only the log shows what else their sender did',
  mandatory: true,
};
const TRADE_TYPES = ['ip', 'domain', 'url', 'path', 'user_agent'];
const OWN_TYPES = new Map([
  ...TRADE_TYPES.map((type): [string, string] => [type, type]),
  ['uri', 'url'],
  ['link', 'url'],
  ['url_path', 'path'],
  ['user-agent', 'user_agent'],
  ['useragent', 'user_agent'],
]);
