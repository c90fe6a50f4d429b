/** The password of the first administrator: shown on a terminal, else put into a file of its owner; never in a log. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Tells it once. Answers where it can be read, for the log; undefined when a person has seen it. */
export function tellFirstAdmin(
  { username, one_time_password }: { username: string; one_time_password: string },
  { path, terminal }: { path: string; terminal: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> },
): string | undefined {
  if (terminal.isTTY) {
    terminal.write(
      `\nThe first user is ${username}, the password ${one_time_password}\nIt is shown once, and good for setting your own: aurora login\n\n`,
    );
    return undefined;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${one_time_password}\n`, { mode: 0o600 });
  return path;
}
