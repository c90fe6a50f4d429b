/** What agents put on record of their acts, read from the disk after the end: the records that effects are held against (INV16). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { placeOf } from '../../boot/index.ts';
import type { AuditEvent } from './history.ts';

/** All records below a data folder, under the keys that the world outside was shown; a line that a crash cut short is left out. */
export function dumpActions(data: string): AuditEvent[] {
  const folder = placeOf(data).actions;
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').flatMap(recordIn));
}

function recordIn(line: string): AuditEvent[] {
  const record = wholeIn(line);
  if (record === undefined) return [];
  const { task_id, effect_key, state, recorded_at: at } = Record.parse(record);
  return [{ who: 'audit', task_id, effect_key: `${task_id}:${effect_key}`, state, at }];
}

function wholeIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const Record = z.object({
  task_id: z.string(),
  effect_key: z.string(),
  state: z.enum(['intended', 'applied', 'failed']),
  recorded_at: z.string(),
});
