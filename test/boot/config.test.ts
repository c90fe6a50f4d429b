/** Configuration: four sources, one schema, and errors that name the key and who said it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, ensureFleetKeys, loadConfig, showConfig } from '../../boot/index.ts';
import { Config } from '../../boot/config.ts';
import { readEnvironment } from '../../boot/layers.ts';
import { textKeys } from '../../boot/schema-keys.ts';
import { bindingOf, onThisMachine } from '../../boot/seams.ts';

const data = mkdtempSync(join(tmpdir(), 'aurora-config-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));

const file = (text: string): string => {
  const path = join(data, 'given.yaml');
  writeFileSync(path, text);
  return path;
};
const errorOf = (run: () => unknown): string => {
  try {
    run();
  } catch (reason) {
    if (reason instanceof ConfigError) return reason.message;
    throw reason;
  }
  return '';
};

test('defaults, then the file, then the environment, then flags: the later one wins, key by key', () => {
  const path = file(
    'host: ::1\nlog_level: warn\nlimits: {drain_ms: 1000, input_bytes_max: 5}\nports: {orchestrator: 1}',
  );
  const env = { AURORA_DATA: data, AURORA_LOG_LEVEL: 'error', AURORA_LIMITS_DRAIN_MS: '2000' };
  const config = loadConfig({ file: path, env, flags: { limits: { drain_ms: 3_000 } } });
  expect(config).toMatchObject({ data, host: '::1', log_level: 'error' });
  expect(config.limits).toEqual({ drain_ms: 3_000, input_bytes_max: 5, frames_per_s: 200 });
  expect(config.ports).toMatchObject({ orchestrator: 1, 'threat-intel': 9002 });
  expect(config.mesh).toEqual({ anonymous: 'loopback', networks: [] });
});

test('behind a proxy everybody comes over loopback, so bare strangers are turned away unless they are asked for', () => {
  const env = { AURORA_DATA: data, AURORA_TLS: 'terminated-by-proxy' };
  expect(loadConfig({ env }).mesh.anonymous).toBe('off');
  expect(loadConfig({ env: { ...env, AURORA_MESH_ANONYMOUS: 'loopback' } }).mesh.anonymous).toBe('loopback');
  expect(loadConfig({ env: { AURORA_DATA: data } }).mesh.anonymous).toBe('loopback');
});

test('<data>/aurora.yaml is read when it is there; a file that is named must be', () => {
  expect(loadConfig({ env: { AURORA_DATA: data } }).log_level).toBe('info');
  writeFileSync(join(data, 'aurora.yaml'), 'log_level: silent\n');
  expect(loadConfig({ env: { AURORA_DATA: data } }).log_level).toBe('silent');
  rmSync(join(data, 'aurora.yaml'));
  expect(errorOf(() => loadConfig({ file: join(data, 'none.yaml'), env: {} }))).toContain('no configuration file');
});

test('every key is an environment variable, but for policy, which is said in the file', () => {
  const keys = keysOf(z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' }), []);
  expect(keys.length).toBeGreaterThan(40);
  const said = keys.map(({ key, types }) => {
    const text = types.includes('object') && key !== 'tls' ? 'a=0.5' : '0.5';
    try {
      return [key, readEnvironment({ [nameOf(key)]: text }, textKeys(Config))];
    } catch {
      return [key, 'refused'];
    }
  });
  const wanted = keys.map(({ key, types }) => [key, key === 'policy' ? 'refused' : nested(key, formOf(key, types))]);
  expect(said).toEqual(wanted);
  expect(loadConfig({ env: { AURORA_LIMITS_FRAMES_PER_S: '300' } }).limits.frames_per_s).toBe(300);
});

test('shares and parts of a day are fractions in the environment too, and where only whole numbers are taken that is said', () => {
  const env = { AURORA_DATA: data, AURORA_FLOW_TENANT_SHARE: '0.25', AURORA_LEDGER_RETENTION_DAYS: '.5' };
  const config = loadConfig({ env });
  expect(config.flow.tenant_share).toBe(0.25);
  expect(config.ledger.retention_days).toBe(0.5);
  expect(errorOf(() => loadConfig({ env: { ...env, AURORA_PORT: '9.5' } }))).toContain('expected int');
  expect(errorOf(() => loadConfig({ env: { ...env, AURORA_FLOW_QUEUE_MAX: '-1' } }))).toContain('>=1');
});

test('lists and maps in the environment, also folded over lines as compose writes them', () => {
  const env = {
    AURORA_DATA: data,
    AURORA_AGENTS: 'threat-intel=ws://threat-intel:9002,\n  web-security',
    AURORA_REPLICAS: 'web-security=2',
    AURORA_MESH_NETWORKS: '10.20.0.0/16, fd00::/8',
  };
  expect(loadConfig({ env })).toMatchObject({
    agents: [{ agent_id: 'threat-intel', url: 'ws://threat-intel:9002' }, { agent_id: 'web-security' }],
    replicas: { 'web-security': 2 },
    mesh: { networks: ['10.20.0.0/16', 'fd00::/8'] },
  });
});

test.each([
  ['a typing error in the environment', { env: { AURORA_PROT: '1' } }, 'AURORA_PROT (from the environment) is no key'],
  ['a wrong value there', { env: { AURORA_PORT: 'nine' } }, 'port (from the environment)'],
  ['a wrong value in flags', { flags: { port: 70_000 } }, 'port (from the flags)'],
  [
    'an unknown key below a known one',
    { flags: { mesh: { anonymos: 'off' } } },
    'mesh.anonymos (from the flags) is no key',
  ],
  [
    'an unknown key below notify, with the names there are',
    { flags: { notify: { webhok: {} } } as never },
    'notify.webhok (from the flags) is no key; there are webhook',
  ],
  [
    'an unknown key two levels down',
    { flags: { effects: { webhook: { url: 'http://127.0.0.1/', secrt: 'x' } } } as never },
    'effects.webhook.secrt (from the flags) is no key; there are url, secret_file, networks',
  ],
  ['half of TLS', { env: { AURORA_TLS_CERT: 'a.pem' } }, 'tls (from the environment): give cert and key'],
  ['an agent at an address that is no WebSocket', { env: { AURORA_AGENTS: 'a=http://b' } }, 'is a ws: or wss: URL'],
])('%s is refused by name', (_what, sources, sentence) => {
  expect(errorOf(() => loadConfig({ env: { AURORA_DATA: data }, ...sources }))).toContain(sentence);
});

test('a wrong key of the file is said with its path, one line for each', () => {
  const path = file('colour: red\nlimits: {drain_ms: soon}\n');
  const lines = errorOf(() => loadConfig({ file: path, env: { AURORA_DATA: data } })).split('\n');
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toContain(`(from ${path})`);
  expect(errorOf(() => loadConfig({ file: file('a: [1'), env: {} }))).toContain('cannot be read');
});

test('what is shown hides secrets in addresses', () => {
  const config = loadConfig({ env: { AURORA_DATA: data, AURORA_AGENTS: 'a=wss://user:hunter2@example.com' } });
  expect(JSON.stringify(showConfig(config))).not.toContain('hunter2');
});

test('an agent that does not exist is refused before a key is made for it, and so are replicas of nobody', () => {
  const misspelt = loadConfig({ env: { AURORA_DATA: data }, flags: { agents: ['treat-intel'] } });
  expect(errorOf(() => ensureFleetKeys(misspelt))).toContain('there is no agent treat-intel; there are threat-intel');
  const stray = loadConfig({ env: { AURORA_DATA: data }, flags: { replicas: { nobody: 2 } } });
  expect(errorOf(() => ensureFleetKeys(stray))).toContain('replicas: nobody does not run here');
});

test('a bind beyond loopback needs TLS or the word that something else encrypts', () => {
  const open = { AURORA_DATA: data, AURORA_HOST: '0.0.0.0' };
  expect(errorOf(() => bindingOf('threat-intel', loadConfig({ env: open })))).toContain('tls: terminated-by-proxy');
  const behind = loadConfig({ env: { ...open, AURORA_TLS: 'terminated-by-proxy' } });
  expect(bindingOf('threat-intel', behind)).toMatchObject({ host: '0.0.0.0', port: 9002, advertise: 'threat-intel' });
});

test('a name with a port is for one process: a fleet, whose processes have one each, refuses it and says what to write', () => {
  const advertising = (advertise: string) => loadConfig({ env: { AURORA_DATA: data, AURORA_ADVERTISE: advertise } });
  const told = errorOf(() => onThisMachine(advertising('mesh.example.com:8443')));
  expect(told).toContain('say advertise: mesh.example.com, and hosts: [mesh.example.com:8443]');
  expect(errorOf(() => onThisMachine(advertising('[2001:db8::7]:8443')))).toContain('advertise: 2001:db8::7');
  for (const name of ['mesh.example.com', '2001:db8::7'])
    expect(onThisMachine(advertising(name))).toMatchObject({ advertise: name });
  expect(bindingOf('orchestrator', advertising('mesh.example.com:8443'))).toMatchObject({
    advertise: 'mesh.example.com:8443',
  });
});

test('TLS files that are not there are named', () => {
  const tls = { cert: join(data, 'none.crt'), key: join(data, 'none.key') };
  const config = loadConfig({ env: { AURORA_DATA: data }, flags: { tls } });
  expect(errorOf(() => bindingOf('threat-intel', config))).toContain(`tls.cert: ${tls.cert} cannot be read`);
});

const nameOf = (key: string): string => `AURORA_${key.replaceAll('.', '_').toUpperCase()}`;

/** What becomes of `0.5` in the environment: what the schema takes there. */
function formOf(key: string, types: readonly string[]): unknown {
  if (types.includes('array')) return ['0.5'];
  if (types.includes('number') || types.includes('integer')) return 0.5;
  return types.includes('object') && key !== 'tls' ? { a: 0.5 } : '0.5';
}

const nested = (key: string, value: unknown): unknown =>
  key.split('.').reduceRight<unknown>((below, part) => ({ [part]: below }), value);

/** The keys of a schema, down to what is a value, with the types it may have. */
function keysOf(schema: unknown, path: readonly string[]): { key: string; types: string[] }[] {
  const Shape = z.object({
    type: z.string().optional(),
    properties: z.record(z.string(), z.unknown()).optional(),
    anyOf: z.array(z.object({ type: z.string() })).default([]),
  });
  const { type, properties, anyOf } = Shape.parse(schema);
  if (!properties)
    return [{ key: path.join('.'), types: [...(type ? [type] : []), ...anyOf.map((each) => each.type)] }];
  return Object.entries(properties).flatMap(([key, below]) => keysOf(below, [...path, key]));
}
