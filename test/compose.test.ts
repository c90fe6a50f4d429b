/** The compose file: one hardened service a process, each with its own key, nothing open to the network. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { agents } from '../agents/index.ts';
import { loadConfig, ORCHESTRATOR_NODE, type Config } from '../boot/index.ts';
import { addressesOf } from '../boot/roster.ts';
import { bindingOf } from '../boot/seams.ts';
import { run } from './support/child.ts';

const path = join(import.meta.dirname, '..', 'docker-compose.yml');
const Mount = z.object({
  type: z.literal('volume'),
  source: z.string(),
  target: z.string(),
  read_only: z.literal(true),
  volume: z.object({ subpath: z.string(), nocopy: z.literal(true) }),
});
const Service = z.object({
  image: z.string(),
  user: z.string(),
  init: z.literal(true),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  tmpfs: z.literal('/tmp'),
  stop_grace_period: z.string().regex(/^\d+s$/),
  restart: z.enum(['unless-stopped', 'no']),
  command: z.array(z.string()),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
  networks: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.union([z.string(), Mount])),
});
const Compose = z.object({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
});
const { services, networks } = Compose.parse(parse(readFileSync(path, 'utf8'), { merge: true }));
const { keys, ...processes } = services;
const specialists = Object.keys(agents).sort();

/** What the slowest stop may take (PROM-P13 allows 30 s for a drain). */
const drain_s_max = 30;

test('a linter of compose files has nothing to say', () => {
  const linter = join(path, '..', 'node_modules/dclint/bin/dclint.cjs'); // its types do not load under nodenext
  const said: unknown = JSON.parse(run(process.execPath, [linter, '--formatter', 'json', path]));
  expect(said).toMatchObject([{ filePath: path, messages: [] }]);
});

test('every process is a service under its own name: the orchestrator, and each specialist there is', () => {
  expect(Object.keys(processes).sort()).toEqual(['orchestrator', ...specialists].sort());
  expect(processes['orchestrator']?.command).toEqual([
    'node',
    ...ORCHESTRATOR_NODE,
    'dist/boot/process.js',
    'orchestrator',
  ]);
  for (const id of specialists) expect(processes[id]?.command).toEqual(['node', 'dist/boot/process.js', 'agent', id]);
});

test('all of them run the one image of this version, as nobody special, on a root they cannot write', () => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(path, '..', 'package.json'), 'utf8')));
  expect(new Set(Object.values(services).map(({ image }) => image))).toEqual(new Set([`aurora-mesh:${version}`]));
  expect(new Set(Object.values(services).map(({ user }) => user))).toEqual(new Set(['node']));
});

test('a stop leaves time for the drain', () => {
  for (const { stop_grace_period } of Object.values(processes))
    expect(parseInt(stop_grace_period)).toBeGreaterThan(drain_s_max);
});

test('only the orchestrator has ports, of the API and the mesh, and only on the loopback address of the host', () => {
  const ports = ['127.0.0.1:8080:8080', '127.0.0.1:9000:9000'];
  expect(Object.values(services).flatMap((service) => service.ports)).toEqual(ports);
  expect(services['orchestrator']?.ports).toEqual(ports);
  expect(configOf('orchestrator').api.port).toBe(8080);
});

test('the agents live on a network that leads nowhere else', () => {
  expect(networks['mesh']?.internal).toBe(true);
  for (const id of specialists) expect(processes[id]?.networks).toEqual(['mesh']);
});

test('a process reads its own key and no other; only the making of keys may write them', () => {
  for (const [id, { volumes }] of Object.entries(processes)) {
    const keysMounts = volumes.filter((mount) => (typeof mount === 'string' ? mount : mount.source).startsWith('keys'));
    const own = {
      type: 'volume',
      source: 'keys',
      target: `/data/keys/${id}`,
      read_only: true,
      volume: { subpath: id, nocopy: true },
    };
    expect(keysMounts).toEqual([own]);
  }
  expect(keys?.volumes).toContain('keys:/data/keys');
});

test('nothing starts before its key is there', () => {
  for (const { depends_on } of Object.values(processes))
    expect(depends_on).toEqual({ keys: { condition: 'service_completed_successfully' } });
});

test('each process is asked for its own health: the image asks the orchestrator, a service names its agent', () => {
  expect(processes['orchestrator']?.healthcheck).toBeUndefined();
  for (const id of specialists)
    expect(processes[id]?.healthcheck).toEqual({ test: ['CMD', 'node', 'dist/boot/process.js', 'health', id] });
});

test('the orchestrator dials each specialist under its service name, at the port where it listens', () => {
  const addresses = addressesOf(configOf('orchestrator'));
  const listening = specialists.map((id) => `ws://${id}:${bindingOf(id, configOf(id)).port}`);
  expect(addresses.map(({ url }) => url).sort()).toEqual(listening.sort());
});

/** What a service is configured to, by its environment. */
function configOf(id: string): Config {
  const given = Object.entries(processes[id]?.environment ?? {});
  const env: Record<string, string> = { AURORA_DATA: '/data' };
  for (const [key, value] of given) env[key] = String(value);
  return loadConfig({ env });
}
