/** A registry of npm on this machine: it serves the packages of this checkout's lockfile out of its `node_modules`, and no other. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { create } from 'tar';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');
const Ranges = z.record(z.string(), z.string());
const Manifest = z.looseObject({ version: z.string(), dependencies: Ranges.optional() });

/** Starts it; `npm_config_registry` is its address. */
export async function startRegistry(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1);
    const place = /^-\/(.+)\.tgz$/.exec(path)?.[1];
    if (place !== undefined) sendPackage(join(root, place), response);
    else sendVersions(path, `http://${request.headers.host}`, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const read = <T>(path: string, schema: z.ZodType<T>): T =>
  schema.parse(JSON.parse(readFileSync(join(root, path), 'utf8')));
const { packages } = read('package-lock.json', z.object({ packages: z.record(z.string(), z.looseObject({})) }));
const { overrides } = read('package.json', z.object({ overrides: Ranges }));

/** All versions that the lockfile has of a package, wherever in the tree they lie, the one at its top as the latest. */
function sendVersions(name: string, url: string, response: ServerResponse): void {
  const places = Object.keys(packages)
    .filter((place) => place.split('node_modules/').at(-1) === name)
    .sort((left, right) => left.length - right.length);
  const found = places.map((place) => {
    const file = `${place}/package.json`;
    const is_here = existsSync(join(root, file)); // a package of another platform is not
    const manifest = is_here ? read(file, Manifest) : Manifest.parse(packages[place]);
    return { ...overridden(manifest), name, dist: { tarball: `${url}/-/${place}.tgz` } };
  });
  response.statusCode = found.length > 0 ? 200 : 404;
  response.setHeader('content-type', 'application/json');
  const versions = Object.fromEntries(found.toReversed().map((manifest) => [manifest.version, manifest]));
  response.end(JSON.stringify({ name, 'dist-tags': { latest: found[0]?.version }, versions }));
}

/** What the checkout has instead of what a package asks for, it also has here: nothing else could be served. */
const overridden = (manifest: z.infer<typeof Manifest>): z.infer<typeof Manifest> => ({
  ...manifest,
  dependencies: Object.fromEntries(
    Object.entries(manifest.dependencies ?? {}).map(([name, range]) => [name, overrides[name] ?? range]),
  ),
});

function sendPackage(folder: string, response: ServerResponse): void {
  const isOwn = (path: string) => !path.startsWith('./node_modules');
  create({ cwd: folder, gzip: { level: 1 }, prefix: 'package', filter: isOwn }, ['.']).pipe(response);
}
