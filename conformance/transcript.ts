/** What went over the wire, as lines a person reads. */
import type { Exchanged } from './exchange.ts';
import { toReadable } from './visible.ts';

/** One line. */
export interface Line {
  at: string;
  arrow: '→' | '←' | '·';
  who: 'sent' | 'received' | 'event';
  /** The connection, where there are several; empty otherwise. */
  connection: string;
  text: string;
  is_greeting: boolean;
}

/** The lines of an exchange: its beginning and its end where it is long; what stands between is counted. */
export function toLines(exchanged: readonly Exchanged[], lines_max = LINES_MAX): Line[] {
  const many = new Set(exchanged.map(({ connection }) => connection).filter((connection) => connection > 0)).size > 1;
  const toLine = (note: Exchanged): Line => ({
    at: `${note.at_ms} ms`,
    arrow: ARROWS[note.kind],
    who: note.kind,
    connection: note.connection === 0 ? '' : many ? `#${note.connection}` : '',
    text: toReadable(note.text) + cutOf(note),
    is_greeting: note.greeting ?? false,
  });
  if (exchanged.length <= lines_max) return exchanged.map(toLine);
  const head = exchanged.slice(0, Math.ceil(lines_max / 2));
  const tail = exchanged.slice(-Math.floor(lines_max / 2));
  const left_out = exchanged.length - head.length - tail.length;
  const gap: Line = {
    at: '',
    arrow: '·',
    who: 'event',
    connection: '',
    text: `${left_out} more are in the JSON report`,
    is_greeting: false,
  };
  return [...head.map(toLine), gap, ...tail.map(toLine)];
}

/** The same as plain text. */
export const toTranscript = (exchanged: readonly Exchanged[]): string =>
  toLines(exchanged)
    .map(({ at, arrow, connection, text }) => `${at.padStart(8)} ${connection}${arrow} ${text}`)
    .join('\n');

const cutOf = ({ bytes }: Exchanged): string => (bytes === undefined ? '' : ` (${bytes} bytes in all)`);

const ARROWS = { sent: '→', received: '←', event: '·' } as const;
const LINES_MAX = 60;
