/** Bare `ws` connections: a server, and whoever opens so many of them at once. */
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { play } from './role.mjs';

await play({
  async agent() {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    await once(server, 'listening');
    return `ws://127.0.0.1:${server.address().port}`;
  },
  async caller(address) {
    process.on('message', async ({ count }) => {
      const began = performance.now();
      const sockets = Array.from({ length: count }, () => new WebSocket(address, { perMessageDeflate: false }));
      await Promise.all(sockets.map((socket) => once(socket, 'open')));
      const ms = performance.now() - began;
      for (const socket of sockets) socket.terminate();
      process.send({ connected: count, ms });
    });
    return address;
  },
});
