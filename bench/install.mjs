/** The peers: installed into `bench/node_modules` as its lockfile says, never into the product. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Installs them when they are missing or others. Where that fails the bench goes on: rows without their peers are skipped. */
export function installPeers() {
  if (isInstalled()) return;
  process.stderr.write('bench: installing the peers (npm ci in bench/), once\n');
  const call = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', call, { cwd: here, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  process.stderr.write(
    'bench: the peers could not be installed: is the npm registry reachable from here? Rows that need them are skipped.\n' +
      'bench: with the registry in reach run: npm ci --ignore-scripts --prefix bench\n',
  );
}

/** True when npm's own record agrees with the lockfile; packages of other platforms may be absent. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf('node_modules/.package-lock.json');
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || (present[path]?.version ?? (optional && version)) === version,
  );
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(here + lockfile, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}
