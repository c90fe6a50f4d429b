/** One process of a contender: plays the role it is called with, tells its parent where it listens, loads when it is told to. */
import { drive } from './drive.mjs';

/**
 * `node <peer>.mjs agent|router|load <address of the one before> [more words]`. An agent and a router answer their address, a
 * load generator answers what makes one call. The process ends with its parent.
 */
export async function play(roles) {
  const [role, address, ...words] = process.argv.slice(2);
  process.once('disconnect', () => process.exit(0));
  const made = await roles[role](address, ...words);
  if (role === 'load') {
    process.on('message', ({ load }) => {
      if (load) void drive(made, load).then((loaded) => process.send({ loaded }));
    });
  }
  process.send({ ready: role === 'load' ? (address ?? '') : made });
}

/** Resolves with the address once a server of Node listens on a free port of this machine. */
export const listening = (server, scheme) =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`${scheme}://127.0.0.1:${server.address().port}`));
  });

/** A port that is free now, for servers that want to be told one. */
export async function freePort() {
  const { createServer } = await import('node:net');
  const server = createServer();
  const address = await listening(server, 'tcp');
  await new Promise((resolve) => server.close(resolve));
  return Number(new URL(address).port);
}
