/** One chunk of a log: its records, and what is wrong with it. */
import { compareText } from '../order/index.ts';
import { utcOf } from '../time/index.ts';
import { openChunk, type RawRecord } from './core.ts';
import { parseEventXml, type EventValue, type EvtxRecord, type WindowsEvent } from './event.ts';

/** A chunk as read. */
export interface ChunkReading {
  records: EvtxRecord[];
  /** Records it says it holds; 0 when its header is unreadable. */
  declared: number;
  /** Sentences about damage; empty for a sound chunk. */
  damage: string[];
}

/** Reads a chunk. Never throws: what cannot be read is said in `damage`. */
export function readChunk(bytes: Uint8Array, number: number): ChunkReading {
  const reading: ChunkReading = { records: [], declared: 0, damage: [] };
  const lost = new Map<string, number>();
  try {
    const chunk = openChunk(bytes);
    if (!chunk.checkMagic()) return { ...reading, damage: ['it has no chunk header'] };
    reading.declared = declaredOf(chunk.logFirstRecordNumber(), chunk.logLastRecordNumber());
    if (!chunk.verify()) reading.damage.push('its checksums do not fit');
    for (const raw of chunk.records()) {
      if (reading.records.length + sumOf(lost) >= RECORDS_MAX) break;
      try {
        reading.records.push(toRecord(raw, number));
      } catch (reason) {
        const why = reason instanceof Error ? reason.message.slice(0, REASON_CHARS_MAX) : 'unknown';
        lost.set(why, (lost.get(why) ?? 0) + 1);
      }
    }
  } catch (reason) {
    reading.damage.push(
      `reading stopped: ${reason instanceof Error ? reason.message.slice(0, REASON_CHARS_MAX) : 'unknown'}`,
    );
  }
  for (const [why, times] of [...lost].sort(([left], [right]) => compareText(left, right)).slice(0, REASONS_MAX)) {
    reading.damage.push(`${times} record${times === 1 ? '' : 's'} unreadable: ${why}`);
  }
  const missing = reading.declared - reading.records.length - sumOf(lost);
  if (missing > 0) reading.damage.push(`${missing} of its ${reading.declared} records not found`);
  return reading;
}

function toRecord(raw: RawRecord, chunk: number): EvtxRecord {
  if (!raw.verify()) throw new Error('its two sizes differ');
  const event = parseEventXml(raw.renderXml());
  const { Channel, EventID, EventRecordID } = event.System;
  if (typeof EventID !== 'number') throw new Error('it has no event id');
  return {
    record_id: typeof EventRecordID === 'number' ? EventRecordID : Number(raw.recordNum()),
    chunk,
    offset: raw.offset,
    channel: typeof Channel === 'string' ? Channel : '',
    event_id: EventID,
    time: timeOf(event.System, raw.timestamp()),
    event,
  };
}

/**
 * When it happened, as the event itself says. The record's header keeps the same time in units of 100 ns: where both agree its
 * digits are taken, as rendering cuts them to milliseconds; the last record of exported logs holds anything there.
 */
function timeOf({ TimeCreated }: WindowsEvent['System'], filetime: bigint): string {
  const said =
    isRecord(TimeCreated) && isRecord(TimeCreated['#attributes']) && TimeCreated['#attributes']['SystemTime'];
  if (typeof said !== 'string') return utcOf(filetime) ?? '';
  const exact = utcOf(filetime);
  return exact !== undefined && exact.slice(0, 23) === said.slice(0, 23) ? exact : said;
}

const isRecord = (value: EventValue | undefined): value is Readonly<Record<string, EventValue>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const declaredOf = (first: bigint, last: bigint): number => {
  const count = last - first + 1n;
  return count > 0n && count <= BigInt(RECORDS_MAX) ? Number(count) : 0;
};
const sumOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, each) => sum + each, 0);

/** A record takes 24 bytes of header at least, so that many fit into 64 KiB. */
const RECORDS_MAX = 2_730;
const REASONS_MAX = 5;
const REASON_CHARS_MAX = 120;
