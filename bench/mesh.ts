/** The product under test: orchestrator and agent as they ship, on a data folder of their own, under the load of a proven operator. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { addOperator, ensureFleetKeys, loadConfig, ORCHESTRATOR_NODE } from '../boot/index.ts';
import { startChild, type Child } from './child.ts';
import type { Kit } from './kit.ts';

/** What is set; everything else is as it ships. */
export interface MeshOptions {
  durability?: 'off' | 'normal' | 'full';
  /** A data folder that has something in it already. */
  data?: string;
  /** What the load generator calls: handoffs unless said. */
  load?: string;
  /** Further settings, as flags of the orchestrator. */
  flags?: Readonly<Record<string, unknown>>;
}

/** A running mesh. */
export interface Mesh {
  data: string;
  agent: Child;
  router: Child;
  load: Child;
  all: Child[];
}

/** Starts agent, orchestrator and load generator, and waits until the agent is online. */
export async function startMesh(kit: Kit, options: MeshOptions = {}): Promise<Mesh> {
  const { durability = 'full' } = options;
  const data = options.data ?? mkdtempSync(join(kit.folder, `mesh-${durability}-`));
  prepareData(data);
  const all: Child[] = [];
  kit.onEnd(async () => {
    for (const child of all) await child.stop();
  });
  const agent = await startAgent(data, { durability, cpu_prof: kit.cpu_prof });
  all.unshift(agent);
  const agents = [{ agent_id: AGENT, url: agent.address }];
  const router = await startOrchestrator(kit, { ...options, data, durability, agents });
  all.unshift(router);
  await online(router.address, 1);
  const load = await startLoad(router.address, data, options.load);
  all.unshift(load);
  return { data, agent, router, load, all };
}

/** A proven operator that makes calls of one kind. */
export const startLoad = (url: string, data: string, kind = 'handoffs'): Promise<Child> =>
  startChild({
    name: 'load generator',
    words: [pathOf('product/load.mjs'), 'load', url, data, kind],
    log: join(data, 'load.log'),
  });

/** Keys and pins, as `aurora up` makes them. */
export function prepareData(data: string): void {
  const config = loadConfig({ flags: { data, agents: [AGENT] }, env: {} });
  ensureFleetKeys(config);
  addOperator(config, 'local');
}

/** The orchestrator alone; its log is a file, as with `aurora up`. */
export function startOrchestrator(
  { slow, cpu_prof }: Pick<Kit, 'slow' | 'cpu_prof'>,
  { data, durability = 'full', agents, flags = {} }: MeshOptions & { data: string; agents: readonly object[] },
): Promise<Child> {
  const settings = { data, port: 0, ledger: { durability }, limits: { frames_per_s: UNLIMITED }, agents, ...flags };
  const slowed = slow ? ['--import', pathOf('product/slow.mjs')] : [];
  return startChild({
    name: 'orchestrator',
    node: [...ORCHESTRATOR_NODE, ...slowed, ...profiled(`orchestrator-${durability}`, cpu_prof)],
    words: [pathOf('../dist/boot/process.js'), 'orchestrator', '--flags', JSON.stringify(settings)],
    log: join(data, 'orchestrator.log'),
  });
}

const startAgent = (data: string, { durability, cpu_prof }: Pick<MeshOptions, 'durability'> & Pick<Kit, 'cpu_prof'>) =>
  startChild({
    name: 'agent',
    node: profiled(`agent-${durability ?? 'full'}`, cpu_prof),
    words: [pathOf('product/agent.mjs'), JSON.stringify({ data, port: 0 })],
    log: join(data, 'agent.log'),
  });

/** Words that make Node write a profile at the end of a process; the names of two processes differ. */
const profiled = (name: string, folder: string | undefined): string[] =>
  folder === undefined
    ? []
    : ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}-${process.hrtime.bigint()}.cpuprofile`];

/** Resolves once so many agents are online. */
export async function online(url: string, count: number): Promise<void> {
  const end = performance.now() + ONLINE_MS_MAX;
  while (performance.now() < end) {
    const health = await fetch(`${url.replace('ws', 'http')}/health`);
    const { agents } = Health.parse(await health.json());
    if (agents.filter(({ state }) => state === 'online').length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`after ${ONLINE_MS_MAX} ms not all of ${count} agents are online`);
}

const Health = z.object({ agents: z.array(z.object({ state: z.string() })) });

/** A path in this folder, as a process is told it. */
export const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The id of the agent under test. */
export const AGENT = 'threat-intel';
/** What the load generator asks for is what is measured: its frames must not be counted away. */
const UNLIMITED = 1_000_000;
const ONLINE_MS_MAX = 180_000;
const LOOK_MS = 20;
