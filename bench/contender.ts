/** Everybody who is measured under one name: the mesh with its durability, and its peers, each in processes of its own. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { z } from 'zod';
import { cpuMs, startChild, type Child } from './child.ts';
import { Skip, type Contender, type Kit } from './kit.ts';
import { startMesh } from './mesh.ts';
import { startNats } from './nats.ts';
import { startRestate } from './restate.ts';

/** How hard to call. */
export interface Load {
  in_flight: number;
  ms: number;
  /** Enough, however much time is left. */
  answers_max?: number;
}

/** Before anything is measured: V8 compiles what is called often, and a long road has to be walked often. */
export const warmUp = ({ quick, ms }: Pick<Kit, 'quick' | 'ms'>): Load => ({
  in_flight: 64,
  ms: quick ? ms : WARM_MS,
  answers_max: WARM_ANSWERS,
});

/** What came of it. */
export const Loaded = z.object({
  answers: z.number().int().positive(),
  errors: z.number(),
  first_error: z.string().optional(),
  ms: z.number(),
  p50_ms: z.number(),
  p99_ms: z.number(),
});
export type Loaded = z.infer<typeof Loaded> & {
  /** Processor time of the process in the middle, ms. */
  router_cpu_ms: number;
};

/** Starts one by its name; it ends with the kit. Throws Skip when it is not there. */
export async function startContender(name: string, kit: Kit): Promise<Contender> {
  const [, durability] = /^mesh (off|normal|full)$/.exec(name) ?? [];
  if (durability) return toContender(name, await startMesh(kit, { durability: Durability.parse(durability) }));
  if (name === 'restate') return toContender(name, await startRestate(kit));
  const peer = PEERS[name];
  if (!peer) throw new Error(`nobody is called ${name}`);
  return toContender(name, await startPeer(name, peer, kit));
}

/** Starts them all, one after the other; whoever is not there is left out, with the reason. */
export async function startContenders(names: readonly string[], kit: Kit) {
  const there: Contender[] = [];
  const skipped = new Map<string, string>();
  for (const name of new Set(names)) {
    try {
      there.push(await startContender(name, kit));
    } catch (reason) {
      if (!(reason instanceof Skip)) throw reason;
      kit.say(`SKIP ${name}: ${reason.message}`);
      skipped.set(name, reason.message);
    }
  }
  return { there, skipped };
}

/** Processes of one contender: who calls, and who stands in the middle. */
export interface Parts {
  load: Child;
  router?: Child | undefined;
  all: Child[];
}

/** Processes as somebody who can be loaded. */
export const toContender = (name: string, { load, router, all }: Parts): Contender => ({
  name,
  async load(asked) {
    const before = router ? cpuMs(router.pid) : 0;
    const { loaded } = z.object({ loaded: z.unknown() }).parse(await load.ask({ load: asked }));
    const told = Loaded.safeParse(loaded);
    if (!told.success || told.data.errors > 0) throw new Error(`${name}: calls failed: ${JSON.stringify(loaded)}`);
    return { ...told.data, router_cpu_ms: router ? cpuMs(router.pid) - before : 0 };
  },
  async stop() {
    for (const child of all) await child.stop();
  },
});

async function startPeer(
  name: string,
  { file, middle = file, needs, hops = 2, words = [] }: Peer,
  kit: Kit,
): Promise<Parts> {
  for (const wanted of needs) {
    if (!existsSync(join(HERE, 'node_modules', wanted))) throw new Skip(`${wanted} is not installed: ${INSTALL}`);
  }
  const more = file.includes('nats') ? [await startNats(kit), ...words] : words;
  const all: Child[] = [];
  kit.onEnd(async () => {
    for (const child of all) await child.kill();
  });
  const start = async (role: string, address: string) => {
    const script = join(HERE, 'peers', role === 'router' ? middle : file);
    const log = join(kit.folder, `${name.replace(/\W+/g, '-')}-${role}.log`);
    const child = await startChild({ name: `${name}, ${role}`, words: [script, role, address, ...more], log });
    all.unshift(child);
    return child;
  };
  const agent = await start('agent', '');
  const router = hops === 2 ? await start('router', agent.address) : undefined;
  return { load: await start('load', (router ?? agent).address), router, all };
}

interface Peer {
  /** In `peers/`. */
  file: string;
  /** Who stands in the middle, where it is not the same file. */
  middle?: string;
  /** Packages that have to be there. */
  needs: readonly string[];
  hops?: 1 | 2;
  words?: readonly string[];
}

/** One line each; a peer is called by its name. */
const PEERS: Readonly<Record<string, Peer>> = {
  'ws relay': { file: 'ws.mjs', needs: ['ws'] },
  'ws relay with the record': { file: 'ws.mjs', middle: 'bound.mjs', needs: ['ws'], words: ['normal'] },
  'ws relay, corked': { file: 'ws.mjs', needs: ['ws'], words: ['cork'] },
  'ws, one hop': { file: 'ws.mjs', needs: ['ws'], hops: 1 },
  'ws, one hop, 1 MB': { file: 'ws.mjs', needs: ['ws'], hops: 1, words: ['plain', 'megabyte'] },
  Fastify: { file: 'fastify.mjs', needs: ['fastify'], hops: 1 },
  'json-rpc-2.0': { file: 'json-rpc.mjs', needs: ['ws', 'json-rpc-2.0'] },
  'rpc-websockets': { file: 'rpc-websockets.mjs', needs: ['rpc-websockets'] },
  'moleculer TCP': { file: 'moleculer.mjs', needs: ['moleculer'] },
  'moleculer NATS': { file: 'moleculer-nats.mjs', needs: ['moleculer', 'nats'] },
  'NATS with a router': { file: 'nats.mjs', needs: ['nats'] },
  HTTP: { file: 'http.mjs', needs: [] },
  'grpc-js': { file: 'grpc.mjs', needs: ['@grpc/grpc-js', '@grpc/proto-loader'] },
  'A2A SDK, one hop': { file: 'a2a.mjs', needs: ['@a2a-js/sdk'], hops: 1 },
};

const Durability = z.enum(['off', 'normal', 'full']);
const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSTALL = 'with the npm registry in reach run npm ci --ignore-scripts --prefix bench';
const WARM_MS = 8_000;
const WARM_ANSWERS = 20_000;
