/** A private PostgreSQL of Debian's binaries, for one test file; tests that need it say SKIP loudly where there are none. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe } from 'vitest';
import { run } from './child.ts';

const binaries = newestOf('/usr/lib/postgresql');
const required = (process.env['AURORA_REQUIRE'] ?? '').split(',').includes('pg');
export const PASSWORD = 'not-for-logs-4711';

/** Groups tests that need PostgreSQL. AURORA_REQUIRE=pg turns its absence into a failure. */
export function describeWithPostgres(name: string, tests: () => void): void {
  skipLoudly(name);
  describe.skipIf(!binaries)(name, tests);
}

/** Whether it is there; says SKIP when it is not, throws when it must be. */
export function skipLoudly(name: string): boolean {
  if (!binaries && required) throw new Error('AURORA_REQUIRE=pg, but there is no /usr/lib/postgresql/*/bin/postgres');
  if (!binaries) console.error(`SKIP ${name}: no /usr/lib/postgresql/*/bin/postgres (Debian: postgresql)`);
  return !binaries;
}

/** A running server, with a user `aurora` and the database `postgres`; its durability is the real one. */
export interface Cluster {
  /** The address, with the password in it. */
  url: string;
  /** The same through a socket in another folder. */
  urlBy(folder: string): string;
  /** Where its socket is. */
  folder: string;
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** A connection of one's own, to be ended. */
  connect(): Promise<pg.Client>;
  /** Ends it at once, as a crash does, and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** Starts one on a socket in a folder of its own, as somebody who is not root: PostgreSQL refuses root. */
export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-pg-'));
  const data = join(folder, 'data');
  const user = process.getuid?.() === 0 ? nobody() : undefined;
  if (user) chownSync(folder, user.uid, user.gid);
  writeFileSync(join(folder, 'password'), PASSWORD, { mode: 0o644 });
  const initdb = ['-D', data, '-U', 'aurora', '-A', 'scram-sha-256', '--pwfile', join(folder, 'password')];
  run(join(binaries ?? '', 'initdb'), [...initdb, '-E', 'UTF8', '--no-locale', '--no-sync'], { ...user, cwd: folder });
  const urlBy = (socket: string) => `postgres://aurora:${PASSWORD}@${encodeURIComponent(socket)}/postgres`;
  const url = urlBy(folder);
  let server: ChildProcess | undefined;
  const killNow = () => server?.kill('SIGKILL');
  process.once('exit', killNow);

  const connect = async () => {
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const query = async (sql: string) => {
    const client = await connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const start = async () => {
    const settings = { listen_addresses: '', unix_socket_directories: folder, shared_buffers: '16MB' };
    const set = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    server = spawn(join(binaries ?? '', 'postgres'), ['-D', data, ...set], {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    for await (const chunk of server.stderr ?? []) {
      said += String(chunk);
      if (said.includes('ready to accept connections')) break;
    }
    if (!said.includes('ready to accept connections')) throw new Error(`PostgreSQL did not start: ${said}`);
  };
  /** SIGQUIT: sessions are cut, nothing is written down; what was committed comes back from the log. */
  const stop = async () => {
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGQUIT');
    await gone;
  };
  await start();
  return {
    url,
    urlBy,
    folder,
    connect,
    query,
    start,
    stop,
    async restart() {
      await stop();
      await start();
    },
    async remove() {
      await stop();
      process.off('exit', killNow);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `postgres` where Debian made it, else `nobody`. */
function nobody(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    try {
      const ask = (what: string) => Number(run('id', [what, name]));
      return { uid: ask('-u'), gid: ask('-g') };
    } catch {
      // There is no such user: the next.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is no other user');
}

function newestOf(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const versions = readdirSync(folder).sort((one, other) => Number(other) - Number(one));
  return versions.map((version) => join(folder, version, 'bin')).find((bin) => existsSync(join(bin, 'postgres')));
}
