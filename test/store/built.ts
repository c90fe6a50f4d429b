/** The store as plain JavaScript in a scratch folder, for processes that tests start and kill. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..', '..');

/** Writes protocol, seams and store below `folder`; answers their doors. */
export function buildStore(folder: string): { store: string; seams: string } {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const room of ['protocol', 'seams', 'store']) {
    const files = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' });
    for (const name of files.filter((each) => each.endsWith('.ts'))) {
      const { outputText } = ts.transpileModule(readFileSync(join(root, room, name), 'utf8'), {
        compilerOptions: {
          target: ts.ScriptTarget.ES2023,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
          rewriteRelativeImportExtensions: true,
        },
      });
      mkdirSync(join(folder, room, dirname(name)), { recursive: true });
      writeFileSync(join(folder, room, name.replace(/\.ts$/, '.js')), outputText);
    }
  }
  return { store: join(folder, 'store/index.js'), seams: join(folder, 'seams/index.js') };
}
