/** The chain of custody: each piece of evidence with its hash, each entry bound to the one before it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One entry. Times and people are what the collector says: a chain proves order and bytes, never who wrote it. */
export const CustodyEntry = z.object({
  number: z.number().int().positive(),
  name: z.string().max(255),
  sha256: Sha256,
  size: z.number().int().nonnegative(),
  collected_at: z.string().max(64),
  collected_by: z.string().max(255),
  note: z.string().max(1_024),
  previous_sha256: Sha256.describe('the entry before; zeros for the first'),
  entry_sha256: Sha256,
});
export type CustodyEntry = z.infer<typeof CustodyEntry>;

/** What is recorded of one piece. */
export type Collected = Omit<CustodyEntry, 'number' | 'previous_sha256' | 'entry_sha256'>;

/** What is wrong with an entry of a chain. */
export interface CustodyFault {
  number: number;
  name: string;
  what: string;
}

/** Adds entries to a chain, which may be empty. */
export function extendCustody(chain: readonly CustodyEntry[], collected: readonly Collected[]): CustodyEntry[] {
  const entries: CustodyEntry[] = [];
  let last = chain.at(-1);
  for (const each of collected) {
    const unsealed = { ...each, number: (last?.number ?? 0) + 1, previous_sha256: last?.entry_sha256 ?? ZEROS };
    last = { ...unsealed, entry_sha256: sealOf(unsealed) };
    entries.push(last);
  }
  return entries;
}

/**
 * What does not fit: each entry by itself, its place after the one before, and the bytes at hand against what was recorded. A chain
 * that lost its last entries verifies: compare `head` with one that was kept elsewhere.
 */
export function verifyCustody(
  chain: readonly CustodyEntry[],
  at_hand: readonly { name: string; sha256: string; size: number }[],
  head?: string,
): { faults: CustodyFault[]; without_bytes: string[] } {
  const faults: CustodyFault[] = [];
  const without_bytes: string[] = [];
  let previous: CustodyEntry | undefined;
  for (const [index, entry] of chain.entries()) {
    const fault = (what: string) => faults.push({ number: entry.number, name: entry.name, what });
    if (entry.number !== index + 1) fault(`it stands at place ${index + 1} and says ${entry.number}`);
    if (entry.previous_sha256 !== (previous?.entry_sha256 ?? ZEROS)) fault('it does not follow the entry before it');
    if (entry.entry_sha256 !== sealOf(entry)) fault('it was changed after it was written');
    const bytes = at_hand.filter(({ name }) => name === entry.name);
    if (bytes.length === 0) without_bytes.push(entry.name);
    else if (!bytes.some(({ sha256, size }) => sha256 === entry.sha256 && size === entry.size))
      fault(`the bytes at hand have sha256 ${bytes[0]?.sha256 ?? ''}, recorded is ${entry.sha256}`);
    previous = entry;
  }
  if (head !== undefined && previous?.entry_sha256 !== head)
    faults.push({
      number: chain.length + 1,
      name: 'the end',
      what: 'the chain does not end with the head that was kept',
    });
  return { faults, without_bytes };
}

/** The hash over all members in a fixed order; a list keeps texts from running into each other. */
const sealOf = (entry: Omit<CustodyEntry, 'entry_sha256'>): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        entry.number,
        entry.name,
        entry.sha256,
        entry.size,
        entry.collected_at,
        entry.collected_by,
        entry.note,
        entry.previous_sha256,
      ]),
    )
    .digest('hex');

const ZEROS = '0'.repeat(64);
/** Entries of one chain. */
export const CUSTODY_ENTRIES_MAX = 1_000;
