/**
 * Raw `ws`: frames are parsed, the id is rewritten by a counter, and forwarded; nothing is validated, logged or kept. With the
 * word `cork` agent and router hold the writes of a turn together; the load generator always does, here and against the mesh.
 */
import { PARAMS, RESULT } from './reference.mjs';
import { play } from './role.mjs';
import { dial, sender, serve } from './sockets.mjs';

await play({
  async agent(_address, cork) {
    return serve((socket) => {
      const send = sender(socket, cork);
      socket.on('message', (data) => {
        const { id } = JSON.parse(data);
        send(JSON.stringify({ jsonrpc: '2.0', id, result: RESULT }));
      });
    });
  },
  async router(address, cork) {
    const agent = await dial(address);
    const toAgent = sender(agent, cork);
    const pending = new Map();
    let last = 0;
    agent.on('message', (data) => {
      const response = JSON.parse(data);
      const asked = pending.get(response.id);
      pending.delete(response.id);
      response.id = asked.id;
      asked.send(JSON.stringify(response));
    });
    return serve((socket) => {
      const send = sender(socket, cork);
      socket.on('message', (data) => {
        const request = JSON.parse(data);
        pending.set(++last, { id: request.id, send });
        request.id = last;
        toAgent(JSON.stringify(request));
      });
    });
  },
  async load(address, _cork, size) {
    const params = size === 'megabyte' ? { ...PARAMS, input: 'x'.repeat(1_048_576) } : PARAMS;
    const socket = await dial(address);
    const send = sender(socket, 'cork');
    const pending = new Map();
    let last = 0;
    socket.on('message', (data) => {
      const { id, result } = JSON.parse(data);
      pending.get(id)(result);
      pending.delete(id);
    });
    return () =>
      new Promise((resolve) => {
        pending.set(++last, resolve);
        send(JSON.stringify({ jsonrpc: '2.0', id: last, method: 'analyze_threat', params }));
      });
  },
});
