/** From nothing to ready: the whole fleet, and an orchestrator that was killed amid ten thousand dispatches. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { agents } from '../../agents/index.ts';
import { connectOrchestrator } from '../../boot/index.ts';
import { endsWithUs } from '../child.ts';
import type { Group, Kit, Measured, Told } from '../kit.ts';
import { AGENT, online, pathOf, startMesh, startOrchestrator } from '../mesh.ts';

export const starting: Group = {
  lines: ['start', 'restart'],
  async measure(kit, wanted) {
    const told: Told = new Map();
    if (wanted.has('start')) told.set('start', await startAll(kit));
    if (wanted.has('restart')) told.set('restart', await restart(kit));
    return told;
  },
};

async function startAll(kit: Kit): Promise<Measured> {
  const figures: number[] = [];
  for (let round = 0; round < Math.min(kit.rounds, ROUNDS_MAX); round++) figures.push(await startOnce(kit));
  return { figures, note: `${Object.keys(agents).length} specialists` };
}

async function startOnce(kit: Kit): Promise<number> {
  const data = mkdtempSync(join(kit.folder, 'up-'));
  const ports = ['orchestrator', ...Object.keys(agents)].map((id) => `${id}=0`).join();
  const env = { PATH: process.env['PATH'], AURORA_DATA: data, AURORA_PORTS: ports, AURORA_API_PORT: '0' };
  const began = performance.now();
  const fleet = spawn(process.execPath, [pathOf('../bin/aurora.mjs'), '--json', 'up'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  endsWithUs(fleet);
  const exited = once(fleet, 'exit');
  try {
    for await (const line of createInterface({ input: fleet.stdout })) {
      const url = /"id":"orchestrator".*?(ws:\/\/[\d.:]+)/.exec(line)?.[1];
      if (url === undefined) continue;
      await online(url, Object.keys(agents).length);
      return (performance.now() - began) / 1_000;
    }
    throw new Error('aurora up ended before the orchestrator was up');
  } finally {
    fleet.kill('SIGTERM');
    await exited;
  }
}

/** The agent takes 64 and ends none; the rest waits. All of it has to be there again. */
async function restart(kit: Kit): Promise<Measured> {
  const count = kit.quick ? 500 : 10_000;
  const flags = { flow: { queue_max: 10_000, queue_all_max: 100_000, tenant_share: 1 } };
  const { data, router, agent } = await startMesh(kit, { flags });
  const peer = await connectOrchestrator({ url: router.address, data });
  const options = { deadline_ms: 900_000 };
  for (let asked = 0; asked < count; asked += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - asked) }, (_, nth) => {
      const params = { to: { skill: 'wait_long' }, params: { nth: asked + nth }, wait: 'accepted', options };
      return peer.request('handoff', params);
    });
    await Promise.all(some);
  }
  await router.kill();
  const began = performance.now();
  const again = await startOrchestrator(kit, { data, flags, agents: [{ agent_id: AGENT, url: agent.address }] });
  kit.onEnd(() => again.kill());
  const health = await fetch(`${again.address.replace('ws', 'http')}/health`);
  const took_s = (performance.now() - began) / 1_000;
  const { tasks_open } = (await health.json()) as { tasks_open: number };
  if (tasks_open !== count) throw new Error(`${tasks_open} of ${count} dispatches are open after the kill`);
  return { figures: [took_s], note: `${count} dispatches` };
}

const ROUNDS_MAX = 3;
const AT_ONCE = 64;
