/** Sockets as raw `ws` has them: to listen, to dial, and to send, with the writes of a turn held together where that is asked for. */
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';

/** Resolves with the address once it listens. */
export async function serve(onSocket) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', onSocket);
  await once(server, 'listening');
  return `ws://127.0.0.1:${server.address().port}`;
}

/** Resolves with the open socket. */
export async function dial(url) {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

/** What sends a text by that socket. */
export function sender(socket, cork) {
  if (cork !== 'cork') return (text) => socket.send(text);
  const wire = socket._socket;
  let is_corked = false;
  return (text) => {
    if (!is_corked) {
      is_corked = true;
      wire.cork();
      process.nextTick(() => {
        is_corked = false;
        wire.uncork();
      });
    }
    socket.send(text);
  };
}
