/** The concrete seams of a running process, picked in one place. */
import { readFileSync } from 'node:fs';
import type { TlsMaterial } from '../mesh/index.ts';
import {
  literalContent,
  pinoLog,
  promMetrics,
  systemClock,
  systemIds,
  systemRandom,
  type Clock,
  type Content,
  type Ids,
  type Log,
  type Metrics,
  type Random,
} from '../seams/index.ts';
import { portOf } from './roster.ts';
import type { Config } from './config.ts';
import { folderContent } from './content.ts';

/** What every process is given. */
export interface ProcessSeams {
  clock: Clock;
  ids: Ids;
  random: Random;
  log: Log;
  metrics: Metrics;
  content: Content;
}

/** The machine's own clock, names, chance and log, and the mounted content. */
export function processSeams(name: string, config: Pick<Config, 'log_level' | 'content'>): ProcessSeams {
  const log = pinoLog({ level: config.log_level, name });
  return {
    clock: systemClock,
    ids: systemIds(() => systemClock.now()),
    random: systemRandom,
    log,
    metrics: promMetrics(),
    content: config.content === undefined ? literalContent() : folderContent(config.content, log),
  };
}

/** What listening needs of the configuration. */
export function bindingOf(id: string, config: Config) {
  const { host, tls, hosts, origins } = config;
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

/** PEM of the authorities to trust when dialling. */
export const trustOf = ({ tls }: Config): string | undefined =>
  typeof tls === 'object' && tls.trust !== undefined ? readFileSync(tls.trust, 'utf8') : undefined;

const readTls = ({ cert, key, ca }: { cert: string; key: string; ca?: string | undefined }): TlsMaterial => ({
  cert: readFileSync(cert, 'utf8'),
  key: readFileSync(key, 'utf8'),
  ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }),
});

const UNSPECIFIED = new Set(['0.0.0.0', '::']);
