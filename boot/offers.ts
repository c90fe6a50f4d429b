/** What agents were approved to offer, in a file beside the pins. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { Offer, type Offers } from '../orchestrator/index.ts';
import { KeyFileError } from './keys.ts';
import { writeJson } from './whole-file.ts';

/** Offers that are looked for at every use, for a person may have approved meanwhile, and parsed when the file is another one. */
export function fileOffers(path: string): Offers {
  let seen = '';
  let last: ReadonlyMap<string, Kept> = new Map();
  const now = () => {
    const stat = statSync(path, { throwIfNoEntry: false });
    const stamp = stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
    if (stamp !== seen) [last, seen] = [read(path), stamp];
    return last;
  };
  const change = (agent_id: string, by: Partial<Kept>) => {
    const kept = new Map(now());
    kept.set(agent_id, { ...kept.get(agent_id), ...by });
    if (kept.size > AGENTS_MAX)
      throw new KeyFileError(`${path} is full: ${AGENTS_MAX} agents; remove those that are gone`);
    write(path, kept);
  };
  return {
    approved: (agent_id) => now().get(agent_id)?.approved,
    keep: (agent_id, approved) => change(agent_id, { approved }),
    ask: (agent_id, asked) => change(agent_id, { asked }),
  };
}

/** Approves what an agent asked for last. Answers false when it asked for nothing. */
export function approveOffer(path: string, agent_id: string): boolean {
  const kept = read(path);
  const approved = kept.get(agent_id)?.asked;
  if (!approved) return false;
  write(path, kept.set(agent_id, { approved }));
  return true;
}

/** Forgets what was approved: whoever starts these agents anew vouches for the code they run. */
export function forgetOffers(path: string, agent_ids: readonly string[]): void {
  const kept = read(path);
  const gone = agent_ids.filter((agent_id) => kept.delete(agent_id));
  if (gone.length > 0) write(path, kept);
}

function read(path: string): Map<string, Kept> {
  if (!existsSync(path)) return new Map();
  try {
    return new Map(Object.entries(z.record(z.string(), Kept).parse(JSON.parse(readFileSync(path, 'utf8')))));
  } catch (cause) {
    throw new KeyFileError(`${path} is damaged; move it away, then look at every agent's card again`, { cause });
  }
}

const write = (path: string, kept: ReadonlyMap<string, Kept>): void => writeJson(path, Object.fromEntries(kept));

const Kept = z.object({ approved: Offer.optional(), asked: Offer.optional() });
type Kept = z.infer<typeof Kept>;
const AGENTS_MAX = 4_096;
