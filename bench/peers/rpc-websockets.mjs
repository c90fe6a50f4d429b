/** `rpc-websockets` at all four ends. */
import { once } from 'node:events';
import { Client, Server } from 'rpc-websockets';
import { PARAMS, RESULT } from './reference.mjs';
import { freePort, play } from './role.mjs';

await play({
  agent: () => serve(() => RESULT),
  async router(address) {
    const agent = await client(address);
    return serve((params) => agent.call('analyze_threat', params));
  },
  async load(address) {
    const router = await client(address);
    return () => router.call('analyze_threat', PARAMS);
  },
});

async function serve(analyze) {
  const port = await freePort();
  const server = new Server({ host: '127.0.0.1', port, perMessageDeflate: false });
  await once(server, 'listening');
  server.register('analyze_threat', analyze);
  return `ws://127.0.0.1:${port}`;
}

async function client(url) {
  const made = new Client(url);
  await once(made, 'open');
  return made;
}
