/** Who announces an address and where, from a mounted table of networks; without one nobody knows. */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** One announced network. */
export const Network = z.object({
  network: z.string().max(64),
  asn: z.number().int().nonnegative().optional(),
  organization: z.string().max(256).optional(),
  country: z.string().max(64).optional(),
});
export type Network = z.infer<typeof Network>;

/** A mounted table, ready to be asked for the narrowest network of an address. */
export interface Networks {
  lookup: (address: string) => Network | undefined;
}

/** Indexes a pack `{networks: […]}`, or undefined when it has another shape. The same pack object is indexed once. */
export function networksOf(data: unknown): Networks | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const known = INDEXED.get(data);
  if (known) return known;
  const parsed = Pack.safeParse(data);
  if (!parsed.success) return undefined;

  const by_key = new Map<string, Network>();
  const lengths = new Set<number>();
  for (const network of parsed.data.networks) {
    if (!ipaddr.isValidCIDR(network.network)) continue;
    const [address, bits] = ipaddr.parseCIDR(network.network);
    lengths.add(bits);
    by_key.set(keyOf(address.toByteArray(), bits), network);
  }
  const narrowest = [...lengths].sort((left, right) => right - left);
  const networks: Networks = {
    lookup(address) {
      const bytes = ipaddr.process(address).toByteArray();
      const bits = narrowest.find((length) => length <= bytes.length * 8 && by_key.has(keyOf(bytes, length)));
      return bits === undefined ? undefined : by_key.get(keyOf(bytes, bits));
    },
  };
  INDEXED.set(data, networks);
  return networks;
}

/** The first `bits` of an address; the number of bytes keeps the two versions apart. */
const keyOf = (bytes: readonly number[], bits: number): string =>
  `${bytes.length}/${bits} ${bytes.map((byte, index) => byte & (0xff << Math.max(0, Math.min(8, 8 - (bits - index * 8)))) & 0xff).join('.')}`;

const Pack = z.object({ networks: z.array(Network).max(1_000_000) });
const INDEXED = new WeakMap<object, Networks>();
