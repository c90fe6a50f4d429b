/** An open WebSocket by hand: it sends what no library would, and hears what a library hides. */
import type { Duplex } from 'node:stream';
import { after, within } from './clock.ts';
import { CUT, type Notes } from './exchange.ts';
import { closePayload, createFrameReader, encodeFrame, OPCODE, type FrameSpec, type WireFrame } from './ws-frames.ts';
import { bytesOf, createAssembler, FRAME_BYTES_MAX, HELD_BYTES_MAX, toText, type Received } from './ws-messages.ts';

/** An open connection. */
export interface Wire {
  /** What was agreed on; '' is bare. */
  readonly protocol: string;
  /** The Sec-WebSocket-Key of the upgrade. */
  readonly key: string;
  /** The headers that the other end sent with the upgrade, names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  sendText(text: string, greeting?: boolean): void;
  sendFrame(spec: FrameSpec): void;
  sendBytes(bytes: Uint8Array): void;
  /** Hears everything that comes from now on, and what came before. One listener. */
  hear(listener: (received: Received) => void): void;
  /** Whether pings are answered: yes, unless a check holds its breath. */
  answers_pings: boolean;
  /** Says goodbye and waits for the other's, a second at most. */
  close(code?: number): Promise<void>;
  /** Drops the connection without a word. */
  cut(): void;
}

/** What was settled when a connection was upgraded. */
export interface Upgraded {
  protocol: string;
  key: string;
  headers: Readonly<Record<string, string>>;
  /** What came behind the upgrade already. */
  rest: Buffer;
  /** Whether we are the end that was dialled: then we send unmasked, and the other masked. */
  is_server: boolean;
}

/** Where a connection writes down what goes over it. */
export interface WireNotes {
  notes: Notes;
  /** Which connection of the check this is, from 1. */
  connection: number;
}

/** A wire over a socket whose upgrade is done. */
export function startWire(
  socket: Duplex,
  { protocol, key, headers, rest, is_server }: Upgraded,
  { notes, connection }: WireNotes,
): Wire {
  const masked = !is_server;
  let listener: ((received: Received) => void) | undefined;
  const unheard: Received[] = [];
  let unheard_bytes = 0;
  const read = createFrameReader(FRAME_BYTES_MAX);
  const assemble = createAssembler(is_server);
  let is_over = false;
  let said_close = false;
  let onOver: () => void = () => undefined;
  const over = new Promise<void>((resolve) => (onOver = resolve));

  const tell = (received: Received) => {
    notes.add({ connection, kind: received.kind === 'text' ? 'received' : 'event', text: toText(received) });
    if (listener) listener(received);
    else {
      unheard_bytes += bytesOf(received);
      const has_room = unheard.length < UNHEARD_MAX && unheard_bytes <= HELD_BYTES_MAX;
      if (has_room || received.kind === 'end') unheard.push(received);
    }
  };
  const write = (bytes: Uint8Array) => {
    if (!socket.destroyed && socket.writable) socket.write(bytes);
  };
  const onFrame = (frame: WireFrame) => {
    for (const received of assemble(frame)) {
      if (received.kind === 'ping' && wire.answers_pings) {
        write(encodeFrame({ masked, opcode: OPCODE.pong, payload: received.bytes }));
      }
      if (received.kind === 'close' && !said_close) {
        said_close = true;
        write(encodeFrame({ masked, opcode: OPCODE.close, payload: frame.payload.subarray(0, 2) }));
      }
      tell(received);
    }
  };
  let early = rest;
  const takeRest = () => {
    const bytes = early;
    early = Buffer.alloc(0);
    if (bytes.length > 0) readBytes(bytes);
  };
  const onBytes = (chunk: Buffer) => {
    takeRest(); // it came before
    readBytes(chunk);
  };
  const readBytes = (chunk: Buffer) => {
    try {
      for (const frame of read(chunk)) onFrame(frame);
    } catch (reason) {
      tell({ kind: 'fault', what: 'reserved', about: reason instanceof Error ? reason.message : String(reason) });
      socket.destroy();
    }
  };
  const onEnd = () => {
    if (is_over) return;
    takeRest();
    is_over = true;
    tell({ kind: 'end' });
    onOver();
  };
  const wire: Wire = {
    protocol,
    key,
    headers,
    answers_pings: true,
    sendText(text, greeting) {
      notes.add({ connection, kind: 'sent', text, ...(greeting && { greeting: true }) });
      write(encodeFrame({ masked, opcode: OPCODE.text, payload: Buffer.from(text) }));
    },
    sendFrame(spec) {
      const bytes = encodeFrame({ masked, ...spec });
      if (spec.opcode === OPCODE.close) said_close = true;
      notes.add({ connection, kind: 'sent', text: describe(spec), raw: bytes.toString('base64') });
      write(bytes);
    },
    sendBytes(bytes) {
      const raw = Buffer.from(bytes).toString('base64');
      notes.add({ connection, kind: 'sent', text: `${bytes.length} bytes`, raw });
      write(bytes);
    },
    hear(heard) {
      listener = heard;
      unheard_bytes = 0;
      for (const received of unheard.splice(0)) heard(received);
    },
    async close(code = 1000) {
      if (!said_close) {
        wire.sendFrame({ opcode: OPCODE.close, payload: closePayload(code) });
      }
      await within(GOODBYE_MS_MAX, over);
      socket.destroy();
    },
    cut() {
      notes.add({ connection, kind: 'event', text: CUT });
      socket.destroy();
    },
  };
  socket.on('data', onBytes);
  socket.on('close', onEnd);
  socket.on('end', onEnd);
  after(0, takeRest);
  return wire;
}

const describe = ({ opcode, payload, fin = true, rsv = 0, masked = true }: FrameSpec): string =>
  `a frame: opcode ${opcode}, ${payload?.length ?? 0} bytes${fin ? '' : ', to be continued'}${rsv === 0 ? '' : `, reserved bits ${rsv}`}${masked ? '' : ', not masked'}`;

/** Messages and events that wait for a listener. */
const UNHEARD_MAX = 10_000;
/** How long the other end may take to say goodbye, ms. */
const GOODBYE_MS_MAX = 1_000;
