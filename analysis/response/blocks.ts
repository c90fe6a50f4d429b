/** How an indicator that a finding names is blocked, and which one is left alone: findings also name whom an attack imitates or hits. */
import ipaddr from 'ipaddr.js';
import type { Ioc } from '../../protocol/index.ts';
import {
  FREE_HOSTING,
  FREEMAIL,
  isAmong,
  ownerOf,
  REDIRECTORS,
  SHORTENERS,
  STARTER_BRANDS,
  TRIAL_SENDERS,
} from '../brands/index.ts';
import { deliveryNetworkOf, isPublicResolver, parseIndicator, whySpared, type Indicator } from '../ioc/index.ts';
import type { Assets } from './assets.ts';

/** The kind of step that blocks it, or why nothing is proposed; undefined for what nothing blocks: a CVE, a path, a network. */
export function blockOf(ioc: Ioc, assets: Assets): { kind_id: string } | { why: string } | undefined {
  const read = parseIndicator(ioc);
  if ('reason' in read) return read.reason === 'unknown_type' ? undefined : { why: `it is no ${read.given.type}` };
  const kind_id = BLOCKS.get(read.type);
  if (kind_id === undefined) return undefined;
  const own = read.host === undefined ? undefined : assets.owning(read.host);
  const why = own === undefined ? whyLeftAlone(read) : `it belongs to your own ${own.name}`;
  return why === undefined ? { kind_id } : { why };
}

function whyLeftAlone(indicator: Indicator): string | undefined {
  const { type, host } = indicator;
  if (host === undefined) return undefined;
  if (ipaddr.isValid(host)) return whyNoAddress(host) ?? (type === 'ip' ? whyDelivery(host) : undefined);
  if (type === 'domain' && SHARED.some((names) => names.has(host))) return 'everybody uses it: a part of it was meant';
  if (type === 'email' && isBrands(host)) return 'it is of a brand that is most likely imitated';
  const spared = whySpared(indicator, undefined);
  if (spared !== undefined || type !== 'domain' || !isServedByBrand(host)) return spared;
  return 'it is of a well-known brand: a part of it was meant, or it is imitated';
}

/** Addresses set aside for documentation stand for public ones, as in all examples here. */
function whyNoAddress(host: string): string | undefined {
  const range = ipaddr.process(host).range();
  if (INSIDE.has(range)) return 'it is an address inside: find out whose it is, and act on that host';
  if (range !== 'unicast' && range !== 'reserved') return `in a special-purpose range (${range})`;
  return isPublicResolver(host) ? 'a public resolver that everybody asks' : undefined;
}

/** One page there can be blocked, the address cannot. */
function whyDelivery(host: string): string | undefined {
  const network = deliveryNetworkOf(host);
  return network && `it is of ${network}, which answers there for millions of sites: block the name that was asked for`;
}

/** A name of a brand's own, such as where everybody signs in or gets updates; below some, each name is a customer's. */
const isServedByBrand = (host: string): boolean =>
  ownerOf(host, STARTER_BRANDS) !== undefined &&
  ![FREE_HOSTING, TRIAL_SENDERS, TENANTS].some((set) => isAmong(host, set));

/** Mailboxes that anybody gets are not the brand's. */
const isBrands = (host: string): boolean =>
  ownerOf(host, STARTER_BRANDS) !== undefined && !isAmong(host, FREEMAIL) && !isAmong(host, TRIAL_SENDERS);

const BLOCKS: ReadonlyMap<string, string> = new Map([
  ['domain', 'block_domain'],
  ['url', 'block_url'],
  ['email', 'block_sender'],
  ['hash', 'block_hash'],
  ['ip', 'block_address'],
]);
const SHARED: readonly ReadonlySet<string>[] = [SHORTENERS, REDIRECTORS, FREE_HOSTING, FREEMAIL];
/** Domains of brands in which each customer has a name. */
const TENANTS: ReadonlySet<string> = new Set(['sharepoint.com', 'dynamics.com', 'visualstudio.com']);
const INSIDE: ReadonlySet<string> = new Set(['private', 'uniqueLocal']);
