/** Debian's nats-server on a free port, for the contenders that speak over one. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { endsWithUs } from './child.ts';
import { Skip, type Kit } from './kit.ts';

/** Its address; one server a contender. Throws Skip where there is no nats-server. */
export async function startNats(kit: Kit): Promise<string> {
  if (spawnSync('nats-server', ['--version']).error)
    throw new Skip('there is no nats-server here: apt-get install nats-server');
  const port = await freePort();
  const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  endsWithUs(server);
  const exited = once(server, 'exit');
  kit.onEnd(async () => {
    server.kill('SIGKILL');
    await exited;
  });
  await reachable(port);
  return `nats://127.0.0.1:${port}`;
}

/** A port that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves once somebody takes connections there. */
export async function reachable(port: number): Promise<void> {
  for (const end = performance.now() + REACH_MS_MAX; performance.now() < end;) {
    const socket = connect(port, '127.0.0.1');
    const is_there = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (is_there === true) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`nobody listens on port ${port}`);
}

const REACH_MS_MAX = 15_000;
const LOOK_MS = 20;
