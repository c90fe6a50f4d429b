/** The record of a task as people read it: its rows in the order they were kept, with what is long cut. */
import { invalidParams, type HistoryPage, type HistoryQuery, type RecordedEvent } from '../protocol/index.ts';
import type { EventRow } from '../store/index.ts';
import { bytesOf } from './events.ts';
import type { Ledger } from './ledger.ts';
import { noTask } from './task-of.ts';

/** One page of the record. Throws 4040 when there is no such task. */
export async function readHistory(
  ledger: Pick<Ledger, 'journalOf'>,
  { task_id, tree, limit, cursor }: HistoryQuery,
): Promise<HistoryPage> {
  const rows = await ledger.journalOf({ task_id, tree, after: positionIn(cursor), limit: limit + 1 });
  if (rows.length === 0 && cursor === undefined) throw noTask(task_id);
  const items: RecordedEvent[] = [];
  let bytes = 0;
  for (const [index, row] of rows.entries()) {
    const item = toRecorded(row);
    bytes += bytesOf(item);
    const is_full = items.length === limit || (items.length > 0 && bytes > PAGE_BYTES_MAX);
    if (is_full) return { items, next_cursor: String(rows[index - 1]?.position) };
    items.push(item);
  }
  return { items, next_cursor: null };
}

function positionIn(cursor = '0'): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw invalidParams([{ path: '/cursor', message: 'take the next_cursor of a page' }]);
}

function toRecorded({ task_id, seq, at, type, fence, payload, hash }: EventRow): RecordedEvent {
  return { task_id, seq, at, type, fence, payload: cut(JSON.parse(payload)), hash };
}

/** Params and results may be large; whoever wants all of a result asks for the task itself. */
function cut(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || bytesOf(payload) <= MEMBER_BYTES_MAX) return payload;
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]: [string, unknown]) => {
      const bytes = bytesOf(value);
      return [name, bytes > MEMBER_BYTES_MAX ? { cut_bytes: bytes } : value];
    }),
  );
}

/** The largest member of a payload that is shown whole, bytes of JSON. */
const MEMBER_BYTES_MAX = 4_096;
/** What one page holds at most, so that it fits into a frame. */
const PAGE_BYTES_MAX = 1_048_576;
