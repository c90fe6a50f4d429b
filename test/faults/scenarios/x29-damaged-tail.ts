/** X29: the end of the log is cut, or a bit of it flipped, while nobody looks: it is noticed and said, and every row before it is as it was. */
import { closeSync, openSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';
import type { JournalEvent } from '../history.ts';
import type { Scenario, TestMesh } from '../harness.ts';
import { storeIn } from '../journal-dump.ts';
import { replay } from '../replay.ts';
import { ask, that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X29',
  name: 'damaged-tail',
  set: 'short',
  async run(_seed, kit) {
    const mesh = await kit.start();
    const verdict: string[] = [];
    let lost = 0;
    for (const [name, damage] of Object.entries(DAMAGES)) {
      for (const task_id of await ask(mesh, 5, {}, name)) await mesh.caller.ended(task_id);
      await mesh.orchestrator.end('SIGKILL');
      const before = rowsOf(mesh);
      const bytes = 1 + Math.floor(kit.random.next() * FRAME_BYTES);
      kit.inject(`the last ${bytes} bytes of the log are ${name}`);
      damage(`${storeIn(mesh.data) ?? ''}-wal`, bytes);
      const kept = rowsOf(mesh);
      const said = mesh.orchestrator.words().length;
      await mesh.orchestrator.start();
      await mesh.caller.online(['double-a', 'double-b']);
      kit.recovered();
      lost += before.length - kept.length;
      verdict.push(
        ...that(
          mesh.orchestrator.words().slice(said).includes('the log ends in what was not written whole'),
          `${name}: not said`,
        ),
        ...that(
          kept.length < before.length && kept.length > before.length - ROWS_LOST_MAX,
          `${name}: ${before.length - kept.length} rows are gone`,
        ),
        ...that(
          kept.every((row, place) => row.hash === before[place]?.hash),
          `${name}: an earlier row is another one`,
        ),
        ...(await replay(mesh)),
      );
    }
    return {
      verdict: [...verdict, ...(await mesh.finish()), ...(await replay(mesh))],
      figures: { rows_damaged: lost },
    };
  },
};

/** What is done to the file. */
const DAMAGES: Record<string, (path: string, bytes: number) => void> = {
  cut: (path, bytes) => truncateSync(path, statSync(path).size - bytes),
  flipped(path, bytes) {
    const at = statSync(path).size - bytes;
    const file = openSync(path, 'r+');
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8() ^ 0x10);
    writeSync(file, byte, 0, 1, at);
    closeSync(file);
  },
};

const rowsOf = (mesh: TestMesh): JournalEvent[] => mesh.journal().filter((event) => event.who === 'journal');

/** A page, and the header before it. */
const FRAME_BYTES = 4_096 + 24;
/** Rows of the one group that was written last. */
const ROWS_LOST_MAX = 64;
