/** Lets plain Node run the sources: types are taken out as a file is loaded, nothing is checked or written. */
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transformSync } from 'rolldown/utils';

if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const { code, map, errors, helpersUsed } = transformSync(path, await readFile(path, 'utf8'), { sourcemap: true });
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0].message}`);
  const [helper] = Object.keys(helpersUsed); // e.g. for `</script` in a tagged template: Node needs none, so say it another way
  if (helper !== undefined) throw new SyntaxError(`${path}: more than types would be changed here (${helper})`);
  const inline = Buffer.from(JSON.stringify(map)).toString('base64');
  const source = `${code}//# sourceMappingURL=data:application/json;base64,${inline}\n`;
  return { format: 'module', source, shortCircuit: true };
}
