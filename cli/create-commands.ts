/** `aurora create`: the beginning of something of one's own. */
import type { Cli } from './cli.ts';

/** Adds `create` to the program. */
export function addCreateCommands({ program, isJson }: Cli): void {
  program
    .command('create')
    .description('start something of your own from a template that works')
    .addHelpText('after', '\nExample:\n  aurora create agent beacon-hunter')
    .command('agent <name>')
    .description(
      'in a checkout of aurora-mesh a specialist: its file, its test, its line, its service; anywhere else a package of its own. Never overwrites',
    )
    .option('--into <folder>', 'where (default: here)')
    .option('--skill <verb_noun>', 'name of its first skill (default: ask_<name>)')
    .option(
      '--aurora <file>',
      'what a package depends on: the file of aurora-mesh that npm pack makes, or a version that your registry has',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  aurora create agent beacon-hunter\n  aurora create agent secret-scanner --skill find_secrets --into ../secret-scanner --aurora ./aurora-mesh-0.1.0.tgz\n  aurora create agent beacon-hunter --json\n\nExit codes: 0 written, 2 a name that cannot be, or a file, a link or anything else in the way: nothing is kept then',
    )
    .action(async (name: string, options: { into?: string; skill?: string; aurora?: string }) => {
      (await import('./create/create.ts')).createAgent(name, options, isJson());
    });
}
