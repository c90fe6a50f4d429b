/** JSON records as a stream, however they are written: one a line, one array, one after another over many lines, or in an envelope. */
import { contentOf, envelopeOf } from './envelope.ts';
import { cutLines } from './lines.ts';
import { peek } from './peek.ts';
import { cutValues } from './json-values.ts';

/** The bounds of one reading. */
export interface JsonBounds {
  /** Of one record: 1 MiB. A longer one is counted and not read. */
  record_bytes_max: number;
  /** Objects and lists in one another: 64. */
  depth_max: number;
  /** Records that are read; further ones are only counted. 5 000 000. */
  records_max: number;
}

/** One record: an object. */
export interface JsonRecord {
  /** Where it stands: "line 17", or "record 17" where lines do not tell records apart. */
  locator: string;
  value: Readonly<Record<string, unknown>>;
}

/** What a reading amounts to; final when all batches were taken. */
export interface ReadingReceipt {
  items: number;
  items_read: number;
  /** The first records that could not be read, and why. */
  unread: readonly { locator: string; why: string }[];
}

/** A reading under way. */
export interface RecordReader {
  /** At least one batch a chunk, so that whoever reads can give way between them. */
  batches: AsyncGenerator<JsonRecord[]>;
  receipt(): ReadingReceipt;
}

/** Reads records. What is broken, too long or no object is counted and said; nothing throws but the stream itself. */
export function createRecordReader(stream: AsyncIterable<Uint8Array>, bounds: Partial<JsonBounds> = {}): RecordReader {
  const { record_bytes_max, depth_max, records_max } = { ...BOUNDS_DEFAULT, ...bounds };
  const unread: { locator: string; why: string }[] = [];
  let items = 0;
  let items_read = 0;

  const refuse = (locator: string, why: string): JsonRecord[] => {
    if (unread.length < UNREAD_SHOWN_MAX) unread.push({ locator, why });
    return [];
  };
  const toRecord = (locator: string, text: string, is_cut: boolean): JsonRecord[] => {
    if (text.trim() === '' && !is_cut) return [];
    items += 1;
    if (items > records_max) return refuse(locator, `only the first ${records_max} records are read`);
    if (is_cut) return refuse(locator, `it is longer than ${record_bytes_max} bytes, or broken off`);
    const value = parseObject(text);
    if (typeof value === 'string') return refuse(locator, value);
    if (isDeeper(value, depth_max)) return refuse(locator, `it is nested deeper than ${depth_max}`);
    items_read += 1;
    return [{ locator, value }];
  };

  async function* read(): AsyncGenerator<JsonRecord[]> {
    const { head, stream: whole } = await peek(stream, HEAD_BYTES);
    const envelope = envelopeOf(head.toString('utf8'));
    if (!envelope && isByLine(head)) {
      for await (const lines of cutLines(whole, record_bytes_max)) {
        yield lines.flatMap(({ number, text, cut }) => toRecord(`line ${number}`, withoutMark(text), cut));
      }
      return;
    }
    let number = 0;
    for await (const values of cutValues(whole, record_bytes_max, envelope?.path)) {
      const records = values.flatMap(({ text, cut }) => toRecord(`record ${++number}`, text, cut));
      yield envelope ? records.map((record) => ({ ...record, value: contentOf(record.value, envelope) })) : records;
    }
  }

  return {
    batches: read(),
    receipt: () => ({ items, items_read, unread }),
  };
}

/** Records stand one a line when the first line is a whole object, or at least ends like one. */
function isByLine(head: Buffer): boolean {
  const text = withoutMark(head.toString('utf8')).trimStart();
  if (!text.startsWith('{')) return !text.startsWith('[');
  const end = text.indexOf('\n');
  return end === -1 ? head.length >= HEAD_BYTES : text.slice(0, end).trimEnd().endsWith('}');
}

/** The object, or why it is none. */
function parseObject(text: string): Record<string, unknown> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is no valid JSON';
  }
  return isObject(value) ? value : 'it is no object';
}

/** Asked with a stack of its own: what is nested a million deep must not end the process (ATK-A9). */
export function isDeeper(value: unknown, depth_max: number): boolean {
  let layer = [value];
  for (let depth = 0; layer.length > 0; depth += 1) {
    if (depth > depth_max) return true;
    const inner: unknown[] = [];
    for (const each of layer) {
      if (typeof each !== 'object' || each === null) continue;
      if (Object.hasOwn(each, '__proto__')) Reflect.deleteProperty(each, '__proto__');
      for (const below of Object.values(each)) if (typeof below === 'object' && below !== null) inner.push(below);
    }
    layer = inner;
  }
  return false;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);

const BOUNDS_DEFAULT: JsonBounds = { record_bytes_max: 1_048_576, depth_max: 64, records_max: 5_000_000 };
const HEAD_BYTES = 65_536;
const UNREAD_SHOWN_MAX = 10;
