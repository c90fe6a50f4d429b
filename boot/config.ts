/** What a process is told: defaults, then a file, then the environment, then flags, judged by one schema. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { FRAME_QUOTA } from '../mesh/index.ts';
import { AgentId, Mode } from '../protocol/index.ts';
import { LOG_LEVELS, redact } from '../seams/index.ts';
import { Flow } from './flow.ts';
import {
  ConfigError,
  joinLayers,
  originOf,
  readEnvironment,
  readFileLayer,
  type Layer,
  type Values,
} from './layers.ts';
import { keysBelow, textKeys } from './schema-keys.ts';

/** An agent to run or to dial: `threat-intel`, or `threat-intel=ws://192.0.2.7:9002` when it runs elsewhere. */
export const AgentEntry = z
  .union([
    z.string().transform((text) => {
      const [agent_id = '', url] = text.split(/=(.*)/s);
      return url === undefined ? { agent_id } : { agent_id, url };
    }),
    z.strictObject({ agent_id: z.string(), url: z.string().optional(), unproven: z.boolean().optional() }),
  ])
  .pipe(
    z.object({
      agent_id: AgentId,
      url: z.url({ protocol: /^wss?$/, error: 'the address of an agent is a ws: or wss: URL' }).optional(),
      unproven: z.boolean().optional().describe('a bare agent without a key: loopback, skills that read'),
    }),
  );
export type AgentEntry = z.infer<typeof AgentEntry>;

const Port = z.number().int().min(0).max(65_535);

const Webhook = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'the address of a webhook is an http: or https: URL' }),
  secret_file: z.string().min(1).optional().describe('file of the secret that signs each message'),
  networks: z.array(z.cidrv4().or(z.cidrv6())).max(64).default([]).describe('private networks where it may live'),
});

/**
 * The one schema. Every key but `policy`, which is too deep for one text, is also `AURORA_<KEY>` in the environment, dots as
 * underscores, lists comma-separated.
 */
export const Config = z.strictObject({
  data: z.string().min(1).describe('folder of keys, pins, blobs and state'),
  host: z.string().min(1).default('127.0.0.1').describe('address to bind; off loopback needs tls'),
  port: Port.optional().describe('port of this one process; unless said, its entry in ports'),
  ports: z
    .record(AgentId, Port)
    .default({})
    .transform((given): Record<string, number> => ({ ...PORTS, ...given }))
    .describe('port of each process; 0 takes a free one'),
  advertise: z.string().min(1).optional().describe('host name that other processes dial; the bound one unless said'),
  agents: z.array(AgentEntry).max(256).default([]).describe('the agents of the fleet; empty means all there are'),
  orchestrator: z
    .url({ protocol: /^wss?$/, error: 'the address of the orchestrator is a ws: or wss: URL' })
    .optional()
    .describe('where an agent announces itself; without it the orchestrator must know its address'),
  agent_hosts: z
    .enum(['local', 'service'])
    .default('local')
    .describe('where agents without an address are dialled: on this machine, or under their id as a service name'),
  replicas: z.record(AgentId, z.number().int().min(1).max(16)).default({}).describe('processes of one agent'),
  log_level: z.enum(LOG_LEVELS).default('info'),
  mode: Mode.default('monitor').describe('what work may do to the world: dry_run, monitor (nothing), or active'),
  ledger: z
    .strictObject({
      database: z
        .url({ protocol: /^postgres(ql)?$/, error: 'the address of a database is a postgres:// URL' })
        .optional()
        .describe('PostgreSQL instead of the file in the data folder'),
      database_file: z.string().min(1).optional().describe('file that holds that address, when it has a password'),
      durability: z
        .enum(['full', 'normal', 'off'])
        .default('full')
        .describe('when a task counts as kept: synced, or sooner, for measuring and throw-away work'),
      retention_days: z
        .number()
        .min(0.01)
        .max(3650)
        .default(90)
        .describe(
          'how long finished tasks, audit rows and keys that are over are kept; a task stays as long as its key, a day',
        ),
    })
    .prefault({}),
  failpoints: z
    .array(z.string())
    .max(16)
    .default([])
    .describe('for tests: where this process fails, e.g. dispatch.after_commit=kill@3'),
  content: z
    .string()
    .optional()
    .describe('folder of content packs, as aurora content add makes them; <data>/content unless said'),
  hosts: z.array(z.string()).max(64).default([]).describe('names a Host header may carry besides loopback'),
  origins: z.array(z.string()).max(64).default([]).describe('origins whose pages may connect'),
  tls: z
    .union(
      [
        z.literal('terminated-by-proxy'),
        z.strictObject({
          cert: z.string().min(1),
          key: z.string().min(1),
          ca: z.string().optional().describe('authority that client certificates must come from'),
          trust: z.string().optional().describe('authorities to trust when dialling, instead of the machine’s own'),
        }),
      ],
      { error: 'give cert and key (files), or the word terminated-by-proxy' },
    )
    .optional(),
  mesh: z
    .strictObject({
      anonymous: z
        .enum(['loopback', 'off'])
        .optional()
        .describe('bare strangers: skills that read (loopback), or nothing (off); off behind a proxy unless said'),
      networks: z
        .array(z.cidrv4().or(z.cidrv6()))
        .max(64)
        .default([])
        .describe('private networks agents may register from'),
    })
    .prefault({}),
  effects: z
    .strictObject({
      webhook: Webhook.optional().describe('who carries approved actions out; without one they are refused'),
    })
    .prefault({}),
  policy: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('what may act, and who must be asked: approvers, needed, protected_assets, targets_max …'),
  notify: z.strictObject({ webhook: Webhook.optional().describe('who is told that approvals wait') }).prefault({}),
  api: z
    .strictObject({
      port: Port.or(z.literal('off'))
        .optional()
        .describe('port of the REST API; off, or none said, and there is none: aurora up says 8080'),
      proxies: z
        .array(z.cidrv4().or(z.cidrv6()))
        .max(64)
        .default([])
        .describe('networks of proxies whose X-Forwarded-For counts'),
    })
    .prefault({}),
  flow: Flow.describe('numbers of queues, retries and breakers'),
  limits: z
    .strictObject({
      input_bytes_max: z.number().int().positive().default(268_435_456).describe('largest input, bytes'),
      frames_per_s: z
        .number()
        .int()
        .min(1)
        .max(1_000_000)
        .default(FRAME_QUOTA.frames_per_s)
        .describe('frames a second and connection on average, from operators and agents; five times as many at once'),
      drain_ms: z.number().int().min(0).max(30_000).default(25_000).describe('time for running work at SIGTERM'),
    })
    .prefault({}),
});
export type Config = z.output<typeof Config> & { content: string; mesh: { anonymous: 'loopback' | 'off' } };

/** What flags may say: any part of the configuration. */
export type ConfigFlags = Partial<z.input<typeof Config>>;

/** Flags as one process hands them to another: JSON of any part of the configuration, judged like every other source. */
export const FlagsText = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.record(z.string(), z.unknown()));

/** Where configuration comes from. */
export interface ConfigSources {
  /** The file; `<data>/aurora.yaml` unless said. A file that is named must exist. */
  file?: string | undefined;
  flags?: ConfigFlags | Values;
  /** The environment; the process's own unless said. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Reads, joins and judges all sources. Throws ConfigError naming the key, and who said it. */
export function loadConfig({ file, flags = {}, env = process.env }: ConfigSources = {}): Config {
  const data = textOf(flags['data']) ?? textOf(env['AURORA_DATA']) ?? join(homedir(), '.aurora');
  const named = file ?? env['AURORA_CONFIG'];
  if (named !== undefined && !existsSync(named)) throw new ConfigError(`there is no configuration file ${named}`);
  const path = named ?? join(data, 'aurora.yaml');
  const layers: Layer[] = [
    { from: 'the defaults', values: { data } },
    { from: path, values: existsSync(path) ? readFileLayer(path) : {} },
    { from: 'the environment', values: readEnvironment(env, textKeys(Config)) },
    { from: 'the flags', values: { ...flags } },
  ];
  const parsed = Config.safeParse(joinLayers(layers));
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => sentenceOf(issue, layers)).join('\n'));
  const { mesh, tls } = parsed.data;
  // Behind a proxy on this machine the whole world comes over loopback.
  const anonymous = mesh.anonymous ?? (tls === 'terminated-by-proxy' ? 'off' : 'loopback');
  const home = resolve(parsed.data.data);
  const content = resolve(parsed.data.content ?? join(home, 'content'));
  return { ...parsed.data, data: home, content, mesh: { ...mesh, anonymous } };
}

/** The effective configuration, for people: secrets hidden. */
export const showConfig = (config: Config): Record<string, unknown> => redact(config);

function sentenceOf(issue: z.core.$ZodIssue, layers: readonly Layer[]): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = keysBelow(Config, path);
    const names = known.length === 0 ? '' : `; there are ${known.join(', ')}`;
    return `${[...path, key].join('.')} (from ${originOf(layers, [...path, key])}) is no key${names}`;
  }
  return `${path.join('.')} (from ${originOf(layers, path)}): ${issue.message}`;
}

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** The specification gives every specialist its port, also those that are not built yet (specialists.md 4): a port names one trade for good. */
const PORTS: Readonly<Record<string, number>> = {
  orchestrator: 9000,
  'security-analyst': 9001,
  'threat-intel': 9002,
  'threat-hunter': 9003,
  'malware-analyst': 9004,
  'forensic-analyst': 9005,
  'network-security': 9006,
  'endpoint-security': 9007,
  'web-security': 9008,
  'email-security': 9009,
  'cloud-security': 9010,
  'vulnerability-analyst': 9011,
  'ot-security': 9012,
  'compliance-analyst': 9013,
  'incident-responder': 9014,
  'report-generator': 9015,
};
