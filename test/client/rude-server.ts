/** A real HTTP and WebSocket server that misbehaves as it is told: what it gets is written down, what it says is the test's. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { errorCodeText, ERRORS, httpStatus, isRetryable, type ErrorCode } from '../../protocol/index.ts';

/** A request as it came. */
export interface Got {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What it does with one request. */
export type Act = (response: ServerResponse, got: Got) => void;

/** The server. */
export interface RudeServer {
  url: string;
  /** All requests, upgrades included, in order. */
  got: Got[];
  /** Connections that were ever made. */
  connections: () => number;
  /** What is done with the next requests whose path holds `path`, one after the other; the last one stays. */
  on(path: string, ...acts: Act[]): void;
  /** What is done with each upgrade: the socket, and how often somebody came before. */
  onSocket(act: (socket: WebSocket, got: Got, count: number) => void): void;
  /** Refuses the next upgrades with these. */
  refuseSockets(...answers: { status: number; headers?: string[]; body?: string }[]): void;
  /** Resolves when that many requests with that path have come. */
  reached(path: string, count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts it. Signing in always works, and counts its tokens: `token-1`, `token-2`. */
export async function startRudeServer(): Promise<RudeServer> {
  const got: Got[] = [];
  const acts = new Map<string, Act[]>();
  const refusals: { status: number; headers?: string[]; body?: string }[] = [];
  const waiting = new Set<() => void>();
  const sockets = new Set<Socket>();
  let [tokens, upgrades, connections] = [0, 0, 0];
  let onSocket: (socket: WebSocket, got: Got, count: number) => void = () => undefined;
  const server = createServer((request, response) => {
    void read(request).then((one) => {
      note(one);
      const path = [...acts.keys()].filter((key) => one.url.includes(key)).sort((a, b) => b.length - a.length)[0];
      const queue = acts.get(path ?? '') ?? [];
      const act = queue.length > 1 ? queue.shift() : queue[0];
      (act ?? refuse(4040))(response, one);
    });
  });
  const streams = new WebSocketServer({ noServer: true });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const one = { method: 'UPGRADE', url: request.url ?? '', headers: request.headers, body: '' };
    note(one);
    const refusal = refusals.shift();
    if (refusal) {
      const { status, headers = [], body = '' } = refusal;
      const lines = [`HTTP/1.1 ${status} No`, 'Connection: close', `Content-Length: ${body.length}`, ...headers];
      socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
      return;
    }
    streams.handleUpgrade(request, socket, head, (made) => onSocket(made, one, upgrades++));
  });
  const grant: Act = (response) => {
    tokens += 1;
    answer(200, tokenPair(tokens))(response, got.at(-1)!);
  };
  acts.set('/auth/token', [grant]);
  acts.set('/auth/refresh', [grant]);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    got,
    connections: () => connections,
    on: (path, ...list) => void acts.set(path, list),
    onSocket: (act) => void (onSocket = act),
    refuseSockets: (...answers) => void refusals.push(...answers),
    async reached(path, count) {
      while (got.filter(({ url }) => url.includes(path)).length < count) {
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
    async close() {
      for (const socket of streams.clients) socket.terminate();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };

  function note(one: Got): void {
    got.push(one);
    for (const wake of waiting) wake();
    waiting.clear();
  }
}

/** What signing in gives. */
export const tokenPair = (number: number, expires_in = 900) => ({
  access_token: `token-${number}`,
  token_type: 'Bearer',
  expires_in,
  refresh_token: `refresh-${number}`,
  refresh_expires_in: 3_600,
  username: 'ada',
  role: 'analyst',
});

/** Answers that. */
export const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Act =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-api-version': '1.0', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** The one error envelope. */
export const refuse = (
  code: ErrorCode,
  { detail = null, headers = {} }: { detail?: unknown; headers?: Record<string, string> } = {},
) =>
  answer(
    httpStatus(code),
    {
      error: {
        code: errorCodeText(code),
        message: ERRORS[code],
        detail,
        timestamp: '2026-01-01T00:00:00.000Z',
        request_id: '00000000-0000-4000-8000-00000000abcd',
        retryable: isRetryable(code),
      },
    },
    { 'x-request-id': '00000000-0000-4000-8000-00000000abcd', ...headers },
  );

/** Says nothing. */
export const hang: Act = () => undefined;

/** Breaks the connection before a word. */
export const cut: Act = (response) => void response.socket?.destroy();

/** Begins an answer and breaks off. */
export const breakOff: Act = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"items":[', () => response.socket?.destroy());
};

/** What stands behind nothing when nobody is listed. */
export const EMPTY = { items: [], next_cursor: null };

/** An alert as the server shows it. */
export const ALERT = {
  alert_id: 'ALRT-2026-00001',
  id: '00000000-0000-4000-8000-000000000001',
  external_id: null,
  title: 'Somebody guesses passwords',
  description: '',
  severity: 'high',
  status: 'new',
  source: 'wazuh',
  asset_type: null,
  affected_assets: [],
  iocs: [],
  mitre_techniques: ['T1110'],
  raw_log: null,
  http: null,
  email: null,
  metadata: {},
  assignee: null,
  case_id: null,
  acknowledged: false,
  acknowledged_by: null,
  acknowledged_at: null,
  dedup_hash: 'a'.repeat(64),
  occurrences: 1,
  last_seen_at: '2026-01-01T00:00:00.000Z',
  created_by: 'user:ada',
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  version: 1,
};

async function read(request: IncomingMessage): Promise<Got> {
  let body = '';
  for await (const chunk of request.setEncoding('latin1')) body += String(chunk);
  return { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
}
