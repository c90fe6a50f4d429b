/** INV16, INV21: what lies on the disk is read by the product's own eyes: each chain, and each state folded anew from its events. */
import { copyFileSync, existsSync } from 'node:fs';
import { silentLog, systemClock } from '../../seams/index.ts';
import { openStore, type ChainVerdict } from '../../store/index.ts';
import { storeIn } from './journal-dump.ts';

/** Verifies a copy of the store of a folder; a sentence when it does not hold. */
export async function replay({ data }: { data: string }): Promise<string[]> {
  const verdict = await verifyCopy(data);
  return verdict.ok ? [] : [`INV21: ${verdict.task_id} #${verdict.seq}: ${verdict.why}`];
}

/** What verifying a copy says. */
export async function verifyCopy(data: string): Promise<ChainVerdict> {
  const file = storeIn(data);
  if (file === undefined) return { ok: false, task_id: '', seq: 0, why: 'there is no store' };
  const copy = `${file}.copy-${performance.now()}`;
  for (const ending of ['', '-wal']) if (existsSync(file + ending)) copyFileSync(file + ending, copy + ending);
  const store = await openStore({ file: copy, durability: 'off', clock: systemClock, log: silentLog });
  try {
    return await store.verifyChain();
  } finally {
    await store.close();
  }
}
