/** A WebSocket by hand over a socket of TCP or TLS: it sends what no library would, and sees what a library hides. */
import { createHash, randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { after, within } from './clock.ts';
import { CUT, type Notes, type Upgrade } from './exchange.ts';
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

/** Rules of framing that a peer may break; `unmasked` is a client's. */
export type WireFault = 'masked' | 'unmasked' | 'reserved' | 'close_code' | 'utf8' | 'fragments';

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
  notes.add({ connection, kind: 'event', text: `dialled ${url}`, greeting: true, upgrade: toUpgrade(options) });
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
  const protocol = answer.headers['sec-websocket-protocol'] ?? '';
  return startWire(socket, { ...answer, protocol, key, is_server: false }, options);
}

/** Dials, says half of an HTTP request, and leaves it lying until the returned function is called. */
export async function leaveHalf({ url, tls_ca, limits }: HalfOptions): Promise<() => void> {
  const socket = await dial(new URL(url), { tls_ca, upgrade_ms_max: limits.upgrade_ms_max });
  socket.write(`GET / HTTP/1.1\r\nhost: ${new URL(url).host}\r\nx-half:`);
  return () => void socket.destroy();
}

/** Where half a request is left. */
interface HalfOptions {
  url: string;
  tls_ca?: string | undefined;
  limits: { upgrade_ms_max: number };
}

/** Whether the upgrade was agreed to. */
export const isWire = (answered: Wire | UpgradeAnswer): answered is Wire => 'sendText' in answered;

/** The Sec-WebSocket-Accept that belongs to a key. */
export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

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

/** A wire over a socket whose upgrade is done. */
export function startWire(
  socket: Duplex,
  { protocol, key, headers, rest, is_server }: Upgraded,
  { notes, connection }: Pick<WireOptions, 'notes' | 'connection'>,
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

/** Messages out of frames, and what is wrong with either. */
function createAssembler(is_server: boolean): (frame: WireFrame) => Received[] {
  let parts: Buffer[] | undefined;
  let parts_bytes = 0;
  let opcode = 0;
  return (frame) => {
    const faults = faultsOf(frame, is_server);
    if (frame.opcode === OPCODE.ping) return [...faults, { kind: 'ping', bytes: frame.payload }];
    if (frame.opcode === OPCODE.pong) return [...faults, { kind: 'pong', bytes: frame.payload }];
    if (frame.opcode === OPCODE.close) return [...faults, ...toClose(frame.payload)];
    if (frame.opcode === OPCODE.continuation) {
      if (!parts) return [...faults, { kind: 'fault', what: 'fragments', about: 'a continuation of nothing' }];
      parts.push(frame.payload);
    } else {
      if (parts) faults.push({ kind: 'fault', what: 'fragments', about: 'a message within a message' });
      parts = [frame.payload];
      parts_bytes = 0;
      opcode = frame.opcode;
    }
    parts_bytes += frame.payload.length + ENTRY_BYTES;
    if (parts_bytes > HELD_BYTES_MAX) throw new Error(`the peer sent fragments of more than ${HELD_BYTES_MAX} bytes`);
    if (!frame.fin) return faults;
    const whole = Buffer.concat(parts);
    parts = undefined;
    return [...faults, ...(opcode === OPCODE.text ? toMessage(whole) : [{ kind: 'binary' as const, bytes: whole }])];
  };
}

function faultsOf({ opcode, rsv, masked, fin, payload }: WireFrame, is_server: boolean): Received[] {
  const faults: Received[] = [];
  if (masked && !is_server) faults.push({ kind: 'fault', what: 'masked', about: 'a frame of the server is masked' });
  if (!masked && is_server)
    faults.push({ kind: 'fault', what: 'unmasked', about: 'a frame of the client is not masked' });
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

/** What it takes to hold on to it, about. */
export function bytesOf(received: Received): number {
  if (received.kind === 'text') return received.text.length + ENTRY_BYTES;
  return ('bytes' in received ? received.bytes.length : 0) + ENTRY_BYTES;
}

/** RFC 6455, 7.4: codes that may stand in a close frame. */
const isSendable = (code: number): boolean =>
  code >= 1000 && code <= 4999 && ![1004, 1005, 1006].includes(code) && (code <= 1014 || code >= 3000);

function dial(url: URL, { tls_ca, upgrade_ms_max }: Pick<WireOptions, 'tls_ca' | 'upgrade_ms_max'>): Promise<Socket> {
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

const toUpgrade = ({ protocols = [], headers = {}, early }: WireOptions): Upgrade => ({
  protocols,
  headers: Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !SECRET_HEADERS.has(name.toLowerCase()))
      .map(([name, value]) => [name, value ?? null]),
  ),
  ...(early && { early: Buffer.from(early).toString('base64') }),
});

const SECRET_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

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

/**
 * The head of an HTTP answer, and what followed it; status 0 when the connection ended before, or the head has no end.
 * Of a refusal only the beginning is read.
 */
function readHead(socket: Socket): Promise<{ status: number; headers: Record<string, string>; rest: Buffer }> {
  return new Promise((resolve) => {
    const kept = Buffer.alloc(HEAD_BYTES_MAX);
    let size = 0;
    let end = -1;
    const settle = (more: Buffer) => {
      socket.off('data', onData);
      socket.off('close', onClose);
      if (end === -1) resolve({ status: 0, headers: {}, rest: Buffer.alloc(0) });
      else resolve(parseHead(headIn(kept, end), Buffer.concat([kept.subarray(end + 4, size), more])));
    };
    const onClose = () => settle(Buffer.alloc(0));
    const onData = (chunk: Buffer) => {
      const searched = Math.max(0, size - 3);
      const taken = chunk.copy(kept, size);
      size += taken;
      if (end === -1) end = kept.subarray(0, size).indexOf('\r\n\r\n', searched);
      if (end === -1 && size < HEAD_BYTES_MAX) return;
      if (end !== -1 && headIn(kept, end).startsWith('HTTP/1.1 101')) settle(chunk.subarray(taken));
      // A refusal may have a body: it is whole when the other end closes, which a refusal does.
      else if (size >= wholeOf(kept, end)) settle(Buffer.alloc(0));
    };
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

const headIn = (bytes: Buffer, end: number): string => bytes.subarray(0, end).toString('latin1');

/** How many bytes of a refusal are waited for. */
function wholeOf(bytes: Buffer, end: number): number {
  const length = end === -1 ? undefined : /^content-length: *(\d+)/im.exec(headIn(bytes, end))?.[1];
  return length === undefined ? HEAD_BYTES_MAX : Math.min(HEAD_BYTES_MAX, end + 4 + Number(length));
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
/** Of an answer to an upgrade; the body of a refusal too. */
const HEAD_BYTES_MAX = 65_536;
/** Largest frame that is read from a peer. */
const FRAME_BYTES_MAX = 33_554_432;
const UNHEARD_MAX = 10_000;
/** What is held of one connection: fragments of a message, and what nobody heard yet; one whole frame goes in. */
const HELD_BYTES_MAX = FRAME_BYTES_MAX + 1_024;
/** What an entry costs beside its bytes, about. */
const ENTRY_BYTES = 128;
const GOODBYE_MS_MAX = 1_000;
