/** Asks for the upgrade of a connection to a WebSocket, by hand: it may ask as no library would. */
import { createHash, randomBytes } from 'node:crypto';
import { within } from './clock.ts';
import { dial, type DialLimits } from './dial.ts';
import type { Upgrade } from './exchange.ts';
import { readHead } from './http-head.ts';
import { startWire, type Wire, type WireNotes } from './wire.ts';

/** Where to dial, and what to say there. */
export interface WireOptions extends DialLimits, WireNotes {
  url: string;
  /** Offered subprotocols; none unless said. */
  protocols?: readonly string[];
  /** More headers, or others than the usual: undefined leaves one away. */
  headers?: Readonly<Record<string, string | undefined>>;
  /** Bytes that follow the upgrade request in the same write. */
  early?: Uint8Array;
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
  if (answer.status === 0 && isAlert(socket.errored)) throw socket.errored;
  if (answer.status !== 101) {
    socket.destroy();
    return { status: answer.status, headers: answer.headers, body: answer.rest.toString('utf8') };
  }
  const protocol = answer.headers['sec-websocket-protocol'] ?? '';
  return startWire(socket, { ...answer, protocol, key, is_server: false }, options);
}

/** Whether the upgrade was agreed to. */
export const isWire = (answered: Wire | UpgradeAnswer): answered is Wire => 'sendText' in answered;

/** Throws where a peer behind TLS hung up and answered nothing: so may end who shows it a certificate that it does not take. */
export function assertAnswered(answered: Wire | UpgradeAnswer, url: string): void {
  if (isWire(answered) || answered.status !== 0 || !url.startsWith('wss:')) return;
  throw Object.assign(new Error('it hung up before it answered the upgrade'), { code: 'ECONNRESET' });
}

/** What the other end of TLS says over the certificate that it was shown, or was not: from TLS 1.3 on it comes after our hello. */
const isAlert = (reason: Error | null): reason is Error =>
  reason !== null && 'code' in reason && String(reason.code).includes('_ALERT_');

/** The Sec-WebSocket-Accept that belongs to a key. */
export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

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
