/** `aurora verify`, `backup`, `restore`: the ledger as a whole. */
import { asking, type Cli } from './cli.ts';

/** Adds the commands about the ledger to the program. */
export function addLedgerCommands(cli: Cli): void {
  const { program, configOf, isJson, end } = cli;
  program
    .command('verify')
    .description('check every chain and anchor of the ledger; names the first row that does not fit')
    .addHelpText('after', '\nExample:\n  aurora verify\n\nExit codes: 0 whole, 1 a row does not fit, 3 nobody reached')
    .action(async () => {
      const { verify } = await import('./ledger.ts');
      end(await asking(cli, (peer) => verify(peer, isJson())));
    });
  program
    .command('backup <file>')
    .description('a whole copy of the ledger, made while work goes on; never overwrites')
    .addHelpText('after', '\nExample:\n  aurora backup /backups/ledger-monday.db')
    .action(async (file: string) => {
      const { backup } = await import('./ledger.ts');
      end(await asking(cli, (peer) => backup(peer, file, isJson())));
    });
  program
    .command('restore <file>')
    .description('put a backup in the place of the ledger; only while no fleet runs on the data folder')
    .addHelpText('after', '\nExample:\n  aurora restore /backups/ledger-monday.db && aurora up')
    .action(async (file: string) => (await import('./ledger.ts')).restore(configOf(), file, isJson()));
}
