/** Where a mail sends its reader. */
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
} from '../brands/index.ts';
import type { MailLink, ParsedMail } from './facts.ts';
import { compoundOr, type Trust } from './trust.ts';
import { urlChain } from './url-chain.ts';
import { effectiveHostOf, hostOf, urlsIn } from './urls.ts';
import type { Sign } from './signals.ts';

/** Whose links a mail may carry without a sign: the sender's, unless a check says the sender is somebody else. */
interface Excuse {
  owners: ReadonlySet<string>;
  brands: readonly Brand[];
  trust: Trust;
}

/**
 * The signs that links and forms give. Each sign names the first links that show it. A link to the sender's own domain is
 * excused for its kind of host, never for wearing a brand: the sender may be the attacker. A sender whose check
 * failed is excused nothing.
 */
export function targetSigns(mail: ParsedMail, { brands, trust }: { brands: readonly Brand[]; trust: Trust }): Sign[] {
  const own = ownersOf(mail);
  const excuse: Excuse = { owners: trust.failed ? new Set() : own, brands, trust };
  const seen = new Set<string>();
  const carried = new Set<string>();
  const signs: Sign[] = [];
  const often = Math.max(1, mail.links.length / MINOR_SHARE);
  for (const link of mail.links) {
    signs.push(
      ...(/^https?:\/\/[^/?#]*@/i.test(link.url) ? [signOf('link_credentials', link)] : []),
      ...textSigns(link, excuse),
      ...consentSigns(link, own, brands),
      ...(seen.has(link.host) ? [] : hostSigns(link, excuse).filter(isNotable(link, mail, often))),
    );
    seen.add(link.host);
    for (const inner of carriedIn(link)) {
      if (seen.has(inner.host) || carried.has(inner.host)) continue;
      signs.push(...hostSigns(inner, excuse).filter(({ id }) => TELLING.has(id)));
      carried.add(inner.host);
    }
    if (link.kind === 'form' && !own.has(registeredDomain(link.host))) signs.push(signOf('form_foreign', link));
  }
  if (mail.facts.password_inputs > 0) {
    const form = mail.links.find((link) => link.kind === 'form' && link.attached !== true);
    signs.push({
      id: 'form_password',
      locator: form?.locator ?? 'html input',
      text: form?.url ?? 'input type=password',
    });
  }
  // The link that matters is rarely the borrowed font or the borrowed imprint of a known firm.
  const written = mail.links.filter(({ attached }) => attached !== true);
  const first = written.find((link) => !ownerOf(link.host, brands)) ?? written[0];
  if (first && !written.some((link) => own.has(registeredDomain(effectiveHostOf(link.url))))) {
    signs.push(signOf('links_foreign', first));
  }
  return signs;
}

/** Where a redirector or click counter sends its reader on to, as far as the link itself says. */
const carriedIn = (link: MailLink): MailLink[] =>
  urlChain(link.url)
    .slice(1)
    .map((url) => ({ ...link, url, host: hostOf(url), text: '', locator: `${link.locator}, sent on to` }));

function hostSigns(link: MailLink, { owners, brands, trust }: Excuse): Sign[] {
  const host = effectiveHostOf(link.url);
  if (isAddress(host)) return [signOf('link_address', link, host === link.host ? undefined : host)];
  if (!isPublicName(host)) return isInsideName(host) ? [] : [signOf('link_unreal', link)];

  const isOwn = owners.has(registeredDomain(host)) && !isAmong(host, FREE_HOSTING);
  const lookalike = lookalikeOf(host, brands);
  const signs: Sign[] = [];
  // A close spelling, or a longer word, may be the sender's honest name; a brand worn as such is nobody's.
  if (lookalike && !(isOwn && lookalike.certainty !== 'high' && !trust.failed && !trust.asks_password)) {
    signs.push(signOf(compoundOr('link', lookalike, host, trust), link, `${lookalike.brand.name}, ${lookalike.how}`));
  }
  if (isOwn) return signs;
  if (host.includes('xn--') || isMixedScript(link.host)) signs.push(signOf('link_punycode', link, host));
  if (isAmong(host, SHORTENERS)) signs.push(signOf('link_shortener', link));
  if (isAmong(host, REDIRECTORS)) signs.push(signOf('link_redirector', link));
  if (isAmong(host, FREE_HOSTING)) signs.push(signOf('link_free_hosting', link));
  if (isCheap(host)) signs.push(signOf('link_cheap', link));
  if (host.split('.').slice(0, -1).some(isRandomLabel)) signs.push(signOf('link_random', link));
  return signs;
}

/** Access that is granted at a known service, and goes to an application that is neither the sender's nor the service's. */
function consentSigns(link: MailLink, own: ReadonlySet<string>, brands: readonly Brand[]): Sign[] {
  if (!CONSENT.test(link.url) || !URL.canParse(link.url)) return [];
  const back = new URL(link.url).searchParams.get('redirect_uri') ?? '';
  const host = effectiveHostOf(back);
  if (!isPublicName(host) || own.has(registeredDomain(host)) || ownerOf(host, brands)) return [];
  return [signOf('link_consent', link, host)];
}

/**
 * A text that is itself an address promises that address. A sender's own click counter behind it is usual, but behind a
 * brand's address only a host of the brand is excused: From and Return-Path are the attacker's to write.
 */
function textSigns(link: MailLink, { owners, brands }: Excuse): Sign[] {
  const promised = urlsIn(link.text)[0] ?? /^(?:www\.)?(?:[a-z0-9-]+\.)+[a-z]{2,}(?:\/\S*)?$/i.exec(link.text)?.[0];
  if (promised === undefined) return [];
  const shown = hostOf(/^https?:/i.test(promised) ? promised : `http://${promised}`);
  const host = effectiveHostOf(link.url);
  const target = registeredDomain(host);
  if (!isPublicName(shown) || registeredDomain(shown) === target) return [];
  const brand = ownerOf(shown, brands);
  const isBrands = (name: string) =>
    brand !== undefined &&
    ownerOf(name, [brand]) !== undefined &&
    ![FREE_HOSTING, REDIRECTORS].some((set) => isAmong(name, set));
  if (brand ? isBrands(host) : owners.has(target)) return [];
  // A brand's own mail may count its clicks elsewhere, and whoever forges its address looks the same: the weaker sign.
  const id = brand && ![...owners].some(isBrands) ? 'link_text_brand' : 'link_text';
  return [signOf(id, link, `shows ${shown}`)];
}

/** A newsletter of fifty links has an odd one: a weak sign counts where the mail really sends its reader. */
const isNotable = (link: MailLink, mail: ParsedMail, often: number) => (sign: Sign) =>
  !WEAK.has(sign.id) || mail.links.filter((other) => other.host === link.host).length >= often;

const ownersOf = (mail: ParsedMail): ReadonlySet<string> =>
  new Set(
    [...mail.from, ...mail.return_path].flatMap(({ domain }) => (domain === '' ? [] : [registeredDomain(domain)])),
  );

const signOf = (id: Sign['id'], link: MailLink, detail?: string): Sign => ({
  id,
  locator: link.locator,
  text: link.url,
  host: link.host,
  ...(detail !== undefined && { detail }),
});

const CONSENT =
  /^https:\/\/(?:login\.(?:microsoftonline|live)\.com|login\.windows\.net|accounts\.google\.com)\/[^?#]{0,200}(?:authorize|auth|consent)\b[^?#]{0,100}\?/i;
const WEAK = new Set<Sign['id']>(['link_unreal', 'link_cheap', 'link_random', 'link_redirector']);
/** Honest click counters send on to shorteners and free hosts too: behind them counts what imitates or hides. */
const TELLING = new Set<Sign['id']>(['link_lookalike', 'link_compound', 'link_address', 'link_punycode']);
const MINOR_SHARE = 8;
