/** Whether an address that a stranger registered may be dialled, and which number to dial then (ATK-G1, wire.md 4). */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AuroraError } from '../protocol/index.ts';

/** What the judgement needs. */
export interface PublicAddressDeps {
  /** All addresses of a name. */
  resolve?: (hostname: string) => Promise<readonly string[]>;
  /** CIDR blocks, never changed once given, that are allowed besides the public internet (`mesh.networks`), e.g. `10.20.0.0/16`. */
  networks?: readonly string[];
}

/** An address that may be dialled: give both to `dialWebsocket`, so that a second answer of the name server changes nothing. */
export interface PinnedAddress {
  url: string;
  address: string;
}

/**
 * Accepts `ws:` and `wss:` URLs whose every address is public or in an allowed network; throws 4220 for all else: userinfo,
 * other schemes, numbers written oddly (`0x7f.1`), loopback, private, link-local, shared, unspecified, mapped or tunnelled ones.
 */
export async function assertPublicAddress(url: string, deps: PublicAddressDeps = {}): Promise<PinnedAddress> {
  const { resolve = resolveBySystem, networks = [] } = deps;
  const parsed = parseUrl(url);
  const hostname = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(hostname) === 0 ? await resolveAll(hostname, resolve) : [hostname];
  for (const address of addresses) {
    if (!isDialable(address, networks)) throw refuse('The address is not public and in no allowed network');
  }
  const [address] = addresses;
  if (address === undefined || addresses.length > ADDRESSES_MAX)
    throw refuse('The name must have between one and 32 addresses');
  return { url: parsed.href, address };
}

function parseUrl(url: string): URL {
  // The text itself is judged: the URL parser repairs tabs, backslashes and odd numbers before one can see them.
  const authority = AUTHORITY.exec(url)?.groups?.['authority'];
  if (authority === undefined || !URL.canParse(url)) throw refuse('A ws: or wss: URL is needed');
  if (authority.includes('@')) throw refuse('A URL with a user name or password is not taken');
  const parsed = new URL(url);
  const written = authority.toLowerCase().replace(/:\d*$/, '');
  if (isIP(parsed.hostname) === 4 && written !== parsed.hostname)
    throw refuse('An IPv4 address has four decimal numbers');
  return parsed;
}

async function resolveAll(
  hostname: string,
  resolve: NonNullable<PublicAddressDeps['resolve']>,
): Promise<readonly string[]> {
  try {
    return await resolve(hostname);
  } catch (cause) {
    throw refuse('The name does not resolve', cause);
  }
}

function isDialable(address: string, networks: readonly string[]): boolean {
  if (isIP(address) === 0) return false;
  if (isPublic(ipaddr.parse(address))) return true;
  return isWithin(address, networks);
}

/** True for an address that lies in one of these CIDR blocks, which never change once given. */
export function isWithin(address: string, networks: readonly string[]): boolean {
  if (isIP(address) === 0) return false;
  const plain = ipaddr.process(address); // a mapped address is judged as the IPv4 address it reaches
  return blocksOf(networks).some(([base, bits]) => base.kind() === plain.kind() && plain.match(base, bits));
}

/** The blocks of a list, read once. */
function blocksOf(networks: readonly string[]): readonly Block[] {
  const known = BLOCKS.get(networks);
  if (known) return known;
  const blocks = networks.map((network) => ipaddr.parseCIDR(network));
  BLOCKS.set(networks, blocks);
  return blocks;
}

/** `range` calls what it does not know unicast (`::127.0.0.1`), so IPv6 must also lie in the one block that is handed out. */
const isPublic = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  address.range() === 'unicast' &&
  (address.kind() === 'ipv4' ? address.toString() !== HOST_OF_AZURE : address.match(GLOBAL_UNICAST, 3));

const refuse = (message: string, cause?: unknown) =>
  new AuroraError(4220, { message, detail: { path: ['url'] }, cause });

const resolveBySystem = async (hostname: string) =>
  (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);

type Block = ReturnType<typeof ipaddr.parseCIDR>;
/** A fleet that comes at once is judged by the same list a thousand times. */
const BLOCKS = new WeakMap<readonly string[], readonly Block[]>();
const AUTHORITY = /^wss?:\/\/(?<authority>[^/?#\\\s]+)(?:[/?#][^\s\\]*)?$/i;
/** Looks public, and is the machine below every virtual one of Azure: it hands out what they are configured with. */
const HOST_OF_AZURE = '168.63.129.16';
const GLOBAL_UNICAST = ipaddr.parse('2000::');
const ADDRESSES_MAX = 32;
