/** What a wrong call is told: which help to read, and which words a command knows. */
import type { Command } from 'commander';
import { safe } from './text.ts';

/** Teaches a command, and all below it, to say so; `path` is how it is called. */
export function explainWrongCalls(command: Command, path = command.name()): void {
  const { commands, registeredArguments } = command;
  command.showHelpAfterError(`(${path} --help shows what there is)`);
  for (const each of commands) explainWrongCalls(each, `${path} ${each.name()}`);
  if (commands.length === 0 || registeredArguments.length > 0) return;
  // One that lists when nothing is behind it takes no word: the one that stands there was meant to be a command.
  command.allowExcessArguments().hook('preAction', (_hooked, acting) => {
    const [word] = command.args;
    if (acting !== command || word === undefined) return;
    const known = commands.map((each) => each.name()).join(', ');
    command.error(`error: unknown command '${safe(word)}' of ${path}; it has ${known}`);
  });
}
