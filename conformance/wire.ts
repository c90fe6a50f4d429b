/** A WebSocket by hand over a socket of TCP or TLS: it sends what no library would, and sees what a library hides. */
import { createHash, randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { after, within } from './clock.ts';
import type { Notes } from './exchange.ts';
import { closePayload, createFrameReader, encodeFrame, OPCODE, type FrameSpec, type WireFrame } from './ws-frames.ts';

/** Where to dial, and what to say there. */
export interface WireOptions {
  url: string;
  /** Offered subprotocols; none unless said. */
  protocols?: readonly string[];
  /** More headers, or others than the usual: undefined leaves one away. */
  headers?: Readonly<Record<string, string | undefined>>;
  /** Bytes that follow the upgrade request in the same write. */
  early?: Uint8Array;
  /** PEM of the authorities to trust instead of the machine's own. */
  tls_ca?: string | undefined;
  /** How long the upgrade may take, ms. */
  upgrade_ms_max: number;
  notes: Notes;
  /** Which connection of the check this is, from 1. */
  connection: number;
}

/** What came. `fault` tells what a frame broke of RFC 6455. */
export type Received =
  | { kind: 'text'; text: string }
  | { kind: 'binary'; bytes: Buffer }
  | { kind: 'ping' | 'pong'; bytes: Buffer }
  | { kind: 'close'; code: number | undefined; reason: string }
  | { kind: 'fault'; what: WireFault; about: string }
  | { kind: 'end' };

/** Rules of framing that a peer may break. */
export type WireFault = 'masked' | 'reserved' | 'close_code' | 'utf8' | 'fragments';

/** An open connection. */
export interface Wire {
  /** What was agreed on; '' is bare. */
  readonly protocol: string;
  /** The Sec-WebSocket-Key that was sent. */
  readonly key: string;
  /** The headers of the answer to the upgrade, names in small letters. */
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

/** What was answered instead of 101. */
export interface UpgradeAnswer {
  /** 0 when the connection ended without an answer. */
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Asks for an upgrade. Answers the wire, or what was said instead; rejects when nobody listens or nothing is said in time. */
export async function openWire(options: WireOptions): Promise<Wire | UpgradeAnswer> {
  const { notes, connection, url } = options;
  const socket = await dial(new URL(url), options);
  const key = options.headers?.['sec-websocket-key'] ?? randomBytes(16).toString('base64');
  const request = upgradeRequest(new URL(url), key, options);
  notes.add({ connection, kind: 'event', text: `dialled ${url}`, greeting: true });
  socket.write(options.early ? Buffer.concat([Buffer.from(request), options.early]) : request);
  const answer = await within(options.upgrade_ms_max, readHead(socket));
  if (!answer) {
    socket.destroy();
    throw new Error(`the upgrade was not answered within ${options.upgrade_ms_max} ms`);
  }
  notes.add({ connection, kind: 'event', text: `the upgrade was answered ${answer.status}`, greeting: true });
  if (answer.status !== 101) {
    socket.destroy();
    return { status: answer.status, headers: answer.headers, body: answer.rest.toString('utf8') };
  }
  return startWire(socket, { ...answer, key }, options);
}

/** Whether the upgrade was agreed to. */
export const isWire = (answered: Wire | UpgradeAnswer): answered is Wire => 'sendText' in answered;

/** The Sec-WebSocket-Accept that belongs to a key. */
export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

function startWire(
  socket: Socket,
  answer: { key: string; headers: Readonly<Record<string, string>>; rest: Buffer },
  { notes, connection }: WireOptions,
): Wire {
  let listener: ((received: Received) => void) | undefined;
  const unheard: Received[] = [];
  const read = createFrameReader(FRAME_BYTES_MAX);
  const assemble = createAssembler();
  let is_over = false;
  let said_close = false;
  let onOver: () => void = () => undefined;
  const over = new Promise<void>((resolve) => (onOver = resolve));

  const tell = (received: Received) => {
    notes.add({ connection, kind: received.kind === 'text' ? 'received' : 'event', text: toText(received) });
    if (listener) listener(received);
    else if (unheard.length < UNHEARD_MAX) unheard.push(received);
  };
  const write = (bytes: Uint8Array) => {
    if (!socket.destroyed && socket.writable) socket.write(bytes);
  };
  const onFrame = (frame: WireFrame) => {
    for (const received of assemble(frame)) {
      if (received.kind === 'ping' && wire.answers_pings) {
        write(encodeFrame({ opcode: OPCODE.pong, payload: received.bytes }));
      }
      if (received.kind === 'close' && !said_close) {
        said_close = true;
        write(encodeFrame({ opcode: OPCODE.close, payload: frame.payload.subarray(0, 2) }));
      }
      tell(received);
    }
  };
  const onBytes = (chunk: Buffer) => {
    try {
      for (const frame of read(chunk)) onFrame(frame);
    } catch (reason) {
      tell({ kind: 'fault', what: 'reserved', about: reason instanceof Error ? reason.message : String(reason) });
      socket.destroy();
    }
  };
  const onEnd = () => {
    if (is_over) return;
    is_over = true;
    tell({ kind: 'end' });
    onOver();
  };
  const wire: Wire = {
    protocol: answer.headers['sec-websocket-protocol'] ?? '',
    key: answer.key,
    headers: answer.headers,
    answers_pings: true,
    sendText(text, greeting) {
      notes.add({ connection, kind: 'sent', text, ...(greeting && { greeting: true }) });
      write(encodeFrame({ opcode: OPCODE.text, payload: Buffer.from(text) }));
    },
    sendFrame(spec) {
      const bytes = encodeFrame(spec);
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
      for (const received of unheard.splice(0)) heard(received);
    },
    async close(code = 1000) {
      if (!said_close) {
        said_close = true;
        write(encodeFrame({ opcode: OPCODE.close, payload: closePayload(code) }));
      }
      await within(GOODBYE_MS_MAX, over);
      socket.destroy();
    },
    cut: () => void socket.destroy(),
  };
  socket.on('data', onBytes);
  socket.on('close', onEnd);
  socket.on('end', onEnd);
  if (answer.rest.length > 0) after(0, () => onBytes(answer.rest));
  return wire;
}

/** Messages out of frames, and what is wrong with either. */
function createAssembler(): (frame: WireFrame) => Received[] {
  let parts: Buffer[] | undefined;
  let opcode = 0;
  return (frame) => {
    const faults = faultsOf(frame);
    if (frame.opcode === OPCODE.ping) return [...faults, { kind: 'ping', bytes: frame.payload }];
    if (frame.opcode === OPCODE.pong) return [...faults, { kind: 'pong', bytes: frame.payload }];
    if (frame.opcode === OPCODE.close) return [...faults, ...toClose(frame.payload)];
    if (frame.opcode === OPCODE.continuation) {
      if (!parts) return [...faults, { kind: 'fault', what: 'fragments', about: 'a continuation of nothing' }];
      parts.push(frame.payload);
    } else {
      if (parts) faults.push({ kind: 'fault', what: 'fragments', about: 'a message within a message' });
      parts = [frame.payload];
      opcode = frame.opcode;
    }
    if (!frame.fin) return faults;
    const whole = Buffer.concat(parts);
    parts = undefined;
    return [...faults, ...(opcode === OPCODE.text ? toMessage(whole) : [{ kind: 'binary' as const, bytes: whole }])];
  };
}

function faultsOf({ opcode, rsv, masked, fin, payload }: WireFrame): Received[] {
  const faults: Received[] = [];
  if (masked) faults.push({ kind: 'fault', what: 'masked', about: 'a frame of the server is masked' });
  if (rsv !== 0) faults.push({ kind: 'fault', what: 'reserved', about: `reserved bits ${rsv} are set` });
  if (opcode > OPCODE.binary && (opcode < OPCODE.close || opcode > OPCODE.pong)) {
    faults.push({ kind: 'fault', what: 'reserved', about: `the opcode ${opcode} is unknown` });
  }
  if (opcode >= OPCODE.close && (!fin || payload.length > CONTROL_BYTES_MAX)) {
    faults.push({ kind: 'fault', what: 'fragments', about: 'a control frame in fragments, or over 125 bytes' });
  }
  return faults;
}

function toMessage(bytes: Buffer): Received[] {
  try {
    return [{ kind: 'text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }];
  } catch {
    return [{ kind: 'fault', what: 'utf8', about: 'a text message that is not UTF-8' }];
  }
}

function toClose(payload: Buffer): Received[] {
  if (payload.length === 0) return [{ kind: 'close', code: undefined, reason: '' }];
  if (payload.length === 1) return [{ kind: 'fault', what: 'close_code', about: 'a close frame of one byte' }];
  const code = payload.readUInt16BE(0);
  const close = { kind: 'close' as const, code, reason: payload.subarray(2).toString('utf8') };
  if (isSendable(code)) return [close];
  return [{ kind: 'fault', what: 'close_code', about: `a close frame with the code ${code}` }, close];
}

/** RFC 6455, 7.4: codes that may stand in a close frame. */
const isSendable = (code: number): boolean =>
  code >= 1000 && code <= 4999 && ![1004, 1005, 1006].includes(code) && (code <= 1014 || code >= 3000);

function dial(url: URL, { tls_ca, upgrade_ms_max }: WireOptions): Promise<Socket> {
  const secure = url.protocol === 'wss:';
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = secure
      ? connectTls({ host, port, servername: host, ...(tls_ca !== undefined && { ca: tls_ca }) })
      : connectTcp({ host, port });
    const cancel = after(upgrade_ms_max, () => socket.destroy(new Error(`nobody answers at ${url.host}`)));
    socket.setNoDelay(true);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      cancel();
      resolve(socket);
    });
    socket.on('error', (error: Error) => {
      cancel();
      reject(error); // after it is open nobody waits for this: the end tells
    });
  });
}

function upgradeRequest(url: URL, key: string, { headers = {}, protocols = [] }: WireOptions): string {
  const all: Record<string, string | undefined> = {
    host: url.host,
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-key': key,
    'sec-websocket-version': '13',
    ...(protocols.length > 0 && { 'sec-websocket-protocol': protocols.join(', ') }),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [`GET ${url.pathname}${url.search} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** The head of an HTTP answer, and what followed it; status 0 when the connection ended before. */
function readHead(socket: Socket): Promise<{ status: number; headers: Record<string, string>; rest: Buffer }> {
  return new Promise((resolve) => {
    let kept = Buffer.alloc(0);
    const settle = () => {
      const end = kept.indexOf('\r\n\r\n');
      socket.off('data', onData);
      socket.off('close', settle);
      if (end === -1) resolve({ status: 0, headers: {}, rest: Buffer.alloc(0) });
      else resolve(parseHead(kept.subarray(0, end).toString('latin1'), kept.subarray(end + 4)));
    };
    const onData = (chunk: Buffer) => {
      kept = Buffer.concat([kept, chunk]);
      const end = kept.indexOf('\r\n\r\n');
      if (end === -1 && kept.length < HEAD_BYTES_MAX) return;
      // A refusal may have a body: it is whole when the other end closes, which a refusal does.
      if (kept.toString('latin1').startsWith('HTTP/1.1 101') || isWhole(kept, end)) settle();
    };
    socket.on('data', onData);
    socket.on('close', settle);
  });
}

function isWhole(bytes: Buffer, end: number): boolean {
  const length = /^content-length: *(\d+)/im.exec(bytes.subarray(0, Math.max(0, end)).toString('latin1'))?.[1];
  return length !== undefined && bytes.length >= end + 4 + Number(length);
}

function parseHead(head: string, rest: Buffer): { status: number; headers: Record<string, string>; rest: Buffer } {
  const [first = '', ...lines] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(first.split(' ')[1] ?? 0), headers, rest: Buffer.from(rest) };
}

function toText(received: Received): string {
  switch (received.kind) {
    case 'text':
      return received.text;
    case 'close':
      return `closed ${received.code ?? 'without a code'}${received.reason === '' ? '' : ` (${received.reason})`}`;
    case 'fault':
      return `broke the framing: ${received.about}`;
    case 'end':
      return 'the connection ended';
    case 'binary':
    case 'ping':
    case 'pong':
      return `a ${received.kind} of ${received.bytes.length} bytes`;
  }
}

const describe = ({ opcode, payload, fin = true, rsv = 0, masked = true }: FrameSpec): string =>
  `a frame: opcode ${opcode}, ${payload?.length ?? 0} bytes${fin ? '' : ', to be continued'}${rsv === 0 ? '' : `, reserved bits ${rsv}`}${masked ? '' : ', not masked'}`;

const CONTROL_BYTES_MAX = 125;
const HEAD_BYTES_MAX = 65_536;
/** Largest frame that is read from a peer. */
const FRAME_BYTES_MAX = 33_554_432;
const UNHEARD_MAX = 10_000;
const GOODBYE_MS_MAX = 1_000;
