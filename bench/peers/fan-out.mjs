/** Events to many subscribers the naive way: parsed once, made into text anew for each, one write each. */
import { play } from './role.mjs';
import { dial, serve } from './sockets.mjs';

const EACH_TURN = 20;
const textOf = (told) => `thought ${told} of somebody who has much to say about one alert`;

await play({
  async agent() {
    return serve((socket) => {
      socket.on('message', async (data) => {
        const { count } = JSON.parse(data);
        for (let told = 0; told < count; told++) {
          const value = { text: textOf(told) };
          const params = { token: 1, seq: told + 1, at: new Date().toISOString(), kind: 'thought', value };
          socket.send(JSON.stringify({ jsonrpc: '2.0', method: '$/progress', params }));
          if (told % EACH_TURN === EACH_TURN - 1) await new Promise((resolve) => setImmediate(resolve));
        }
      });
    });
  },
  async router(address) {
    const agent = await dial(address);
    const followers = new Set();
    agent.on('message', (data) => {
      const frame = JSON.parse(data);
      for (const follower of followers) follower.send(JSON.stringify(frame));
    });
    return serve((socket) => {
      followers.add(socket);
      socket.on('message', (data) => agent.send(data.toString()));
    });
  },
  async followers(address, count) {
    const sockets = await Promise.all(Array.from({ length: Number(count) }, () => dial(address)));
    let hear = () => undefined;
    for (const socket of sockets) socket.on('message', (data) => hear(data.toString()));
    process.on('message', ({ count: events }) => {
      let [heard, first] = [0, 0];
      hear = () => {
        const now = performance.now();
        if (++heard === 1) first = now;
        if (heard === events * sockets.length) process.send({ delivered: heard, ms: now - first });
      };
      sockets[0].send(JSON.stringify({ count: events }));
    });
    return address;
  },
});
