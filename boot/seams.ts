/** The concrete seams of a running process, picked in one place. */
import { readFileSync } from 'node:fs';
import { hasPort, hostOf, isLoopback, type FrameQuota, type TlsMaterial, type Trust } from '../mesh/index.ts';
import {
  armedFailpoints,
  inertFailpoints,
  pinoLog,
  promMetrics,
  systemClock,
  systemIds,
  systemRandom,
  type Clock,
  type Content,
  type Failpoints,
  type Ids,
  type Log,
  type Metrics,
  type Random,
} from '../seams/index.ts';
import type { Config } from './config.ts';
import { folderContent } from './content.ts';
import { block } from './file-turns.ts';
import { ConfigError } from './layers.ts';
import { portOf } from './roster.ts';

/** What every process is given. */
export interface ProcessSeams {
  clock: Clock;
  ids: Ids;
  random: Random;
  log: Log;
  metrics: Metrics;
  content: Content;
  failpoints: Failpoints;
}

/** The machine's own clock, names, chance and log, and the mounted content. */
export async function processSeams(
  name: string,
  config: Pick<Config, 'log_level' | 'content' | 'failpoints'>,
): Promise<ProcessSeams> {
  const log = pinoLog({ level: config.log_level, name });
  return {
    clock: systemClock,
    ids: systemIds(() => systemClock.now()),
    random: systemRandom,
    log,
    metrics: await promMetrics(),
    content: folderContent({ folder: config.content, log }),
    failpoints: config.failpoints.length === 0 ? inertFailpoints : armedFailpoints(config.failpoints, ACTS),
  };
}

const ACTS = {
  kill: () => void process.kill(process.pid, 'SIGKILL'),
  block,
};

/** What listening needs of the configuration. Throws a ConfigError when this bind is not allowed or its files are not there. */
export function bindingOf(id: string, config: Config) {
  const { host, tls, hosts, origins } = config;
  if (tls === undefined && !isLoopback(host)) {
    throw new ConfigError(
      `host: ${host} is not loopback: give tls.cert and tls.key, or say tls: terminated-by-proxy when something in front of it encrypts`,
    );
  }
  const advertise = config.advertise ?? (UNSPECIFIED.has(host) ? id : undefined); // compose names a service after its agent
  return {
    host,
    port: config.port ?? portOf(config, id),
    allow_hosts: hosts,
    allow_origins: origins,
    ...(advertise === undefined ? {} : { advertise }),
    ...(tls === undefined ? {} : { tls: typeof tls === 'string' ? tls : readTls(tls) }),
  };
}

/** How many frames a connection may send. */
export const quotaOf = ({ limits: { frames_per_s } }: Config): FrameQuota => ({
  frames_per_s,
  burst_frames: frames_per_s * BURST_S,
});

/**
 * The same fleet on one machine: processes bound to every address are dialled over loopback, unless a name is advertised. Throws a
 * ConfigError for a name with a port: each process has its own, and one for all would lead to one of them.
 */
export function onThisMachine(config: Config): Config {
  const { host, advertise } = config;
  if (advertise === undefined) return UNSPECIFIED.has(host) ? { ...config, advertise: '127.0.0.1' } : config;
  if (!hasPort(advertise)) return config;
  throw new ConfigError(
    `advertise: ${advertise} has a port, and each process of a fleet has its own: say advertise: ${hostOf(advertise)}, and hosts: [${advertise}] for a proxy on that port`,
  );
}

/**
 * Whom to believe when dialling. Where ports ask for certificates (`tls.ca`), those of the same fleet ask us as well: we show our
 * own, which then has to be good for clients too.
 */
export function trustOf({ tls }: Config): Trust | undefined {
  if (typeof tls !== 'object' || (tls.trust === undefined && tls.ca === undefined)) return undefined;
  return {
    ...(tls.trust !== undefined && { ca: readPem('tls.trust', tls.trust) }),
    ...(tls.ca !== undefined && { cert: readPem('tls.cert', tls.cert), key: readPem('tls.key', tls.key) }),
  };
}

const readTls = ({ cert, key, ca }: { cert: string; key: string; ca?: string | undefined }): TlsMaterial => ({
  cert: readPem('tls.cert', cert),
  key: readPem('tls.key', key),
  ...(ca === undefined ? {} : { ca: readPem('tls.ca', ca) }),
});

function readPem(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${key}: ${path} cannot be read`, { cause });
  }
}

/** Frames of how many seconds may come at once (wire.md 10). */
const BURST_S = 5;
const UNSPECIFIED = new Set(['0.0.0.0', '::']);
