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
  bytes?: number | undefined;
  /** What was sent, base64, where it was no ordinary text message: bytes as they went onto the socket. */
  raw?: string | undefined;
  /** Belongs to the beginning of the connection (upgrade, hello): a replay makes its own. */
  greeting?: true | undefined;
  /** How the connection was asked for, of the event that says it was dialled. */
  upgrade?: Upgrade | undefined;
}

/** What an upgrade was asked with; the credentials of the run are never kept. */
export interface Upgrade {
  protocols: readonly string[];
  /** Headers other than usual; null leaves one away. */
  headers: Readonly<Record<string, string | null>>;
  /** Bytes that followed in the same write, base64. */
  early?: string | undefined;
}

/** What is noted when the kit drops a connection without a word. */
export const CUT = 'the kit dropped the connection';

/** What is noted when a check ended: how long it waited in vain can be read from it. */
export const ENDED = 'the check ended';

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
      else all.push({ ...note, at_ms, ...cutNote(note) });
    },
  };
}

/** What of a note is cut at its bounds. */
export function cutNote({ text, raw }: { text: string; raw?: string | undefined }): Partial<Exchanged> {
  const bytes = Buffer.byteLength(text);
  return {
    ...(bytes > NOTE_BYTES_MAX && { text: `${text.slice(0, NOTE_BYTES_MAX)}…`, bytes }),
    ...(raw !== undefined && raw.length > RAW_CHARS_MAX && { raw: raw.slice(0, RAW_CHARS_MAX) }),
  };
}

/** Notes of one check. */
const NOTES_MAX = 400;
const NOTE_BYTES_MAX = 4_096;
/** Base64 that is as long was cut: it cannot be sent again. */
export const RAW_CHARS_MAX = 8_192;
