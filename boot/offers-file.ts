/** The file behind the offers: its first line is the whole as it was written last, every further one is what changed since. */
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { Offer } from '../protocol/index.ts';
import { KeyFileError } from './keys.ts';
import { writeWhole } from './whole-file.ts';

/** What is kept of one agent. */
export const Kept = z.object({ approved: Offer.optional(), asked: Offer.optional() });
export type Kept = z.infer<typeof Kept>;

/** What a file says. */
export interface OffersFile {
  kept: Map<string, Kept>;
  /** Its lines; none where there is no file. */
  lines: number;
  /** Nothing can be added behind its last line: it must be written whole first. */
  is_closed: boolean;
}

/** Which file is there now, as far as that can be seen without reading it. */
export interface Seen {
  inode: number;
  size: number;
  mtime_ms: number;
}

/** Reads it. A last line that a crash cut off was never acknowledged, and does not count; whatever else is no offer throws. */
export function readOffers(path: string): OffersFile {
  if (!existsSync(path)) return { kept: new Map(), lines: 0, is_closed: true };
  try {
    const text = readFileSync(path, 'utf8');
    const is_indented = text.startsWith(INDENTED);
    const lines = is_indented ? [text] : text.split('\n').filter((line, nth) => nth === 0 || line !== '');
    const is_torn = !text.endsWith('\n');
    if (is_torn && lines.length > 1 && !isJson(lines.at(-1))) lines.pop();
    const kept = new Map<string, Kept>();
    for (const line of lines)
      for (const [agent_id, by] of Object.entries(Line.parse(JSON.parse(line)))) mergeOffer(kept, agent_id, by);
    return { kept, lines: lines.length, is_closed: is_torn || is_indented };
  } catch (cause) {
    throw new KeyFileError(`${path} is damaged; move it away, then look at every agent's card again`, { cause });
  }
}

/** Writes the whole, as one line. */
export const writeOffers = (path: string, kept: ReadonlyMap<string, Kept>): void => writeWhole(path, toLine(kept));

/** Adds a change; answers which file it leaves behind if nobody else wrote one since `before`, and nothing otherwise. */
export function addOffer(path: string, before: Seen | undefined, agent_id: string, by: Kept): Seen | undefined {
  const line = Buffer.from(toLine([[agent_id, by]]));
  appendFileSync(path, line);
  const after = lookAtOffers(path);
  const is_ours = after?.inode === before?.inode && after?.size === (before?.size ?? 0) + line.byteLength;
  return is_ours ? after : undefined;
}

/** Looks which file is there. */
export function lookAtOffers(path: string): Seen | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && { inode: stat.ino, size: stat.size, mtime_ms: stat.mtimeMs };
}

/** A later word of an agent replaces the earlier one of its kind. */
export function mergeOffer(kept: Map<string, Kept>, agent_id: string, by: Kept): void {
  kept.set(agent_id, { ...kept.get(agent_id), ...by });
}

const toLine = (entries: Iterable<readonly [string, Kept]>): string =>
  `${JSON.stringify(Object.fromEntries(entries))}\n`;

function isJson(line = ''): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

const Line = z.record(z.string(), Kept);
/** How the file began when it was written whole each time. */
const INDENTED = '{\n';
