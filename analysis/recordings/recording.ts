/** One recording as a stream of events: whatever lies in it, packed or not, with what could not be read. */
import { createHash } from 'node:crypto';
import type { Workers } from '../../seams/index.ts';
import { normalizeEvent, type LogEvent } from '../events/index.ts';
import { createEvtxReader, NotEvtx } from '../evtx/index.ts';
import { createRecordReader, EVTX_SIGNATURE, peek, unpack } from '../readers/index.ts';

/** What came of reading; whole once the batches have ended. */
export interface RecordingReport {
  /** Of the bytes as they came, packed or not. */
  sha256: string;
  items: number;
  items_read: number;
  files: number;
  /** What was not read, in sentences; damage of a file names the file. */
  unread: { what: string; why: string }[];
  unread_count: number;
}

/** A recording under way. */
export interface Recording {
  batches: AsyncGenerator<LogEvent[]>;
  report(): RecordingReport;
}

/** Opens a recording. Bombs and damaged archives throw as the readers do; damaged records are counted and said. */
export function openRecording(
  input: { name: string; bytes: AsyncIterable<Uint8Array> },
  { workers, signal }: { workers?: Pick<Workers, 'run'>; signal?: AbortSignal } = {},
): Recording {
  const hash = createHash('sha256');
  const seen: Omit<RecordingReport, 'sha256'> = { items: 0, items_read: 0, files: 0, unread: [], unread_count: 0 };
  const leave = (what: string, why: string) => {
    seen.unread_count += 1;
    if (seen.unread.length < UNREAD_LISTED_MAX) seen.unread.push({ what, why });
  };

  /** An event of which parts were left out is told, and counts as unread. */
  const normalized = (value: unknown, locator: string, file: string): LogEvent[] => {
    const event = normalizeEvent(value, locator);
    if (event?.is_cut) {
      seen.items_read -= 1;
      leave(`${file}: a part of ${locator}`, 'it has more fields, values or layers than are read');
    }
    return event ? [event] : [];
  };

  async function* read(): AsyncGenerator<LogEvent[]> {
    for await (const file of unpack({ name: input.name, bytes: hashed(input.bytes) })) {
      signal?.throwIfAborted();
      seen.files += 1;
      const inside = placeInside(input.name, file.name);
      const at = inside === '' ? '' : `${inside}, `;
      const { head, stream } = await peek(file.bytes, EVTX_SIGNATURE.length);
      if (head.subarray(0, EVTX_SIGNATURE.length).equals(EVTX_SIGNATURE)) yield* readLog(stream, file.name, at);
      else if (APPLE_NAME.test(file.name) && head.subarray(0, APPLE.length).equals(APPLE)) continue;
      else if (head.includes(0)) leave(file.name, 'it is binary, and no event log');
      else yield* readJson(stream, file.name, at);
    }
  }

  async function* readLog(stream: AsyncIterable<Uint8Array>, name: string, at: string): AsyncGenerator<LogEvent[]> {
    const reader = createEvtxReader(stream, { ...(workers && { workers }), ...(signal && { signal }) });
    try {
      for await (const records of reader.records) {
        yield records.flatMap(({ event, record_id }) => normalized(event, `${at}record ${record_id}`, name));
      }
    } catch (reason) {
      if (!(reason instanceof NotEvtx)) throw reason;
      leave(name, reason.message);
    }
    const report = reader.report();
    seen.items += report.declared;
    seen.items_read += report.records;
    for (const { what, why } of report.unread) leave(`${name}: ${what}`, why);
    for (const { chunk, offset, damage } of report.damaged)
      leave(`${name}: a part of chunk ${chunk} at offset ${offset}`, damage.join('; '));
    seen.unread_count += report.damaged_count - report.damaged.length;
  }

  async function* readJson(stream: AsyncIterable<Uint8Array>, name: string, at: string): AsyncGenerator<LogEvent[]> {
    const reader = createRecordReader(stream);
    for await (const records of reader.batches) {
      signal?.throwIfAborted();
      yield records.flatMap(({ locator, value }) => normalized(value, `${at}${locator}`, name));
    }
    const { items, items_read, unread } = reader.receipt();
    seen.items += items;
    seen.items_read += items_read;
    for (const { locator, why } of unread) leave(`${name}: ${locator}`, why);
    seen.unread_count += items - items_read - unread.length;
  }

  async function* hashed(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of stream) {
      hash.update(bytes);
      yield bytes;
    }
  }

  let sha256: string | undefined;
  return { batches: read(), report: () => ({ sha256: (sha256 ??= hash.digest('hex')), ...seen }) };
}

/** Where a file lies in the input; '' for the input itself. Evidence names the input beside it, so it is not said twice. */
function placeInside(input: string, file: string): string {
  let name = input;
  while (file !== name && !file.startsWith(`${name}/`)) {
    const unpacked = name.replace(/\.t?gz$/i, '');
    if (unpacked === name) return file;
    name = unpacked;
  }
  return file.slice(name.length + 1);
}

/** What macOS packs beside each file: its icon and its marks, no events. The name alone would hide whatever bears it. */
const APPLE_NAME = /(?:^|\/)__MACOSX\/(?:[^/]*\/)*\._[^/]*$/;
const APPLE = Buffer.from('00051607', 'hex');
const UNREAD_LISTED_MAX = 30;
