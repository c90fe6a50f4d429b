/** `aurora content`: rule packs, warning lists and tables that an operator brings. */
import type { Cli } from './cli.ts';

/** Adds `content` and what stands under it to the program. */
export function addContentCommands(cli: Cli): void {
  const { program, configOf, isJson, end } = cli;
  const list = async () => (await import('./content.ts')).list(configOf(), isJson());
  const content = program
    .command('content')
    .description('rules, warning lists and tables that specialists use')
    .addHelpText('after', '\nExamples:\n  aurora content\n  aurora content add sigma-rules.tar.gz')
    .action(list);
  content
    .command('add <path>')
    .description('check a file, folder or archive and keep what is content; a pack of the same name is replaced')
    .option('--name <name>', 'for one more pack of rules: it is used beside the others')
    .option('--as-version <text>', 'what its publisher calls this version')
    .option('--licence <text>', 'its licence, where no file of it says so')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora content add sigma-rules.tar.gz --as-version r2026-11-01\n  aurora content add ./warninglists --licence CC0-1.0\n\nExit codes: 0 added, 2 refused, with the reason',
    )
    .action(async (path: string, { name, asVersion, licence }: AddFlags) => {
      const { add } = await import('./content.ts');
      end(await add(configOf(), path, { name, version: asVersion, licence }, isJson()));
    });
  content
    .command('remove <name>')
    .description('take an added pack out of use and delete it')
    .addHelpText(
      'after',
      '\nExample:\n  aurora content remove sigma\n\nExit codes: 0 removed, 2 no such pack was added',
    )
    .action(async (name: string) => end(await (await import('./content.ts')).remove(configOf(), name, isJson())));
  content
    .command('list')
    .description('what there is: kind, entries, version, hash, licence')
    .addHelpText('after', '\nExample:\n  aurora content list --json')
    .action(list);
  content
    .command('verify')
    .description('read every pack and compare it with what was added')
    .addHelpText('after', '\nExample:\n  aurora content verify\n\nExit codes: 0 all as added, 1 one is not')
    .action(async () => end((await import('./content.ts')).verify(configOf(), isJson())));
}

interface AddFlags {
  name?: string;
  asVersion?: string;
  licence?: string;
}
