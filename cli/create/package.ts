/** A new agent in a package of its own, which depends on this one. */
import { existsSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { rangeOf, VERSION } from '../../boot/index.ts';
import { UsageError } from '../outcome.ts';
import type { Creation } from './creation.ts';
import type { Names } from './names.ts';
import { readTemplate } from './templates.ts';

/**
 * What to write into a folder. `aurora` is the file of this package that npm can install, or a version that a registry has. It has to
 * be said: the registry of npm does not have it, and whoever took its name there would be installed.
 */
export function planPackage(root: string, names: Names, aurora: string | undefined): Creation {
  if (aurora === undefined)
    throw new UsageError(`Say what the agent depends on with --aurora ${PACKED}: ${HOW_TO_PACK}`);
  const wanted = dependencyOf(aurora, root);
  const files = readTemplate('package', names).map((file) =>
    file.path === 'package.json' ? { ...file, text: withVersions(file.text, wanted) } : file,
  );
  const here = relative('', root);
  return {
    where: 'package',
    root,
    files,
    edits: [],
    next: [
      ...(here === '' ? [] : [`cd ${here}`]),
      'npm install',
      'npm test',
      'npx aurora up   # where no fleet runs yet, in a terminal of its own',
      `npx aurora agents enroll ${names.id}`,
      'AURORA_PORT=9101 AURORA_ORCHESTRATOR=ws://127.0.0.1:9000 npm start',
      'npx aurora conform ws://127.0.0.1:9101',
    ],
  };
}

/** The packages that the template names without a version, in those that this one is made for: both share one copy of each. */
const withVersions = (text: string, aurora: string): string =>
  text.replace(/"([^"]+)": "\*"/g, (_, name: string) => {
    const version = name === 'aurora-mesh' ? aurora : rangeOf(name);
    return `"${name}": ${JSON.stringify(version)}`;
  });

/** A version as it is, a file by its way from the new package. Throws a UsageError for what npm would not find. */
function dependencyOf(aurora: string, root: string): string {
  const file = /^file:(.+)$/s.exec(aurora)?.[1] ?? (/\.tgz$|^[./~]|\\/.test(aurora) ? aurora : undefined);
  if (file === undefined) {
    if (VERSIONS.test(aurora)) return aurora;
    throw new UsageError(
      `--aurora ${aurora}: say a version like ${VERSION}, or a file like file:aurora-mesh-${VERSION}.tgz`,
    );
  }
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`--aurora ${aurora}: there is no ${path}; ${HOW_TO_PACK}`);
  const way = relative(root, path).split(sep).join('/');
  return `file:${way.startsWith('.') ? way : `./${way}`}`;
}

/** What `npm pack` makes. */
const PACKED = `./aurora-mesh-${VERSION}.tgz`;
const HOW_TO_PACK = 'npm pack makes it in a checkout of aurora-mesh';
const VERSIONS = /^(?:[\^~]?\d+(?:\.\d+){0,2}(?:-[\w.]+)?|[a-z][a-z-]{0,31})$/;
