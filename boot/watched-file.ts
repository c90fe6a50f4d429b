/** A list in a JSON file that may change while it is used. */
import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import { KeyFileError } from './keys.ts';

/** The list in a JSON file, read again when the file is another one than last time; empty while there is none. A damaged one throws, the same error until it changes. */
export function watchedFile<T>(path: string, schema: z.ZodType<T[]>): () => T[] {
  let seen = '';
  let list: T[] = [];
  let damage: KeyFileError | undefined;
  return () => {
    const stat = statSync(path, { throwIfNoEntry: false });
    const stamp = stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
    if (stamp !== seen) {
      seen = stamp;
      damage = undefined;
      try {
        list = stat ? schema.parse(JSON.parse(readFileSync(path, 'utf8'))) : [];
      } catch (cause) {
        damage = new KeyFileError(`${path} is damaged; move it away and enroll again`, { cause });
      }
    }
    if (damage) throw damage;
    return list;
  };
}
