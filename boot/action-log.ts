/** What an agent did to the world, and what it was about to do: JSON lines, only ever appended, each on the disk before work goes on. */
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A log of actions. */
export interface ActionLog {
  /** Resolves when the record is on the disk. */
  write(record: object): Promise<void>;
  close(): Promise<void>;
}

/** Opens `file` with its first record; replicas of an agent append to the same one. */
export function fileActionLog(file: string): ActionLog {
  let opened: Promise<FileHandle> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const append = async (text: string) => {
    const handle = await (opened ??= openForAppending(file));
    await handle.appendFile(text);
    await handle.datasync();
  };
  return {
    write(record) {
      const written = last.then(() => append(`${JSON.stringify(record)}\n`));
      last = written.catch(() => (opened = undefined)); // the next one tries anew
      return written;
    },
    async close() {
      await last;
      await (await opened)?.close();
    },
  };
}

/** Readable by its owner alone. A line that a crash left half written must not swallow the next one. */
async function openForAppending(file: string): Promise<FileHandle> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'a+', 0o600);
  const { size } = await handle.stat();
  const { buffer } = await handle.read({ buffer: Buffer.alloc(1), position: Math.max(0, size - 1) });
  if (size > 0 && buffer.toString() !== '\n') await handle.appendFile('\n');
  return handle;
}
