/** Custody as results say it: what was collected, and what of a chain does not fit. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AnalysisResult } from '../../protocol/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { conclude, WEIGHT } from '../verdict/index.ts';
import { extendCustody, verifyCustody, type CustodyEntry } from './custody.ts';

/** What verifying says. */
export const CustodyReport = z.object({
  is_sound: z.boolean(),
  entries: z.number().int(),
  head: z.string().nullable().describe('of the last entry: keep it where the chain is not'),
  faults: z.array(z.object({ number: z.number().int(), name: z.string(), what: z.string() })),
  without_bytes: z.array(z.string()),
});
export type CustodyReport = z.infer<typeof CustodyReport>;

/** A piece of evidence as hashed. */
export interface Piece {
  name: string;
  sha256: string;
  size: number;
}

/** Hash and size of a stream. */
export async function hashOf(stream: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<Omit<Piece, 'name'>> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const bytes of stream) {
    signal?.throwIfAborted();
    hash.update(bytes);
    size += bytes.length;
  }
  return { sha256: hash.digest('hex'), size };
}

/** The new entries. A chain that does not verify is not built on: it answers its faults and no new entry. */
export function collectEvidence(
  chain: readonly CustodyEntry[],
  pieces: readonly Piece[],
  said: { collected_by: string; collected_at: string; note: string },
): AnalysisResult & { chain: CustodyEntry[] } {
  const { faults } = verifyCustody(chain, []);
  const added =
    faults.length > 0
      ? []
      : extendCustody(
          chain,
          pieces.map((piece) => ({ ...piece, ...said })),
        );
  const result = conclude({
    subject: `${added.length} of ${pieces.length} pieces of evidence collected`,
    findings: faults.map(faultFinding),
    checked: [
      {
        question: 'Was each piece hashed and put on the chain?',
        corpus: { sha256: sealOf(pieces), items: pieces.length, items_read: added.length },
      },
    ],
    not_checked: [
      { what: 'who collected the evidence and when', why: 'it is what the caller says' },
      ...(faults.length > 0
        ? [{ what: 'the new pieces', why: 'the chain so far does not verify', mandatory: true }]
        : []),
    ],
  });
  return { ...result, chain: [...chain, ...added] };
}

/** The verdict over a chain and the bytes at hand. */
export function judgeCustody(
  chain: readonly CustodyEntry[],
  pieces: readonly Piece[],
  head: string | undefined,
): AnalysisResult & { custody: CustodyReport } {
  const { faults, without_bytes } = verifyCustody(chain, pieces, head);
  const recorded = new Set(chain.map(({ name }) => name));
  const strangers = pieces.filter(({ name }) => !recorded.has(name));
  const result = conclude({
    subject: `The chain of custody of ${chain.length} entries`,
    findings: faults.map(faultFinding),
    checked: [
      {
        question: 'Does each entry fit, and do the bytes?',
        corpus: { sha256: sealOf(chain), items: chain.length, items_read: chain.length },
      },
    ],
    not_checked: [
      ...without_bytes.slice(0, LISTED_MAX).map((name) => ({
        what: `the bytes of ${neutralize(name, NAME_CHARS_MAX)}`,
        why: 'they were not handed in',
        mandatory: true,
      })),
      ...(without_bytes.length > LISTED_MAX
        ? [
            {
              what: `the bytes of ${without_bytes.length - LISTED_MAX} more entries`,
              why: 'they were not handed in',
              mandatory: true,
            },
          ]
        : []),
      ...strangers
        .slice(0, LISTED_MAX)
        .map(({ name }) => ({ what: neutralize(name, NAME_CHARS_MAX), why: 'no entry has that name' })),
      ...(head === undefined
        ? [
            {
              what: 'whether entries at the end are missing',
              why: 'no head that was kept elsewhere was given',
              mandatory: true,
            },
          ]
        : []),
      ...(chain.length === 0 ? [{ what: 'custody', why: 'the chain is empty', mandatory: true }] : []),
    ],
  });
  const custody = {
    is_sound: faults.length === 0,
    entries: chain.length,
    head: chain.at(-1)?.entry_sha256 ?? null,
    faults: faults.map(({ number, name, what }) => ({ number, name: neutralize(name, NAME_CHARS_MAX), what })),
    without_bytes: without_bytes.map((name) => neutralize(name, NAME_CHARS_MAX)),
  };
  return { ...result, custody };
}

const faultFinding = ({ number, name, what }: { number: number; name: string; what: string }, index: number) => ({
  id: `custody-${number}-${index + 1}`,
  title: neutralize(`entry ${number} (${name}): ${what}`, TITLE_CHARS_MAX),
  severity: 'high' as const,
  rule: 'custody/fault',
  weight: WEIGHT.exact,
  basis: `entry ${number}`,
  evidence: [evidence({ source: 'chain', locator: `entry ${number}`, text: `${name}: ${what}` })],
});

const sealOf = (of: unknown): string => createHash('sha256').update(JSON.stringify(of)).digest('hex');

const LISTED_MAX = 50;
const NAME_CHARS_MAX = 255;
const TITLE_CHARS_MAX = 300;
