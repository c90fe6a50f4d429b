/** The states and artifacts of a task told again from its record, for its stream after a restart (wire.md 6). */
import { z } from 'zod';
import { stateAfter, TaskError, type TaskEventKind } from '../protocol/index.ts';
import type { StoredEvent } from './ledger.ts';

/** An event to be told again, at the time when it happened. */
export interface Retold {
  kind: TaskEventKind;
  value: unknown;
  at: string;
}

/** Everything on a record that a stream shows. */
export function toStreamEvents(record: readonly StoredEvent[]): Retold[] {
  return record.flatMap(({ type, fence, at, payload }): Retold[] => {
    const said: unknown = JSON.parse(payload);
    if (type === 'artifact') return [{ kind: 'artifact', value: said, at }];
    const state = stateAfter(type);
    if (state === undefined) return [];
    const about = About.safeParse(said).data ?? {};
    return [{ kind: 'status', value: { state, ...(fence !== null && { attempt: fence }), ...about }, at }];
  });
}

/** What a status says beside its state; params, results and rights stay on the record. */
const About = z.object({
  skill: z.string().optional(),
  from: z.string().optional(),
  agent_id: z.string().optional(),
  instance_id: z.string().optional(),
  error: TaskError.optional(),
});
