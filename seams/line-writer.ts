/** Lines to a descriptor, written beside the work: nobody waits for their reader, and what finds no room is dropped and counted. */
import fs from 'node:fs';

/** Takes lines. */
export interface LineWriter {
  /** Adds one line, its end included. Never throws, never waits for a reader. */
  write(line: string): void;
  /** Writes what is left, for a process that ends; what cannot be written by then is lost. */
  end(): void;
}

/** What a writer is given. */
export interface LineWriterOptions {
  fd: number;
  /** The line that stands for so many dropped ones, its end included; written once there is room again. */
  toDropped: (lines: number) => string;
  /** Node's own unless said. */
  io?: LineIo;
}

/** How bytes get to a descriptor: all of them or the first, and how many is told. */
export interface LineIo {
  /** Throws when there is no such descriptor. */
  fstatSync(fd: number): { isFile(): boolean };
  writeSync(fd: number, bytes: Buffer): number;
  write(fd: number, bytes: Buffer, told: (reason: Error | null, written: number) => void): void;
}

/**
 * Makes a writer. The lines of one turn leave together: into a file at once, which is a copy in memory and wakes no other thread; into
 * a pipe by a thread, for one that is full would hold every timer, request and heartbeat of the process (promises.md P12). A write that
 * fails, because the disk is full say, loses its lines and nothing else: it is not tried again, not even by a process that ends.
 */
export function createLineWriter({ fd, toDropped, io = fs }: LineWriterOptions): LineWriter {
  const is_file = isFile();
  /** The first is the one that is being written. */
  const queue: Chunk[] = [];
  let turn = '';
  let unread_bytes = 0;
  let dropped = 0;
  let in_flight = false;
  let is_in_hand = false;
  /** Whether the last byte that was written ends a line. */
  let is_whole = true;

  return {
    write(line) {
      if (turn === '') setImmediate(flush);
      turn += line;
      if (turn.length > TURN_CHARS_MAX) flush();
    },
    end() {
      if (is_in_hand) queue.shift(); // a thread writes it
      in_flight = true;
      flush();
      const until = performance.now() + END_MS_MAX;
      writeNow((reason) => isBusy(reason) && performance.now() < until && pause());
    },
  };

  function flush(): void {
    const text = turn;
    turn = '';
    if (text !== '') add(text, text.split('\n').length - 1);
    if (is_file) writeNow(() => false);
    else if (!in_flight) writeBeside();
  }

  /** `lines` is what is lost with it. */
  function add(text: string, lines: number): void {
    const bytes = Buffer.from(text);
    if (unread_bytes + bytes.length > UNREAD_BYTES_MAX) {
      dropped += lines;
      return;
    }
    queue.push({ bytes, lines, is_begun: false });
    unread_bytes += bytes.length;
  }

  function writeNow(isWorthAnotherTry: (reason: unknown) => boolean): void {
    for (let chunk = next(); chunk; chunk = next()) {
      try {
        wrote(chunk, io.writeSync(fd, chunk.bytes));
      } catch (reason) {
        if (!isWorthAnotherTry(reason)) lose(chunk);
      }
    }
  }

  function writeBeside(): void {
    const chunk = next();
    if (!chunk) return;
    in_flight = true;
    is_in_hand = true;
    io.write(fd, chunk.bytes, (reason, bytes) => {
      is_in_hand = false;
      if (queue[0] !== chunk) return; // the process ends
      if (isBusy(reason)) {
        setTimeout(goOn, BUSY_MS).unref();
        return;
      }
      if (reason) lose(chunk);
      else wrote(chunk, bytes);
      goOn();
    });
  }

  function goOn(): void {
    in_flight = false;
    writeBeside();
  }

  /** What is to be written now; a line that was cut is ended first. */
  function next(): Chunk | undefined {
    const [chunk] = queue;
    if (chunk && !is_whole && !chunk.is_begun) {
      chunk.bytes = Buffer.concat([LINE_END, chunk.bytes]);
      chunk.is_begun = true;
      unread_bytes += LINE_END.length;
    }
    return chunk;
  }

  function wrote(chunk: Chunk, bytes: number): void {
    // A descriptor that takes nothing and says no fault would be asked for ever.
    if (bytes === 0) {
      lose(chunk);
      return;
    }
    unread_bytes -= bytes;
    is_whole = chunk.bytes[bytes - 1] === LINE_END[0];
    chunk.bytes = chunk.bytes.subarray(bytes);
    chunk.is_begun = true;
    if (chunk.bytes.length > 0) return;
    queue.shift();
    if (dropped === 0) return;
    const lost = dropped;
    dropped = 0;
    add(toDropped(lost), lost);
  }

  function lose(chunk: Chunk): void {
    queue.shift();
    unread_bytes -= chunk.bytes.length;
    dropped += chunk.lines;
  }

  function isFile(): boolean {
    try {
      return io.fstatSync(fd).isFile();
    } catch {
      return false; // it is closed: every write will say so
    }
  }
}

/** The lines of a turn, or what is left of them. */
interface Chunk {
  bytes: Buffer;
  lines: number;
  /** What is left of it is not its beginning, or has the end of the line before it. */
  is_begun: boolean;
}

/** Whether the other end may take more in a moment. */
const isBusy = (reason: unknown): boolean =>
  reason instanceof Error && 'code' in reason && (reason.code === 'EAGAIN' || reason.code === 'EBUSY');

/** Holds the whole process, which has nothing else to do any more. */
const pause = (): boolean => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS) === 'timed-out';

const LINE_END = Buffer.from('\n');
/** Lines of one turn that are held together, characters. */
const TURN_CHARS_MAX = 65_536;
/** Lines that wait to be read, bytes. */
const UNREAD_BYTES_MAX = 8_388_608;
const BUSY_MS = 20;
/** How long a process that ends waits for a reader that is busy. */
const END_MS_MAX = 1_000;
