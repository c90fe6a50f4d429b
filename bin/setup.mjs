#!/usr/bin/env node
/** Makes a checkout ready to run: dependencies as the lockfile says, `dist` as the sources say. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * Installs and builds only what is missing or out of date, so the usual call costs a few milliseconds.
 * Does nothing where there is nothing to build: an installed package or an image holds `dist` and no tsconfig.
 * Progress goes to stderr. Throws SetupError with a sentence for the user.
 */
export async function setup(root = fileURLToPath(new URL('..', import.meta.url))) {
  if (!existsSync(join(root, 'tsconfig.build.json'))) return;
  const look = lookAt(root);
  if (look === lastLook(root)) return;
  if (isInstalled(root) && isBuilt(root)) return keepLook(root, look);
  const release = await lock(join(root, '.aurora'));
  try {
    if (!isInstalled(root)) await install(root);
    if (!isBuilt(root)) await build(root);
  } finally {
    release();
  }
}

/**
 * A hash over the names, sizes and times of all that tells whether a checkout is ready. While it is as it was when that was last
 * found so, nothing is read again: every command of a checkout comes by here.
 */
function lookAt(root) {
  const hash = createHash('sha256');
  for (const path of [
    ...inputs,
    join('node_modules', '.package-lock.json'),
    join('dist', stampName),
    ...sourcesOf(root),
  ]) {
    const stat = statSync(join(root, path), { bigint: true, throwIfNoEntry: false });
    hash.update(`${path}\0${stat?.size}\0${stat?.mtimeNs}\0`);
  }
  return hash.digest('hex');
}

function lastLook(root) {
  try {
    return readFileSync(join(root, '.aurora', lookName), 'utf8');
  } catch {
    return undefined; // never found ready, or not to be read: then all is looked at
  }
}

function keepLook(root, look) {
  try {
    mkdirSync(join(root, '.aurora'), { recursive: true });
    writeFileSync(join(root, '.aurora', lookName), look);
  } catch {
    // A checkout that we may not write to is looked at anew each time.
  }
}

/** What stopped the set-up, in a sentence the user can act on. */
export class SetupError extends Error {}

/** True when npm's own record of node_modules agrees with the lockfile; packages of other platforms may be absent. */
function isInstalled(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || (present[path]?.version ?? (optional && version)) === version,
  );
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, 'utf8')).packages ?? {};
  } catch {
    return {}; // absent or cut short: nothing is installed
  }
}

function isBuilt(root) {
  const stamp = join(root, 'dist', stampName);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root);
}

/** A hash over the names and bytes of all that goes into the build. */
function fingerprint(root) {
  const hash = createHash('sha256');
  for (const path of [...inputs, ...sourcesOf(root)]) {
    hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

/** Every source that the build takes, by its path below the root, sorted. */
function sourcesOf(root) {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !unbuilt.has(entry.name))
    .flatMap((entry) => readdirSync(join(root, entry.name), { recursive: true }).map((name) => join(entry.name, name)))
    .filter((path) => path.endsWith('.ts'))
    .sort();
}

async function install(root) {
  say('installing dependencies (npm ci), once');
  const npm = process.env.npm_execpath;
  const call = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = npm?.endsWith('npm-cli.js')
    ? await run(process.execPath, [npm, ...call], root)
    : await run('npm', call, root);
  if (code !== 0) throw new SetupError(`npm ci failed (exit ${code}). Is the npm registry reachable from here?`);
}

async function build(root) {
  say('building');
  prune(root);
  const before = fingerprint(root); // a file saved while tsc runs makes the next call build again
  const code = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], root);
  if (code !== 0) throw new SetupError('the build failed: the lines above name the places.');
  writeFileSync(join(root, 'dist', stampName), before);
}

/** Removes what sources that are gone left behind; without an earlier good build, everything. */
function prune(root) {
  const dist = join(root, 'dist');
  if (!existsSync(join(dist, stampName))) rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const made = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of made.map((entry) => join(entry.parentPath, entry.name))) {
    const source = relative(dist, path).replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (source.endsWith('.ts') && !existsSync(join(root, source))) rmSync(path);
  }
}

/** Resolves with the exit code. The child's words go to stderr, and it ends when we are told to. */
function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 2, 2] });
    const pass = (signal) => child.kill(signal);
    const settle = (done) => {
      for (const signal of signals) process.off(signal, pass);
      done();
    };
    for (const signal of signals) process.on(signal, pass);
    child.once('error', () => settle(() => reject(new SetupError(`cannot start ${command}: is it installed?`))));
    child.once('close', (code, signal) => {
      if (signal !== null) return settle(() => reject(new SetupError(`interrupted (${signal}).`)));
      return settle(() => resolve(code));
    });
  });
}

/** Holds off a second set-up of the same checkout; returns the release. A lock whose owner is dead is broken. */
async function lock(folder) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'setup.lock');
  const giveUpAt = Date.now() + lock_wait_ms_max;
  for (let told = false; !claim(path); told = true) {
    if (Date.now() > giveUpAt) throw new SetupError(`another set-up still runs; if none does, delete ${path}.`);
    if (!told) say('waiting for another set-up of this checkout');
    breakStale(path);
    await sleep(lock_poll_ms);
  }
  return () => rmSync(path, { force: true });
}

/** Only one of many callers makes the file. */
function claim(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (reason) {
    if (reason.code === 'EEXIST') return false;
    throw new SetupError(`cannot write ${path}: ${reason.code}`);
  }
}

/** Whoever claims the dead owner's tombstone removes its lock, so that nobody removes a successor's. */
function breakStale(path) {
  const owner = ownerOf(path);
  if (owner === undefined || isAlive(owner)) return;
  const tombstone = `${path}.${owner}`;
  if (!claim(tombstone)) return;
  if (ownerOf(path) === owner) rmSync(path, { force: true });
  rmSync(tombstone, { force: true });
}

function ownerOf(path) {
  try {
    return Number(readFileSync(path, 'utf8')) || undefined; // empty: claimed this very moment
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (reason) {
    return reason.code === 'EPERM';
  }
}

function say(line) {
  process.stderr.write(`aurora: ${line}\n`);
}

const stampName = '.aurora-build';
const lookName = 'setup.look';
/** What a build depends on beside the sources. */
const inputs = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const unbuilt = new Set(['node_modules', 'dist', 'test', 'examples', 'bench', 'bin', 'docs', 'templates']);
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const lock_wait_ms_max = 10 * 60_000;
const lock_poll_ms = 200;

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await setup();
  } catch (reason) {
    if (!(reason instanceof SetupError)) throw reason;
    say(reason.message);
    process.exitCode = 1;
  }
}
