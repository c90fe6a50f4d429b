/** The set-up of a checkout: it does what is needed, once, and says what stopped it. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** Settings of a build that takes a moment: the smallest library that knows promises, no types of Node. */
const compact = {
  target: 'es2015',
  lib: ['es2015'],
  types: [],
  module: 'nodenext',
  rootDir: '.',
  outDir: 'dist',
  strict: true,
  skipLibCheck: true,
  declaration: true,
  sourceMap: true,
};
vi.setConfig({ testTimeout: 120_000 }); // each starts a compiler, on a machine that may be busy
const project = join(import.meta.dirname, '..', '..');
let checkout = '';

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'aurora-setup-'));
  for (const name of ['bin', 'package.json', 'tsconfig.build.json'])
    cpSync(join(project, name), join(checkout, name), { recursive: true });
  write('tsconfig.json', JSON.stringify({ compilerOptions: compact, include: ['cli'] }));
  write('package-lock.json', '{}'); // wants nothing, so that npm never touches the borrowed folder
  symlinkSync(join(project, 'node_modules'), join(checkout, 'node_modules'));
  mkdirSync(join(checkout, 'cli'));
  write(
    'cli/main.ts',
    `export const main = async (argv: string[]): Promise<number> => Promise.resolve(argv.length);\n`,
  );
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

test('the launcher builds once, and hands arguments and exit code through', async () => {
  const first = await launch('a', 'b', 'c');
  expect(first).toMatchObject({ code: 3, stderr: 'aurora: building\n' });
  expect(await launch()).toEqual({ code: 0, stderr: '', stdout: '' });
});

test('a changed source is built again, a removed one leaves nothing behind', async () => {
  write('cli/old.ts', 'export const old = 1;\n');
  await launch();
  expect(existsSync(join(checkout, 'dist/cli/old.js'))).toBe(true);
  rmSync(join(checkout, 'cli/old.ts'));
  write('cli/main.ts', 'export const main = async (): Promise<number> => Promise.resolve(7);\n');
  expect(await launch()).toMatchObject({ code: 7 });
  expect(readdirSync(join(checkout, 'dist/cli')).sort()).toEqual(['main.d.ts', 'main.js', 'main.js.map']);
});

test('what was found ready is not read again while names, sizes and times are as they were', async () => {
  const source = (code: number) =>
    write('cli/main.ts', `export const main = async (): Promise<number> => Promise.resolve(${code});\n`);
  const dated = (seconds: number) => utimesSync(join(checkout, 'cli/main.ts'), seconds, seconds);
  source(3);
  dated(1_700_000_000);
  await launch();
  await launch(); // finds it ready
  source(4);
  dated(1_700_000_000);
  expect(await launch()).toMatchObject({ code: 3, stderr: '' });
  dated(1_700_000_001);
  expect(await launch()).toMatchObject({ code: 4, stderr: 'aurora: building\n' });
});

test('two at once build once: the second waits for the first', async () => {
  const both = await Promise.all([launch(), launch()]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(both.filter(({ stderr }) => stderr.includes('building'))).toHaveLength(1);
  expect(readdirSync(join(checkout, '.aurora'))).toEqual([]);
});

test('the lock of a set-up that was killed does not stand in the way', async () => {
  const { pid } = await launch('only for its process id');
  write('cli/main.ts', 'export const main = async (): Promise<number> => Promise.resolve(5);\n');
  write('.aurora/setup.lock', String(pid));
  expect(await launch()).toMatchObject({ code: 5 });
  expect(readdirSync(join(checkout, '.aurora'))).toEqual([]);
});

test('a source that does not compile is an error with its place, and nothing runs', async () => {
  write('cli/main.ts', 'export const main: string = 1;\n');
  const { code, stderr, stdout } = await launch();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('cli/main.ts(1,14)');
  expect(stderr).toContain('aurora: the build failed');
  expect(await launch()).toMatchObject({ code: 1 }); // a failed build is never taken for a good one
});

test('missing dependencies without a reachable registry are a sentence, not a stack', async () => {
  rmSync(join(checkout, 'node_modules'));
  cpSync(join(project, 'package-lock.json'), join(checkout, 'package-lock.json'));
  const { code, stderr } = await launch();
  expect(code).toBe(1);
  expect(stderr).toContain('aurora: npm ci failed');
  expect(stderr).not.toContain('SetupError');
});

test('an installed package is left as it is: there is nothing to build', async () => {
  await launch();
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'cli', 'node_modules', '.aurora'])
    rmSync(join(checkout, name), { recursive: true });
  const built = readFileSync(join(checkout, 'dist/cli/main.js'), 'utf8');
  expect(await launch('one')).toEqual({ code: 1, stderr: '', stdout: '' });
  expect(readFileSync(join(checkout, 'dist/cli/main.js'), 'utf8')).toBe(built);
  expect(existsSync(join(checkout, '.aurora'))).toBe(false);
});

function write(path: string, text: string): void {
  writeFileSync(join(checkout, path), text);
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the launcher of the checkout; npm may reach nothing. */
async function launch(...args: string[]): Promise<Ended & { pid?: number | undefined }> {
  const env = {
    ...process.env,
    npm_config_registry: 'http://127.0.0.1:9',
    npm_config_cache: join(checkout, 'cache'),
    npm_config_fetch_retries: '0',
  };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(checkout, 'bin/aurora.mjs'), ...args],
      { env },
      (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr, ...(args[0]?.startsWith('only') ? { pid: child.pid } : {}) }),
    );
  });
}
