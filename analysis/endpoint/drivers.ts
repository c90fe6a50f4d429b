/** Drivers that are known to be misused, from mounted content, recognised by their hash. */
import { z } from 'zod';
import { whyAbsent, type Content } from '../../seams/index.ts';
import { oncePerPack } from '../memory/index.ts';

/** A driver of the table. */
export interface KnownDriver {
  name: string;
  category: 'malicious' | 'vulnerable';
  /** The entry of the table. */
  entry: string;
}

/** The table, ready to be asked. */
export interface DriverTable {
  version: string;
  hashes: number;
  /** By any of its hashes, in hex, whatever the case. */
  find(hash: string): KnownDriver | undefined;
}

/** The mounted table; undefined when none is mounted or it is none. */
export function mountedDrivers(content: Content): DriverTable | undefined {
  const pack = content.get('loldrivers');
  const by_hash = driversOf(pack?.data);
  if (!pack || !by_hash) return undefined;
  return { version: pack.version, hashes: by_hash.size, find: (hash) => by_hash.get(hash.toLowerCase()) };
}

/** The drivers of a pack by each of their hashes, or undefined when it has another shape. */
const driversOf = oncePerPack((data): ReadonlyMap<string, KnownDriver> | undefined => {
  const parsed = Table.safeParse(data);
  if (!parsed.success) return undefined;
  const by_hash = new Map<string, KnownDriver>();
  const drivers = Array.isArray(parsed.data) ? parsed.data : parsed.data.drivers;
  for (const { id, category, tags, samples } of drivers) {
    for (const { f, ...hashes } of samples) {
      const driver: KnownDriver = {
        name: f || (tags[0] ?? ''),
        category: /malicious/i.test(category) ? 'malicious' : 'vulnerable',
        entry: id,
      };
      for (const hash of [hashes.sha256, hashes.sha1, hashes.md5]) if (hash) by_hash.set(hash.toLowerCase(), driver);
    }
  }
  return by_hash;
});

/** Why there is none, for `not_checked`. */
export const whyNoDrivers = (content: Content): string =>
  whyAbsent(content, 'loldrivers', 'no content pack "loldrivers" is mounted');

/** The hashes in a `Hashes` field of Sysmon: `SHA1=…,MD5=…,SHA256=…,IMPHASH=…`; the last is no hash of the file. */
export const hashesIn = (text: string): string[] =>
  [...text.matchAll(/\b(?:SHA256|SHA1|MD5)=([0-9A-Fa-f]{32,64})\b/g)].map(([, hash = '']) => hash.toLowerCase());

const Hash = z.string().max(128).nullish();
const Own = z.looseObject({
  id: z.string().max(128),
  category: z.string().max(128).default(''),
  tags: z.array(z.string().max(256)).default([]),
  samples: z
    .array(z.looseObject({ f: z.string().max(512).default(''), sha256: Hash, sha1: Hash, md5: Hash }))
    .default([]),
});
/** As the LOLDrivers project itself writes them. */
const Upstream = z
  .looseObject({
    Id: z.string().max(128),
    Category: z.string().max(128).default(''),
    Tags: z.array(z.string().max(256)).default([]),
    KnownVulnerableSamples: z
      .array(z.looseObject({ Filename: z.string().max(512).nullish(), SHA256: Hash, SHA1: Hash, MD5: Hash }))
      .default([]),
  })
  .transform(({ Id, Category, Tags, KnownVulnerableSamples }) => ({
    id: Id,
    category: Category,
    tags: Tags,
    samples: KnownVulnerableSamples.map(({ Filename, SHA256, SHA1, MD5 }) => ({
      f: Filename ?? '',
      sha256: SHA256,
      sha1: SHA1,
      md5: MD5,
    })),
  }));
const Driver = z.union([Own, Upstream]);
const Table = z.union([z.array(Driver).max(20_000), z.looseObject({ drivers: z.array(Driver).max(20_000) })]);
