/** The judge of one source file: what it may import, what it may touch, how it is named, how it opens. */
import { dirname, join } from 'node:path/posix';
import ts from 'typescript';

/** What each folder may import, besides itself. The lower ones never know the upper ones. */
export const HOUSE: Record<string, string[]> = {
  protocol: [],
  seams: ['protocol'],
  store: ['protocol', 'seams'],
  analysis: ['protocol', 'seams'],
  mesh: ['protocol', 'seams'],
  soc: ['protocol', 'seams', 'store', 'analysis'],
  agents: ['protocol', 'analysis', 'mesh'],
  orchestrator: ['protocol', 'seams', 'store', 'analysis', 'mesh'],
  api: ['protocol', 'seams', 'mesh', 'soc', 'orchestrator'],
  bridge: ['protocol', 'seams', 'mesh', 'soc', 'orchestrator', 'api'],
  boot: ['protocol', 'seams', 'store', 'analysis', 'mesh', 'soc', 'agents', 'orchestrator', 'api', 'bridge'],
  client: ['protocol'],
  conformance: ['protocol', 'client'],
  console: ['protocol', 'client'],
  cli: ['protocol', 'mesh', 'client', 'conformance', 'boot'],
  score: ['protocol', 'analysis', 'client', 'boot'],
};

/** Folders outside the house: they may knock at any door. Tests may also look inside a folder; bin starts what was built. */
export const OUTSIDE = ['examples', 'bench', 'test', 'bin', 'docs', 'content', 'templates'];

/** Who alone may import a package or touch a global; a path or a folder (`…/`), each exception by name. */
export const RESERVED: Record<string, string[]> = {
  'json-rpc-2.0': ['mesh/asking.ts', 'mesh/peer.ts'],
  ws: ['mesh/websocket.ts', 'client/node-socket.ts'],
  pino: ['seams/log.ts'],
  nanoid: ['seams/ids.ts'],
  libsql: ['store/libsql.ts'],
  pg: ['store/postgres.ts'],
  kysely: ['store/'],
  fastify: ['api/server.ts', 'api/pipeline.ts'],
  jose: ['api/tokens.ts'],
  canonicalize: ['mesh/canonical.ts', 'conformance/digest.ts'],
  'prom-client': ['seams/metrics.ts'],
  'node:timers': ['seams/'],
  'node:timers/promises': ['seams/'],
  'process.env': ['boot/config.ts', 'boot/colors.ts'],
  picocolors: ['boot/colors.ts'],
  'Date.now': ['seams/', 'client/platform.ts'],
  'new Date()': ['seams/', 'client/platform.ts'],
  'performance.now': ['seams/', 'client/platform.ts'],
  'Math.random': ['seams/', 'client/platform.ts'],
  setTimeout: ['seams/', 'client/platform.ts'],
  setInterval: ['seams/', 'client/platform.ts'],
};

/** What a file imports, and the sentences about what it does wrong; none when it keeps the rules. */
export function judge(path: string, text: string): { imports: string[]; faults: string[] } {
  const { imports, uses, sourceNames } = read(path, text);
  const folder = roomOf(path);
  const faults = [...nameFaults(path), ...(opening.test(text) ? [] : ['does not open with one sentence in /** */'])];
  if (folder === '') return { imports, faults }; // configuration beside the house
  if (!(folder in HOUSE) && !OUTSIDE.includes(folder)) faults.push(`${folder}/ is not in the map of the house`);
  for (const specifier of imports.filter((name) => name.startsWith('.'))) {
    const fault = importFault(path, join(dirname(path), specifier));
    if (fault !== undefined) faults.push(fault);
  }
  if (folder in HOUSE) {
    for (const name of sourceNames) faults.push(`names ${name} at run time: threads and processes start from dist`);
    for (const name of [...imports.map(packageOf), ...uses]) {
      const allowed = Object.hasOwn(RESERVED, name) ? RESERVED[name] : undefined; // a call of valueOf() is no entry
      if (
        allowed !== undefined &&
        !allowed.some((place) => path === place || (place.endsWith('/') && path.startsWith(place)))
      )
        faults.push(`${name} belongs to ${allowed.join(', ')}`);
    }
  }
  return { imports, faults };
}

/**
 * Values that a file of the house exports and nobody uses, as `path: name`. Being passed on at a door is no use, except at a
 * published one; a schema may be exported for its type.
 */
export function deadExports(texts: ReadonlyMap<string, string>, published: ReadonlySet<string>): string[] {
  const users = new Map<string, Set<string>>();
  const open = new Set<string>(); // files that a published door passes on whole
  for (const [path, text] of texts) {
    const is_published = published.has(path);
    for (const [, whole = ''] of is_published ? text.matchAll(/^export \* from '(.+)'/gm) : [])
      open.add(join(dirname(path), whole));
    const used = is_published ? text : text.replace(/^export (type )?\{[^}]*\} from .*$/gm, '');
    for (const [word] of used.matchAll(/[\w$]+/g)) users.set(word, (users.get(word) ?? new Set()).add(path));
  }
  return [...texts].flatMap(([path, text]) => {
    if (!(roomOf(path) in HOUSE) || open.has(path)) return [];
    const types = new Set([...text.matchAll(/^export type (\w+)/gm)].map(([, name]) => name));
    const values = [...text.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)];
    return values
      .map(([, name = '']) => name)
      .filter((name) => !types.has(name) && [...(users.get(name) ?? [])].every((user) => user === path))
      .map((name) => `${path}: ${name}`);
  });
}

/** `ws` of `ws/lib/x.js`, `@scope/name` of `@scope/name/x`; builtins whole. */
export const packageOf = (specifier: string): string =>
  specifier.startsWith('node:') ? specifier : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** Why `from` may not import `target`, both as paths below the root. */
function importFault(from: string, target: string): string | undefined {
  const [own, other] = [roomOf(from), roomOf(target)];
  if (own === 'test' || own === 'bin') return undefined;
  if (from.endsWith('.mjs') && target.endsWith('.mjs')) return undefined; // scripts that start something share how
  if (doorOf(target) === doorOf(from) || other === own) {
    if (target === doorOf(from) || target === `${own}/index.ts`) return `imports its own door ${target}`;
    return doorOf(target) === doorOf(from) || target === doorOf(target) ? undefined : `passes the door of ${target}`;
  }
  if (own in HOUSE && !HOUSE[own]!.includes(other)) return `${own} does not know ${other} (${target})`;
  return target === doorOf(target) ? undefined : `passes the door of ${target}`;
}

/** The index.ts a path stands behind: one a folder, and one a topic in analysis. */
function doorOf(path: string): string {
  const [folder = '', topic = ''] = path.split('/');
  return folder === 'analysis' && !topic.endsWith('.ts') ? `analysis/${topic}/index.ts` : `${folder}/index.ts`;
}

const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');

function nameFaults(path: string): string[] {
  const parts = path.split('/').map((part) => part.replace(/((\.test|\.config)?\.ts|\.mjs)$/, ''));
  return parts.flatMap((part) => [
    ...(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part) ? [] : [`${part} is not kebab-case`]),
    ...(/^(utils?|helpers?|common|types?|misc)$/.test(part) ? [`${part} says nothing`] : []),
  ]);
}

/** Walks the syntax tree once: imports of every form, reserved globals, and literals that name a source file. */
function read(path: string, text: string): { imports: string[]; uses: string[]; sourceNames: string[] } {
  const found = { imports: new Array<string>(), uses: new Array<string>(), sourceNames: new Array<string>() };
  const isImported = (node: ts.Node): boolean =>
    ts.isImportDeclaration(node.parent) ||
    ts.isExportDeclaration(node.parent) ||
    ts.isExternalModuleReference(node.parent) ||
    (ts.isLiteralTypeNode(node.parent) && ts.isImportTypeNode(node.parent.parent)) ||
    (ts.isCallExpression(node.parent) && node.parent.expression.kind === ts.SyntaxKind.ImportKeyword);
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) {
      if (isImported(node)) found.imports.push(node.text);
      else if (node.text.endsWith('.ts')) found.sourceNames.push(node.text);
    }
    if (ts.isPropertyAccessExpression(node)) found.uses.push(node.getText().replace('globalThis.', ''));
    if (ts.isElementAccessExpression(node)) found.uses.push(`${node.expression.getText()}.${nameIn(node)}`);
    if (ts.isNewExpression(node) && node.getText() === 'new Date()') found.uses.push('new Date()');
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) found.uses.push(node.expression.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

const nameIn = (node: ts.ElementAccessExpression): string =>
  ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : '';

const opening = /^(#!.*\n)?\/\*\*( .*[.!?] \*\/|\n \* \S.*)\n/;
