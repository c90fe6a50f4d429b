/** Login records of Linux (utmp, wtmp, btmp): who was where, from which address, and when. */
import { z } from 'zod';
import { fieldsOf, Malformed, type Fields } from './fields.ts';
import type { Losses } from './losses.ts';

/** One record as it stands. */
export const LoginRecord = z.object({
  type: z.number().int(),
  meaning: z.string(),
  pid: z.number().int(),
  user: z.string(),
  line: z.string(),
  id: z.string(),
  host: z.string(),
  ip: z.string(),
  time: z.string().describe('UTC with microseconds'),
});
export type LoginRecord = z.infer<typeof LoginRecord>;

/** Whether bytes may be some: there is no signature, so the first records must make sense. */
export function isLoginRecords(head: Buffer): boolean {
  if (head.length < RECORD_BYTES) return false;
  const seen = Math.min(PROBED, Math.floor(head.length / RECORD_BYTES));
  return Array.from({ length: seen }, (_, index) =>
    head.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES),
  ).every(
    (record) =>
      record.readUInt16LE(0) <= TYPE_MAX &&
      record.readUInt16LE(2) === 0 &&
      record.readUInt32LE(344) < 1_000_000 &&
      /^[\x20-\x7e]*\0/.test(record.toString('latin1', 8, 44)),
  );
}

/** Reads them all up to the bound; a rest at the end is `damage`. Throws `Malformed` when there is not one. */
export function parseLoginRecords(bytes: Uint8Array, { damage, left }: Losses): LoginRecord[] {
  const file = fieldsOf(bytes);
  const count = Math.floor(file.length / RECORD_BYTES);
  if (count === 0) throw new Malformed(`it is shorter than one record of ${RECORD_BYTES} bytes`);
  if (file.length % RECORD_BYTES !== 0)
    damage.push(`${file.length % RECORD_BYTES} bytes at its end are no whole record`);
  if (count > RECORDS_MAX)
    left.push({
      what: `${count - RECORDS_MAX} records after the first ${RECORDS_MAX}`,
      why: `${RECORDS_MAX} login records are read`,
      entries: count - RECORDS_MAX,
    });
  return Array.from({ length: Math.min(count, RECORDS_MAX) }, (_, index) =>
    toRecord(file.part(index * RECORD_BYTES, RECORD_BYTES)),
  );
}

const toRecord = (record: Fields): LoginRecord => ({
  type: record.u16(0),
  meaning: MEANINGS[record.u16(0)] ?? 'unknown',
  pid: record.i32(4),
  line: record.utf8(8, 32),
  id: record.utf8(40, 4),
  user: record.utf8(44, 32),
  host: record.utf8(76, 256),
  ip: addressOf(record.bytes(348, 16)),
  time: timeOf(record.i32(340), record.i32(344)),
});

const timeOf = (seconds: number, micros: number): string =>
  `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${String(Math.max(0, micros) % 1_000_000).padStart(6, '0')}Z`;

/** Four bytes for IPv4, sixteen for IPv6, as the login wrote them. */
function addressOf(bytes: Buffer): string {
  if (bytes.subarray(4).every((byte) => byte === 0)) return bytes.subarray(0, 4).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return compressed(groups);
}

/** The longest run of two or more zero groups becomes `::` (RFC 5952). */
function compressed(groups: readonly string[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < groups.length; at += 1) {
    let length = 0;
    while (groups[at + length] === '0') length += 1;
    if (length > best.length) best = { at, length };
  }
  if (best.at < 0) return groups.join(':');
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`;
}

const RECORD_BYTES = 384;
const RECORDS_MAX = 200_000;
const PROBED = 4;
const TYPE_MAX = 9;
const MEANINGS = [
  'empty',
  'run level changed',
  'system booted',
  'clock set, new time',
  'clock set, old time',
  'process started by init',
  'login process',
  'login',
  'logout or process ended',
  'accounting',
];
