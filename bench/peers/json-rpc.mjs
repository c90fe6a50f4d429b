/** `json-rpc-2.0` at all four ends, over `ws`: agent, both sides of the router, and the caller. */
import { once } from 'node:events';
import { JSONRPCClient, JSONRPCServer } from 'json-rpc-2.0';
import { WebSocket, WebSocketServer } from 'ws';
import { PARAMS, RESULT } from './reference.mjs';
import { play } from './role.mjs';

await play({
  agent: () => serve(() => RESULT),
  async router(address) {
    const ask = await client(address);
    return serve((params) => ask(params));
  },
  async load(address) {
    const ask = await client(address);
    return () => ask(PARAMS);
  },
});

async function serve(analyze) {
  const rpc = new JSONRPCServer();
  rpc.addMethod('analyze_threat', analyze);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('message', async (data) => {
      const response = await rpc.receive(JSON.parse(data));
      if (response) socket.send(JSON.stringify(response));
    });
  });
  await once(server, 'listening');
  return `ws://127.0.0.1:${server.address().port}`;
}

async function client(url) {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  const rpc = new JSONRPCClient((request) => socket.send(JSON.stringify(request)));
  socket.on('message', (data) => rpc.receive(JSON.parse(data)));
  return (params) => rpc.request('analyze_threat', params);
}
