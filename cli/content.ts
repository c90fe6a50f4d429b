/** Content, for people: what was added and refused, what there is, what no longer is what it was. */
import {
  addContent,
  colors,
  listContent,
  removeContent,
  verifyContent,
  type AddOptions,
  type Config,
} from '../boot/index.ts';
import { EXIT } from './outcome.ts';
import { print } from './print.ts';
import { isRunning } from './reach.ts';
import { safe } from './text.ts';

/** Adds what lies at the path. Throws what `toOutcome` can tell when nothing of it can be used. */
export async function add(config: Config, path: string, options: AddOptions, json: boolean): Promise<number> {
  const added = await addContent(config.content, path, options);
  if (json) {
    print(added);
    return EXIT.ok;
  }
  for (const { name, kind, items, licence, sha256 } of added.packs) {
    const hash = colors.dim(`sha256 ${sha256.slice(0, HASH_SHOWN)}`);
    process.stdout.write(
      `${colors.green('added')} ${safe(name)}: ${items} of ${kind}, licence ${safe(licence)}  ${hash}\n`,
    );
  }
  for (const { path: file, why } of added.refused.slice(0, REFUSED_SHOWN)) {
    process.stdout.write(`${colors.yellow('refused')} ${safe(file)}: ${safe(why)}\n`);
  }
  const more = added.refused.length - REFUSED_SHOWN;
  if (more > 0) process.stdout.write(`${colors.yellow('refused')} ${more} more: see --json\n`);
  if (added.passed_over > 0) process.stdout.write(colors.dim(`${added.passed_over} files are no content\n`));
  if (await isRunning(config)) process.stdout.write('The running fleet uses it from the next question on.\n');
  return EXIT.ok;
}

/** Takes a pack out of use. Throws what `toOutcome` can tell when no such pack was added. */
export async function remove(config: Config, name: string, json: boolean): Promise<number> {
  const removed = removeContent(config.content, name);
  if (json) {
    print({ folder: config.content, removed });
    return EXIT.ok;
  }
  process.stdout.write(`${colors.green('removed')} ${safe(removed.name)}: ${removed.items} of ${removed.kind}\n`);
  if (await isRunning(config)) process.stdout.write('The running fleet is without it from the next question on.\n');
  return EXIT.ok;
}

/** Lists all packs. */
export function list(config: Config, json: boolean): void {
  const packs = listContent(config.content);
  if (json) {
    print({ folder: config.content, packs });
    return;
  }
  for (const { name, kind, items, version, sha256, licence, source } of packs) {
    const facts = [`${items} of ${kind}`, version ?? 'no version', licence, `from ${source}`].map(safe).join(', ');
    process.stdout.write(
      `${colors.bold(safe(name))}  ${facts}  ${colors.dim(`sha256 ${sha256.slice(0, HASH_SHOWN)}`)}\n`,
    );
  }
  if (packs.length === 0) process.stdout.write('There is none. Add some with: aurora content add <path>\n');
}

/** Checks all added packs; answers 1 when one is not what was added. */
export function verify(config: Config, json: boolean): number {
  const checks = verifyContent(config.content);
  if (json) print({ folder: config.content, checks });
  else {
    for (const { name, ok, why } of checks) {
      process.stdout.write(
        `${ok ? colors.green('ok  ') : colors.red('FAIL')} ${safe(name)}${why === undefined ? '' : `: ${safe(why)}`}\n`,
      );
    }
    if (checks.length === 0) process.stdout.write('Nothing was added here\n');
    const [broken] = checks.filter(({ ok }) => !ok);
    if (broken) {
      process.stdout.write(
        `No specialist uses what fails: add it again, or take it out with: aurora content remove ${safe(broken.name)}\n`,
      );
    }
  }
  return checks.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
}

const HASH_SHOWN = 12;
const REFUSED_SHOWN = 10;
