/** Which names stand for a protected asset: the patterns of the policy, whatever the spelling, besides this machine (ATK-F4). */
import ipaddr from 'ipaddr.js';
import {
  addressesOf,
  hostIn,
  isCount,
  NAME_CHARS_MAX,
  namesOf,
  piecesOf,
  plainForms,
  type Address,
} from './spelling.ts';

/** Tells whether a string names a protected asset. */
export type IsProtected = (text: string, look: 'whole' | 'parts') => boolean;

/**
 * Makes the judge. Patterns are exact names, globs (`dc-*`) or networks (`10.9.0.0/16`), compared without regard to case and domain, both
 * ways: `fs-01` may be `fs-01.corp.example`. This machine is always protected. `parts` also looks at the names inside a URL, a share,
 * `user@host` or a list: for targets, not for free text.
 */
export function protects(patterns: readonly string[], own_hosts: readonly string[]): IsProtected {
  const assets = toAssets([...patterns, ...own_hosts].flatMap((pattern) => namesOf(plainForms(pattern)[0] ?? '')));
  return (text, look) =>
    plainForms(text).some((plain) => {
      if (look === 'whole') return isOne(plain, isLoopback);
      return [plain, hostIn(plain)].some((name) => isOne(name, isThisMachine)) || piecesOf(plain).some(isPieceOne);
    });

  function isPieceOne(piece: string): boolean {
    return isCount(piece) ? assets.names.has(piece) : isOne(piece, isLoopback);
  }

  function isOne(plain: string, isOurs: (address: Address) => boolean): boolean {
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
}

/** Patterns, sorted by how a name is held against them. */
interface Assets {
  names: ReadonlySet<string>;
  /** Names of assets whose domain is left out. */
  short: ReadonlySet<string>;
  globs: RegExp;
  short_globs: RegExp;
  addresses: ReadonlySet<string>;
  networks: readonly [Address, number][];
}

function toAssets(patterns: readonly string[]): Assets {
  const names = patterns.filter((pattern) => !WILDCARD.test(pattern));
  const globs = patterns.filter((pattern) => WILDCARD.test(pattern));
  const hosts = names.filter((name) => addressesOf(name).length === 0);
  const short_globs = globs.flatMap(shorter).filter((glob) => /[^*?.]/.test(glob));
  return {
    names: new Set(names),
    short: new Set(hosts.flatMap(shorter)),
    globs: oneOf(globs, '.*', '.'),
    short_globs: oneOf(short_globs, '[^.]*', '[^.]'),
    addresses: new Set(names.flatMap(addressesOf).map(String)),
    networks: hosts.filter((name) => ipaddr.isValidCIDR(name)).map((name) => ipaddr.parseCIDR(name)),
  };
}

const isAssetsName = ({ names, short, globs, short_globs }: Assets, name: string): boolean =>
  short.has(name) ||
  short_globs.test(name) ||
  LOCALHOST.test(name) ||
  [name, ...shorter(name)].some((each) => names.has(each) || globs.test(each));

const isAssetsAddress = ({ addresses, networks, globs }: Assets, address: Address): boolean =>
  addresses.has(String(address)) ||
  networks.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits)) ||
  [String(address), address.toNormalizedString()].some((text) => globs.test(text));

/** The same host with less and less of its domain. */
const shorter = (name: string): string[] => {
  const labels = name.split('.');
  return labels.slice(1).map((_label, nth) => labels.slice(0, nth + 1).join('.'));
};

const isLoopback = (address: Address): boolean => address.range() === 'loopback';
const isThisMachine = (address: Address): boolean => isLoopback(address) || UNSPECIFIED.includes(String(address));

/** One expression for all globs: a name is held against thousands at once. */
function oneOf(globs: readonly string[], several: string, one: string): RegExp {
  const sources = globs.map((glob) =>
    glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, several)
      .replace(/\?/g, one),
  );
  return sources.length === 0 ? /(?!)/ : new RegExp(`^(?:${sources.join('|')})$`, 's');
}

/** Dialled, they are this machine. */
const UNSPECIFIED: readonly string[] = ['0.0.0.0', '::'];
const WILDCARD = /[*?]/;
/** With a domain before it or behind it: a resolver answers both with this machine. */
const LOCALHOST = /^localhost(?:\.|$)|\.localhost$/;
