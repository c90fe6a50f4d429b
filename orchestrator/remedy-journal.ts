/** What people do about a task after its end, as notes on its record, and read back from there. */
import { z } from 'zod';
import type { Arrow, ArrowType } from '../store/index.ts';
import type { TaskRow } from './ledger.ts';

/** It was asked for once more, as another task. */
export const redrivenBy = (redriven: { by: string; reason: string; new_task_id: string }): Arrow => ({
  type: 'audit',
  payload: { kind: 'redriven', ...redriven } satisfies z.input<typeof Remedy>,
});

/** Somebody looked whether the effect took place. */
export const resolvedBy = (resolved: { by: string; applied: boolean; note: string }): Arrow => ({
  type: 'audit',
  payload: { kind: 'resolved', ...resolved } satisfies z.input<typeof Remedy>,
});

/** What one committed note makes of a row; its state and its end stay what they were (INV4). */
export function applyRemedy(
  row: TaskRow,
  { type, at, payload }: { type: ArrowType; at: string; payload: unknown },
): void {
  const remedy = type === 'audit' ? Remedy.safeParse(payload).data : undefined;
  if (remedy?.kind === 'redriven') row.redriven_as = remedy.new_task_id;
  if (remedy?.kind !== 'resolved') return;
  const { by, applied, note } = remedy;
  row.resolved ??= { by, applied, note, at };
}

const Remedy = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('redriven'), by: z.string(), reason: z.string(), new_task_id: z.string() }),
  z.object({ kind: z.literal('resolved'), by: z.string(), applied: z.boolean(), note: z.string() }),
]);
