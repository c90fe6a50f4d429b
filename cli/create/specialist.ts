/** A new specialist inside a checkout: its file and its test, its line in `agents/index.ts`, its service in `docker-compose.yml`. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { loadConfig, portOf } from '../../boot/index.ts';
import { UsageError } from '../outcome.ts';
import type { Creation } from './creation.ts';
import type { Names } from './names.ts';
import { requireFile } from './places.ts';
import { readTemplate, type NewFile } from './templates.ts';

/** The checkout of aurora-mesh that a folder lies in, if it does. */
export function checkoutAround(folder: string): string | undefined {
  if (isCheckout(folder)) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : checkoutAround(above);
}

/** What to write, and what to change. Throws a UsageError when a place is not as it is known, before anything is touched. */
export function planSpecialist(root: string, names: Names): Creation {
  const files = readTemplate('specialist', names);
  const edits = [
    edit(root, INDEX, (text) => withLine(text, names)),
    edit(root, COMPOSE, (text) => withService(text, names.id)),
  ];
  const port = portOf(loadConfig(), names.id, idsIn(edits[0]?.text ?? ''));
  return {
    where: 'checkout',
    root,
    files,
    edits,
    finish: () => format(root, [...files, ...edits]),
    next: [
      `npx vitest run test/agents/${names.id}.test.ts`,
      'node bin/aurora.mjs up',
      `node bin/aurora.mjs call ws://127.0.0.1:${port} rpc.discover`,
    ],
  };
}

function isCheckout(folder: string): boolean {
  try {
    const { name } = z
      .object({ name: z.string() })
      .parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    return name === 'aurora-mesh' && existsSync(join(folder, INDEX));
  } catch {
    return false; // no package, or one that is somebody else's
  }
}

function edit(root: string, path: string, change: (text: string) => string): NewFile {
  requireFile(root, path);
  return { path, text: change(readFileSync(join(root, path), 'utf8')) };
}

/** The table of agents with one line more, at its end: ports and the order in which people know them stay. */
function withLine(index: string, { id, constant }: Names): string {
  if (idsIn(index).includes(id)) throw new UsageError(`${INDEX} has an agent ${id} already; nothing was written`);
  const line = `  '${id}': async () => (await import('./${id}.ts')).${constant},`;
  if (!TABLE_END.test(index))
    throw new UsageError(
      `${INDEX} does not end with its table; nothing was written. Add this line to it: ${line.trim()}`,
    );
  return index.replace(TABLE_END, `\n${line}\n};\n`);
}

/** The compose file with one service more, a copy of the plainest there is, in the order of the alphabet. */
function withService(compose: string, id: string): string {
  const services = servicesIn(compose);
  if (services.some(({ name }) => name === id))
    throw new UsageError(`${COMPOSE} has a service ${id} already; nothing was written`);
  const [model] = services
    .filter(({ name, text }) => text.includes(`agent, ${name}]`))
    .sort((left, right) => left.text.length - right.text.length);
  if (!model) throw new UsageError(`${COMPOSE} has no service of an agent that could be copied; nothing was written`);
  const service = model.text.replaceAll(model.name, id);
  const after = services.find(({ name }) => name.localeCompare(id) > 0);
  const at = after?.at ?? Math.max(...services.map(({ at: start, text }) => start + text.length));
  const [before, rest] = [compose.slice(0, at), compose.slice(at)];
  return after ? `${before}${service}\n${rest}` : `${before}\n${service}${rest}`;
}

/** The services, each with the comments that stand before it, and where it begins. */
function servicesIn(compose: string): { name: string; text: string; at: number }[] {
  const section = SECTION.exec(compose);
  if (!section) return [];
  return [...section[0].matchAll(SERVICE)].map((found) => ({
    name: found[1] ?? '',
    text: found[0],
    at: section.index + found.index,
  }));
}

/** The agents that the table names. */
const idsIn = (index: string): string[] =>
  [...index.matchAll(/^ {2}'?([a-z][a-z0-9-]*)'?: /gm)].map(([, id = '']) => id);

/** Lines that got too long for the house are broken as it breaks them, where its tools are installed. */
function format(root: string, files: readonly NewFile[]): void {
  const tool = join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
  if (existsSync(tool))
    spawnSync(process.execPath, [tool, '--write', ...files.map(({ path }) => path)], {
      cwd: root,
      timeout: FORMAT_MS_MAX,
    });
}

const AGENTS = 'agents';
const INDEX = `${AGENTS}/index.ts`;
const FORMAT_MS_MAX = 60_000;
const COMPOSE = 'docker-compose.yml';
const TABLE_END = /\n};\s*$/;
/** All that is indented below the key, and the empty lines in it. */
const SECTION = /^services:\n(?:(?: .*)?\n)+/m;
const SERVICE = /(?:^ {2}#.*\n)*^ {2}([a-z0-9-]+):\n(?: {3}.*\n)+/gm;
