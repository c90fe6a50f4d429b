/** Whether a host passes itself off as a well-known one: other scripts, digits for letters, a brand in somebody else's domain. */
import { domainToUnicode } from 'node:url';
import { parse } from 'tldts';

/** What a host pretends, and by which means. */
export interface Lookalike {
  brand: string;
  means: 'homoglyph' | 'brand_in_name';
  /** The name as a person sees it. */
  shown: string;
}

/** The brand a host imitates, or undefined for the brand's own hosts and all others. */
export function lookalikeOf(host: string): Lookalike | undefined {
  const shown = domainToUnicode(host) || host;
  const { domain, domainWithoutSuffix, subdomain } = parse(shown);
  if (!domain || !domainWithoutSuffix || OWN_DOMAINS.has(domain)) return undefined;
  const skeleton = skeletonOf(domainWithoutSuffix);
  for (const [brand, own] of BRANDS) {
    if (own.includes(domain)) return undefined;
    if (skeleton === brand && domainWithoutSuffix !== brand) return { brand, means: 'homoglyph', shown };
    const words = `${skeleton}.${subdomain ?? ''}`.split(/[-.]/);
    if (words.includes(brand) && domainWithoutSuffix !== brand) return { brand, means: 'brand_in_name', shown };
  }
  return undefined;
}

/** The Latin letters a person reads (UTS #39, for the confusables that brands are imitated with). */
function skeletonOf(label: string): string {
  const plain = label.normalize('NFKD').replace(/\p{M}/gu, '');
  return Array.from(plain, (char) => CONFUSABLES.get(char) ?? char)
    .join('')
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w');
}

/** Latin letter: the Cyrillic, Greek and other characters and digits that are taken for it. */
const CONFUSABLES = new Map(
  Object.entries({
    a: '\u0430\u0251\u03b1',
    b: '\u042c\u0412\u0432',
    c: '\u0441\u03f2',
    d: '\u0501',
    e: '\u0435\u0454\u03b53',
    g: '\u0261\u0581',
    h: '\u04bb',
    i: '\u0456\u0131\u03b9',
    j: '\u0458',
    k: '\u043a\u03ba',
    l: '\u04cf1',
    m: '\u043c\u03fb',
    n: '\u043f\u03b7',
    o: '\u043e\u03bf\u03c30',
    p: '\u0440\u03c1',
    q: '\u051b',
    r: '\u0433',
    s: '\u04555',
    t: '\u0442\u03c4',
    u: '\u03c5\u0446',
    v: '\u03bd\u0475',
    w: '\u051d\u03c9',
    x: '\u0445\u03c7',
    y: '\u0443\u03b3',
  }).flatMap(([letter, lookalikes]) => Array.from(lookalikes, (char) => [char, letter] as const)),
);

/** Brands that are imitated most, with the domains that are their own. */
const BRANDS: readonly (readonly [string, readonly string[]])[] = [
  ['microsoft', ['microsoft.com', 'microsoft.net']],
  ['microsoftonline', ['microsoftonline.com']],
  ['office365', ['office365.com']],
  ['outlook', ['outlook.com', 'live.com', 'office.com', 'office365.com']],
  ['google', ['google.com', 'google.dev', 'google-analytics.com']],
  ['gmail', ['gmail.com']],
  ['apple', ['apple.com', 'cdn-apple.com', 'apple-cloudkit.com', 'apple-dns.net', 'apple-mapkit.com']],
  ['icloud', ['icloud.com']],
  [
    'amazon',
    [
      'amazon.com',
      'amazon.co.uk',
      'amazon.de',
      'amazon.fr',
      'amazon.it',
      'amazon.es',
      'amazon.co.jp',
      'amazon-adsystem.com',
      'media-amazon.com',
      'ssl-images-amazon.com',
    ],
  ],
  ['paypal', ['paypal.com', 'paypal.me']],
  ['facebook', ['facebook.com']],
  ['instagram', ['instagram.com']],
  ['whatsapp', ['whatsapp.com', 'whatsapp.net']],
  ['linkedin', ['linkedin.com']],
  ['netflix', ['netflix.com', 'netflix.net']],
  ['dropbox', ['dropbox.com']],
  ['docusign', ['docusign.com', 'docusign.net']],
  ['adobe', ['adobe.com']],
  ['github', ['github.com', 'github.io']],
  ['binance', ['binance.com']],
  ['coinbase', ['coinbase.com']],
  ['metamask', ['metamask.io']],
  ['steamcommunity', ['steamcommunity.com']],
  ['telegram', ['telegram.org']],
  ['dhl', ['dhl.com', 'dhl.de']],
  ['fedex', ['fedex.com']],
  ['usps', ['usps.com']],
  ['wellsfargo', ['wellsfargo.com']],
  ['bankofamerica', ['bankofamerica.com']],
];
const OWN_DOMAINS = new Set(BRANDS.flatMap(([, own]) => own));
