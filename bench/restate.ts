/** Restate's server from npm, keeping the same hop durably (G19). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { endsWithUs, startChild } from './child.ts';
import type { Parts } from './contender.ts';
import { Skip, type Kit } from './kit.ts';
import { pathOf } from './mesh.ts';
import { freePort, reachable } from './nats.ts';

/** Starts server, agent and load generator, and registers the one with the other. Throws Skip where the server is not there. */
export async function startRestate(kit: Kit): Promise<Parts> {
  const binary = pathOf(`node_modules/@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`);
  if (!existsSync(binary)) throw new Skip(`@restatedev/restate-server is not installed for ${platform()} ${arch()}`);
  const script = pathOf('peers/restate.mjs');
  const log = join(kit.folder, 'restate.log');
  const agent = await startChild({ name: 'restate, agent', words: [script, 'agent', ''], log });
  kit.onEnd(() => agent.kill());
  const ports = { ingress: await freePort(), admin: await freePort(), node: await freePort() };
  await startServer(binary, ports, kit);
  const registered = await fetch(`http://127.0.0.1:${ports.admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: agent.address }),
  });
  if (!registered.ok) throw new Error(`Restate did not take the agent: ${await registered.text()}`);
  const words = [script, 'load', `http://127.0.0.1:${ports.ingress}`];
  const load = await startChild({ name: 'restate, load', words, log });
  kit.onEnd(() => load.kill());
  return { load, all: [load, agent] };
}

/** As it comes, without telemetry. */
async function startServer(binary: string, ports: Record<'ingress' | 'admin' | 'node', number>, kit: Kit) {
  const server = spawn(binary, ['--no-logo', '--listen-mode', 'tcp', '--base-dir', join(kit.folder, 'restate')], {
    stdio: 'ignore',
    env: {
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_BIND_ADDRESS: `127.0.0.1:${ports.node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ports.ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${ports.admin}`,
    },
  });
  endsWithUs(server);
  const exited = once(server, 'exit');
  kit.onEnd(async () => {
    server.kill('SIGKILL');
    await exited;
  });
  await reachable(ports.admin);
  await reachable(ports.ingress);
}
