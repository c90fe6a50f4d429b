/** One URL taken apart: whose host it really is, what it imitates, where it forwards to, what it hides. */
import { createHash } from 'node:crypto';
import { domainToUnicode } from 'node:url';
import { parse } from 'tldts';
import type { AnalysisResult, Evidence, Ioc } from '../../protocol/index.ts';
import {
  type Brand,
  FREE_HOSTING,
  isAddress,
  isAmong,
  isCheap,
  isMixedScript,
  isInsideName,
  isPublicName,
  isRandomLabel,
  lookalikeOf,
  ownerOf,
  REDIRECTORS,
  registeredDomain,
  SHORTENERS,
  skeleton,
  STARTER_BRANDS,
} from '../brands/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import type { Origin } from '../ioc/index.ts';
import { conclude, type WeighedFinding } from '../verdict/index.ts';
import type { Surroundings } from './judge.ts';
import { SIGNALS, type SignalId } from './signals.ts';
import { URL_LENGTH_MAX, urlChain } from './url-chain.ts';
import { effectiveHostOf, hostOf } from './urls.ts';

/** What one URL consists of. */
export interface UrlAnatomy {
  url: string;
  /** As written; the one a browser connects to; and how a person reads that. */
  host: string;
  effective_host: string;
  shown_host: string;
  /** The Latin letters it looks like (UTS #39). */
  skeleton: string;
  suffix: string | null;
  registered_domain: string | null;
  port: string | null;
  is_address: boolean;
  has_credentials: boolean;
  punycode: boolean;
  /** The brand whose host it is, and the one it imitates. */
  owner: string | null;
  imitates: { brand: string; how: string } | null;
  /** The imitation is a longer name with the brand in it, which may be the brand's own. */
  compound: boolean;
  services: ('shortener' | 'redirector' | 'free_hosting')[];
}

/** A result with the URL and every URL it carries inside, outermost first. */
export interface UrlAnalysis extends AnalysisResult {
  urls: UrlAnatomy[];
}

/** Takes a URL apart; nothing is opened. `origin` is what findings cite. `undefined` when the text is no web address. */
export function analyzeUrl(
  text: string,
  brands?: Surroundings['brands'],
  origin: Origin = { source: 'params', locator: '/url' },
): UrlAnalysis | undefined {
  const citing = ({ url }: UrlAnatomy) => evidence({ ...origin, text: url });
  const list = brands?.list ?? STARTER_BRANDS;
  const chain = urlChain(text);
  if (chain.length === 0) return undefined;
  const urls = chain.map((url) => anatomyOf(url, list));
  const signs = urls.flatMap((url, index) => signsOf(url, urls[index + 1]));
  const result = conclude({
    subject: 'The URL',
    findings: findingsOf(signs, citing),
    techniques: signs.flatMap(({ id, url }) =>
      (SIGNALS[id].techniques ?? []).map((technique) => ({ id: technique, evidence: [citing(url)] })),
    ),
    iocs: signs.some(({ id }) => SIGNALS[id].severity !== 'info') ? iocsOf(urls) : [],
    checked: [
      {
        question: 'Does the URL imitate, forward or hide its host? Counted in URLs, one inside the other.',
        corpus: {
          sha256: createHash('sha256').update(text).digest('hex'),
          items: urls.length,
          items_read: urls.length,
        },
        ...(signsOf(anatomyOf(PLANTED, PLANTED_BRANDS), undefined).length > 0 && {
          control: `the planted ${PLANTED} was found`,
        }),
      },
    ],
    not_checked: [
      { what: 'the page behind it', why: 'links are never opened', mandatory: true },
      { what: 'the age, owner and reputation of the host', why: 'no registration data is mounted' },
    ],
    data_versions: { brands: brands?.version ?? 'starter' },
  });
  return { ...result, urls: urls.map(printable) };
}

interface UrlSign {
  id: SignalId;
  url: UrlAnatomy;
  detail?: string;
}

function signsOf(url: UrlAnatomy, inner: UrlAnatomy | undefined): UrlSign[] {
  const host = url.effective_host;
  const sign = (id: SignalId, detail?: string): UrlSign => ({ id, url, ...(detail !== undefined && { detail }) });
  const forwards =
    inner !== undefined && registeredDomain(inner.effective_host) !== registeredDomain(host)
      ? [sign('link_redirector', `to ${inner.effective_host}`)]
      : url.services.includes('redirector')
        ? [sign('link_redirector')]
        : [];
  const credentials = url.has_credentials ? [sign('link_credentials')] : [];
  if (url.is_address) return [...credentials, sign('link_address', url.host === host ? undefined : host), ...forwards];
  if (!isPublicName(host)) return [...credentials, ...(isInsideName(host) ? [] : [sign('link_unreal')]), ...forwards];
  return [
    ...credentials,
    ...(url.imitates
      ? [sign(url.compound ? 'link_compound' : 'link_lookalike', `${url.imitates.brand}, ${url.imitates.how}`)]
      : []),
    ...(url.punycode || isMixedScript(url.shown_host) ? [sign('link_punycode', url.shown_host)] : []),
    ...(url.services.includes('shortener') ? [sign('link_shortener')] : []),
    ...(url.services.includes('free_hosting') ? [sign('link_free_hosting')] : []),
    ...(isCheap(host) ? [sign('link_cheap')] : []),
    ...(host.split('.').slice(0, -1).some(isRandomLabel) ? [sign('link_random')] : []),
    ...forwards,
  ];
}

function anatomyOf(url: string, brands: readonly Brand[]): UrlAnatomy {
  const effective_host = effectiveHostOf(url);
  const shown_host = domainToUnicode(effective_host) || effective_host;
  const { publicSuffix, domain } = parse(effective_host, { allowPrivateDomains: true });
  const address = isAddress(effective_host);
  const lookalike = lookalikeOf(effective_host, brands);
  const services = (
    [
      ['shortener', SHORTENERS],
      ['redirector', REDIRECTORS],
      ['free_hosting', FREE_HOSTING],
    ] as const
  )
    .filter(([, hosts]) => isAmong(effective_host, hosts))
    .map(([name]) => name);
  return {
    url,
    host: hostOf(url),
    effective_host,
    shown_host,
    skeleton: skeleton(shown_host),
    suffix: address ? null : publicSuffix,
    registered_domain: address ? null : domain,
    port: (URL.canParse(url) ? new URL(url).port : '') || null,
    is_address: address,
    has_credentials: /^https?:\/\/[^/?#]*@/i.test(url),
    punycode: effective_host.includes('xn--'),
    owner: ownerOf(effective_host, brands)?.name ?? null,
    imitates: lookalike ? { brand: lookalike.brand.name, how: lookalike.how } : null,
    compound: lookalike?.certainty === 'low',
    services,
  };
}

function findingsOf(signs: readonly UrlSign[], citing: (url: UrlAnatomy) => Evidence): WeighedFinding[] {
  return signs.map(({ id, url, detail }, index) => {
    const { title, severity, weight, basis } = SIGNALS[id];
    return {
      id: `${id}_${index}`,
      title: neutralize(detail === undefined ? title : `${title}: ${detail}`, 300),
      severity,
      rule: id,
      weight,
      basis,
      evidence: [citing(url)],
    };
  });
}

const iocsOf = (urls: readonly UrlAnatomy[]): Ioc[] =>
  urls
    .filter(({ owner }) => owner === null)
    .flatMap(({ url, effective_host, is_address }) => [
      // As a browser writes it: what is invisible in it is percent-encoded.
      { type: 'url', value: (URL.canParse(url) ? new URL(url).href : neutralize(url)).slice(0, URL_LENGTH_MAX) },
      { type: is_address ? 'ip' : 'domain', value: effective_host.slice(0, 253) },
    ]);

const printable = (url: UrlAnatomy): UrlAnatomy => ({
  ...url,
  url: neutralize(url.url, URL_LENGTH_MAX),
  host: neutralize(url.host),
  effective_host: neutralize(url.effective_host, 253),
  shown_host: neutralize(url.shown_host, 253),
  skeleton: neutralize(url.skeleton, 253),
});

const PLANTED_BRANDS: readonly Brand[] = [{ name: 'Examplebank', domains: ['examplebank.test'] }];
const PLANTED = 'http://examplebank.verify.example.com/';
