/** The keys that sign access tokens, as files: each readable by its owner alone, named by when it was made. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyShelf } from '../api/index.ts';
import { ensureKey } from './keys.ts';

/** A folder of keys; others' files in it are left alone. */
export function fileKeyShelf(folder: string): KeyShelf {
  const keyOf = (made_at: number) => ({ made_at, private_key: ensureKey(join(folder, `${made_at}.pem`)) });
  return {
    list: () =>
      (existsSync(folder) ? readdirSync(folder) : [])
        .flatMap((name) => /^(\d{1,15})\.pem$/.exec(name)?.[1] ?? [])
        .map((made_at) => keyOf(Number(made_at))),
    add: keyOf,
  };
}
