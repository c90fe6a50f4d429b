/** The templates: whole files of an agent called `my-agent`, which lie beside the program and are checked like it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../outcome.ts';
import type { Names } from './names.ts';

/** A file that is to be: its path below the folder that it goes into, with slashes. */
export interface NewFile {
  path: string;
  text: string;
}

/** The files of one template under the names of a new agent. */
export function readTemplate(template: 'specialist' | 'package', names: Names): NewFile[] {
  const folder = join(templatesFolder(), template);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({
      path: fill(pathOf(file.slice(folder.length + 1)), names),
      text: fill(readFileSync(file, 'utf8'), names),
    }));
}

/** Every name of the template's agent becomes the new one, in one pass: a new name may hold an old one. */
const fill = (text: string, { id, constant, title, skill }: Names): string =>
  text.replace(/\b(?:ask_my_agent|my-agent|myAgent|My agent)\b/g, (name) => {
    if (name === 'my-agent') return id;
    if (name === 'myAgent') return constant;
    return name === 'My agent' ? title : skill;
  });

/** What tools would take for their own among our sources lies under another name: `_package.json`, `_gitignore`. */
const pathOf = (path: string): string =>
  path
    .split(sep)
    .join('/')
    .replace(/(^|\/)_gitignore$/, '$1.gitignore')
    .replace(/(^|\/)_/, '$1');

/** Where they lie, whether we run from what was built or from the sources. */
function templatesFolder(): string {
  const places = ['../../templates', '../../../templates'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const folder = places.find((place) => existsSync(place));
  if (folder === undefined)
    throw new UsageError('the templates are not part of this installation: use a checkout, or the npm package');
  return folder;
}
