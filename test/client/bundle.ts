/** The client as a browser gets it: one file, made from the browser's door. */
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..', '..');

/** Its code, and the files it was made of, below the root. */
export async function bundleClient(): Promise<{ code: string; inputs: string[]; imports: string[] }> {
  const build = await rolldown({ input: join(root, 'client', 'browser.ts'), platform: 'browser', cwd: root });
  try {
    const { output } = await build.generate({ format: 'esm', minify: true });
    const chunks = output.filter((part) => part.type === 'chunk');
    return {
      code: chunks.map(({ code }) => code).join('\n'),
      inputs: chunks.flatMap(({ moduleIds }) => moduleIds.map((id) => id.replace(`${root}/`, ''))),
      imports: chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]),
    };
  } finally {
    await build.close();
  }
}
