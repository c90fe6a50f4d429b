/** What was sent and received while a check ran: evidence of a failure, and what a replay sends again. */

/** One thing that went over the wire, in order. */
export interface Exchanged {
  /** Which connection of the check, from 1. */
  connection: number;
  /** Ms since the check began. */
  at_ms: number;
  /** `sent` and `received` are messages and frames, `event` is what happened to the connection. */
  kind: 'sent' | 'received' | 'event';
  /** The text of a message, or what happened; cut at 4 KiB, then `bytes` says how long it was. */
  text: string;
  /** Length of the whole, bytes, where it was cut. */
  bytes?: number;
  /** What was sent, base64, where it was no ordinary text message: bytes as they went onto the socket. */
  raw?: string;
  /** Belongs to the beginning of the connection (upgrade, hello): a replay makes its own. */
  greeting?: true;
}

/** Takes notes. At its bound what comes later is not kept, and the last note says so. */
export interface Notes {
  readonly all: readonly Exchanged[];
  add(note: Omit<Exchanged, 'at_ms'>): void;
}

/** Opens the notes of one check. */
export function createNotes(monotonic: () => number): Notes {
  const began = monotonic();
  const all: Exchanged[] = [];
  return {
    all,
    add(note) {
      if (all.length > NOTES_MAX) return;
      const at_ms = Math.round(monotonic() - began);
      if (all.length === NOTES_MAX)
        all.push({ connection: note.connection, at_ms, kind: 'event', text: 'more was not kept' });
      else all.push({ ...note, at_ms, ...cut(note) });
    },
  };
}

function cut({ text, raw }: { text: string; raw?: string }): Partial<Exchanged> {
  const bytes = Buffer.byteLength(text);
  return {
    ...(bytes > NOTE_BYTES_MAX && { text: `${text.slice(0, NOTE_BYTES_MAX)}…`, bytes }),
    ...(raw !== undefined && raw.length > RAW_CHARS_MAX && { raw: raw.slice(0, RAW_CHARS_MAX) }),
  };
}

/** Notes of one check. */
const NOTES_MAX = 400;
const NOTE_BYTES_MAX = 4_096;
const RAW_CHARS_MAX = 8_192;
