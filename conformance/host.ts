/** The port of the kit's own agent: on this machine, it answers its card over HTTP and takes WebSockets by hand. */
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Frame } from './answers.ts';
import type { Notes } from './exchange.ts';
import { acceptOf } from './upgrade.ts';
import { startWire, type Wire } from './wire.ts';

/** What a host is told. */
export interface HostOptions {
  /** The card of whoever listens at `url`. */
  cardOf: (url: string) => Frame;
  /** A connection came; `dialled` is the `host:port` that its upgrade named. */
  onWire: (wire: Wire, dialled: string) => void;
  notes: Notes;
}

/** A port that listens. */
export interface Host {
  /** `ws://127.0.0.1:<port>`. */
  readonly url: string;
  /** Ends every connection, and listens no more. */
  stop(): Promise<void>;
}

/** Listens on a free port of the loopback. */
export async function startHost({ cardOf, onWire, notes }: HostOptions): Promise<Host> {
  const sockets = new Set<Duplex>();
  let url = '';
  let connections = CONNECTIONS_FROM;
  const server = createServer((request, response) => {
    const is_card = request.method === 'GET' && request.url === '/.well-known/agent-card.json';
    notes.add({ connection: 0, kind: 'event', text: `asked for ${request.method ?? ''} ${request.url ?? ''}` });
    response.writeHead(is_card ? 200 : 404, { 'content-type': 'application/json', connection: 'close' });
    response.end(is_card ? JSON.stringify(cardOf(url)) : '{}');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, rest: Buffer) => {
    if (sockets.size >= SOCKETS_MAX) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('error', () => undefined); // its end is heard as the end of the wire
    socket.once('close', () => sockets.delete(socket));
    const connection = connections++;
    notes.add({ connection, kind: 'event', text: 'the orchestrator dialled the agent', greeting: true });
    const wire = agree(request, socket, rest, { notes, connection });
    if (wire) onWire(wire, request.headers.host ?? '');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  url = `ws://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    url,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Answers the upgrade: 101 with mesh.v1 where it is offered, as an agent does. */
function agree(
  { headers }: IncomingMessage,
  socket: Duplex,
  rest: Buffer,
  about: { notes: Notes; connection: number },
): Wire | undefined {
  const key = headers['sec-websocket-key'];
  if (key === undefined) {
    socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    return undefined;
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const protocol = offered.includes('mesh.v1') ? 'mesh.v1' : '';
  const lines = ['upgrade: websocket', 'connection: Upgrade', `sec-websocket-accept: ${acceptOf(key)}`];
  if (protocol !== '') lines.push(`sec-websocket-protocol: ${protocol}`);
  socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
  const named = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return startWire(socket, { protocol, key, headers: Object.fromEntries<string>(named), rest, is_server: true }, about);
}

/** Connections at once; an orchestrator keeps one. */
const SOCKETS_MAX = 16;
/** The number of the first connection that came to us, in the notes. */
const CONNECTIONS_FROM = 101;
