/** Which names stand for a protected asset: the patterns of the policy, whatever the spelling, besides this machine (ATK-F4). */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { accountsIn, accountsOf, written, type Account } from './account.ts';
import { hostOfLink, isLink } from './link.ts';
import {
  addressesOf,
  decodedForms,
  hostIn,
  hostsOf,
  hostsWithin,
  isCount,
  NAME_CHARS_MAX,
  namesOf,
  piecesOf,
  plainForms,
  type Address,
} from './spelling.ts';

/**
 * Tells whether a string names a protected asset: as a `whole`; in its `parts`, the names inside a URL, a share, `user@host` or a
 * list; or, as what is aimed at, in its parts and also where the domain of the asset is left out (`target`).
 */
export type IsProtected = (text: string, look: 'whole' | 'parts' | 'target') => boolean;

/**
 * Makes the judge. Patterns are exact names, globs (`dc-*`) or networks (`10.9.0.0/16`), compared without regard to case and domain:
 * `fs-01` may be `fs-01.corp.example`, and the other way round where it is the host of a target. This machine is always protected.
 * `dc1:389` is that text, and dc1 as the host of a target.
 *
 * Whoever protects a name protects the accounts on it or of it too (`CORP\anna` of `corp.example`): of `VPN\anna` nobody can tell whether
 * vpn.acme is a host or an organisation.
 */
export function protects(patterns: readonly string[], own_hosts: readonly string[]): IsProtected {
  const plain_patterns = [...patterns, ...own_hosts].flatMap((pattern) => namesOf(plainForms(pattern)[0] ?? ''));
  const assets = toAssets(plain_patterns);
  // As hosts alone: `vlan:20` has nothing to say about a param that is called vlan.
  const with_port = toAssets(plain_patterns.flatMap((pattern) => WITH_PORT.exec(pattern)?.[1] ?? []));
  return (text, look) => {
    // What else is in it is none of its words: `?q=%20mail`.
    const link_host = look === 'target' && isLink(text) ? hostOfLink(text) : undefined;
    return decodedForms(text).some((plain) => {
      if (look === 'whole') return isOne(assets, plain, isLoopback) || accountsOf(plain).some(isAccountOne);
      return isNamed(plain, look, link_host ?? plain) || accountsIn(plain).some(isAccountOne);
    });
  };

  function isNamed(plain: string, look: 'parts' | 'target', aimed_at: string): boolean {
    return (
      [plain, hostIn(plain)].some((name) => isOne(assets, name, isThisMachine)) ||
      piecesOf(plain).some(isPieceOne) ||
      (look === 'target' && [...hostsOf(aimed_at), ...hostsWithin(plain)].some(isHostOne)) ||
      (look === 'target' && accountsIn(plain).some(({ user, is_windows }) => is_windows && assets.short.has(user)))
    );
  }

  function isPieceOne(piece: string): boolean {
    return isCount(piece) ? assets.names.has(piece) : isOne(assets, piece, isLoopback);
  }

  function isHostOne(host: string): boolean {
    const isHostShort = (all: Assets) => namesOf(host).some((name) => isShort(all, name));
    return isOne(with_port, host, isLoopback) || isHostShort(assets) || isHostShort(with_port);
  }

  function isAccountOne(account: Account): boolean {
    const { whole, any } = assets.accounts;
    return any(written(account)) || [account, ...shorterAccounts(account)].some((each) => whole(written(each)));
  }
}

function isOne(assets: Assets, plain: string, isOurs: (address: Address) => boolean): boolean {
  if (plain === '' || plain.length > NAME_CHARS_MAX) return false;
  return namesOf(plain).some((name) => {
    const addresses = addressesOf(name);
    if (addresses.length === 0) return isAssetsName(assets, name);
    return (
      assets.names.has(name) ||
      addresses.some((address) => isOurs(address) || isAssetsAddress(assets, address)) ||
      assets.globs.test(name)
    );
  });
}

/** Why a pattern would protect nothing of what it says, or far more, with what to write instead; undefined when it is one. */
export function objectionToPattern(pattern: string): string | undefined {
  const [plain = ''] = plainForms(pattern);
  if (isNetwork(plain)) return isTooWide(plain) ? TOO_WIDE : undefined;
  const host = hostIn(plain);
  if (/^[a-z][a-z\d+.-]*:\/\//.test(plain) || /^[^/\\]+\/+$/.test(plain)) return `write the name alone: ${host}`;
  if (NETWORK_LIKE.test(plain)) return 'it is no network: write all of its address, as 10.9.0.0/16 or 2001:db8::/32';
  if (/^\[[^[\]]*\](?::\d{1,5})?$/.test(plain)) return `leave brackets and port out: ${host}`;
  return undefined;
}

/** Patterns, sorted by how a name is held against them. */
interface Assets {
  names: ReadonlySet<string>;
  /** Names of assets whose domain is left out. */
  short: ReadonlySet<string>;
  globs: RegExp;
  short_globs: RegExp;
  addresses: ReadonlySet<string>;
  networks: readonly [ipaddr.IPv6, number][];
  /** Accounts as they are in the policy, and these with those of shorter domains. */
  accounts: Record<'whole' | 'any', (name: string) => boolean>;
}

function toAssets(patterns: readonly string[]): Assets {
  const names = patterns.filter((pattern) => !WILDCARD.test(pattern));
  const globs = patterns.filter((pattern) => WILDCARD.test(pattern));
  const hosts = names.filter((name) => addressesOf(name).length === 0);
  const accounts = patterns.flatMap(accountsOf);
  const short_globs = globs.flatMap(shorter).filter((glob) => /[^*?.]/.test(glob));
  return {
    names: new Set(names),
    short: new Set(hosts.flatMap(shorter)),
    // An account is not its host: `dc*.corp.example` is not dcooper@mail.corp.example. What has no domain may mean accounts and paths too.
    globs: oneOf(globs, (glob) => (HOST_GLOB.test(glob) ? '[^@]' : '.')),
    short_globs: oneOf(short_globs, () => '[^.:]'),
    addresses: new Set(names.flatMap(addressesOf).map(String)),
    networks: hosts.filter(isNetwork).flatMap(networksOf),
    accounts: { whole: anyOf(accounts), any: anyOf([...accounts, ...accounts.flatMap(shorterAccounts)]) },
  };
}

function anyOf(accounts: readonly Account[]): (name: string) => boolean {
  const all = accounts.map(written);
  const names = new Set(all);
  const globs = oneOf(
    all.filter((name) => WILDCARD.test(name)),
    () => '[^@]',
  );
  return (name) => names.has(name) || globs.test(name);
}

/** The same account with less and less of its domain; of a domain with a wildcard nothing certain would be left. */
const shorterAccounts = ({ domain, ...account }: Account): Account[] =>
  WILDCARD.test(domain) ? [] : shorter(domain).map((short) => ({ ...account, domain: short }));

const isAssetsName = ({ names, globs }: Assets, name: string): boolean =>
  LOCALHOST.test(name) || [name, ...shorter(name)].some((each) => names.has(each) || globs.test(each));

const isShort = ({ short, short_globs }: Assets, name: string): boolean => short.has(name) || short_globs.test(name);

const isAssetsAddress = ({ addresses, networks, globs }: Assets, address: Address): boolean =>
  addresses.has(String(address)) ||
  (networks.length > 0 && liesIn(networks, toIPv6(address))) ||
  [String(address), address.toNormalizedString()].some((text) => globs.test(text));

/** What is IPv4 lies in networks that say something of IPv4 alone: ::/8 has none of it in mind. */
const liesIn = (networks: Assets['networks'], address: ipaddr.IPv6): boolean =>
  networks.some(([base, bits]) => {
    const says_something = bits >= MAPPED_BITS || !address.isIPv4MappedAddress();
    return says_something && address.match(base, bits);
  });

/**
 * A network in one form, whichever it is written in: 10.0.0.0/8 is ::ffff:10.0.0.0/104, and so is the one that 64:ff9b::10.0.0.0/104 or
 * 2002:a00::/24 carries.
 */
function networksOf(name: string): [ipaddr.IPv6, number][] {
  const [base, bits] = ipaddr.parseCIDR(name);
  if (base instanceof ipaddr.IPv4) return [[toIPv6(base), MAPPED_BITS + bits]];
  const before = bitsBefore(base);
  const carried = bits <= before ? [] : addressesOf(String(base)).filter((address) => address instanceof ipaddr.IPv4);
  return [
    [base, bits],
    ...carried.map((each): [ipaddr.IPv6, number] => [toIPv6(each), MAPPED_BITS + Math.min(bits - before, 32)]),
  ];
}

/** 64:ff9b::/96, 2002::/16 and ::ffff:10.9.0.0/16, which is all of ::/16, say nothing of the IPv4 address in them, and are hardly meant. */
function isTooWide(name: string): boolean {
  const [base, bits] = ipaddr.parseCIDR(name);
  if (base instanceof ipaddr.IPv4) return false;
  const carries = addressesOf(String(base)).some((address) => address instanceof ipaddr.IPv4);
  return (carries && bits <= bitsBefore(base)) || (bits <= MAPPED_BITS && ANY_MAPPED.match(base, bits));
}

const bitsBefore = (base: ipaddr.IPv6): number => (base.range() === '6to4' ? SIX_TO_FOUR_BITS : MAPPED_BITS);

const toIPv6 = (address: Address): ipaddr.IPv6 =>
  address instanceof ipaddr.IPv4 ? address.toIPv4MappedAddress() : address;

/** Whole addresses only: a library reads 10.9/16 as 10.0.0.9/16. */
function isNetwork(name: string): boolean {
  const [base = '', bits = '', ...more] = name.split('/');
  return (
    more.length === 0 &&
    isIP(base) !== 0 &&
    !base.includes('%') &&
    /^\d{1,3}$/.test(bits) &&
    Number(bits) <= (isIP(base) === 4 ? 32 : 128)
  );
}

/** The same host with less and less of its domain. */
const shorter = (name: string): string[] => {
  const labels = name.split('.');
  return labels.slice(1).map((_label, nth) => labels.slice(0, nth + 1).join('.'));
};

const isLoopback = (address: Address): boolean => address.range() === 'loopback';
const isThisMachine = (address: Address): boolean => isLoopback(address) || UNSPECIFIED.includes(String(address));

/** One expression for all globs: a name is held against thousands at once. `oneIn` says what a `?` of each stands for, and a `*` many times. */
function oneOf(globs: readonly string[], oneIn: (glob: string) => string): RegExp {
  const sources = globs.map((glob) =>
    glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '*')
      .replace(/[*?]/g, (mark) => (mark === '*' ? `${oneIn(glob)}*` : oneIn(glob))),
  );
  return sources.length === 0 ? /(?!)/ : new RegExp(`^(?:${sources.join('|')})$`, 's');
}

/** What stands before the IPv4 address in one of IPv6. */
const MAPPED_BITS = 96;
const SIX_TO_FOUR_BITS = 16;
const ANY_MAPPED = ipaddr.IPv6.parse('::ffff:0:0');
const TOO_WIDE =
  'it has all of IPv4 in it: write the network of IPv4 alone, as 10.9.0.0/16, or of IPv6, as 2001:db8::/32';
/** Dialled, they are this machine. */
const UNSPECIFIED: readonly string[] = ['0.0.0.0', '::'];
const WILDCARD = /[*?]/;
/** With a domain, and neither account nor path. */
const HOST_GLOB = /^[^@/\\.]*\.[^@/\\]*$/;
/** A host with its port, an image with its tag, a number of its kind: `dc1:389`, `redis:7`, `uid:1001`. */
const WITH_PORT = /^([^:/\\]+):\d{1,5}$/;
/** With a domain before it or behind it: a resolver answers both with this machine. */
const LOCALHOST = /^localhost(?:\.|$)|\.localhost$/;
const NETWORK_LIKE = /^(?:\d[\d.*?]*|[\da-f.*?]*:[^/]*)\/[\da-fx.:]*$/;
