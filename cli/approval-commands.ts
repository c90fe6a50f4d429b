/** `aurora approvals`, `approve`, `reject`: what waits for a person, and their answer. */
import { asking, toInteger, type Cli } from './cli.ts';

/** Adds the commands about approvals to the program. */
export function addApprovalCommands(cli: Cli): void {
  const { program, isJson, end } = cli;
  program
    .command('approvals')
    .description('what waits for a person to approve it')
    .option('--all', 'also what was decided, or expired', false)
    .option('--limit <n>', 'how many', toInteger, 50)
    .addHelpText('after', '\nExamples:\n  aurora approvals\n  aurora --json approvals --all --limit 200')
    .action((asked: { all: boolean; limit: number }) =>
      asking(cli, async (peer) => (await import('./approvals.ts')).showApprovals(peer, asked, isJson())),
    );
  for (const decision of ['approve', 'reject'] as const) {
    program
      .command(`${decision} <approval-id>`)
      .description(`${decision} an action, after seeing exactly what it is; never one that you asked for yourself`)
      .option('--note <text>', 'stands beside your answer')
      .option('--yes', 'do not ask back: for scripts', false)
      .addHelpText(
        'after',
        `\nExamples:\n  aurora approvals\n  aurora --operator anna ${decision} approval_1_task_01k85k5plev529ult0l4b6 --note "checked with the owner"`,
      )
      .action(async (approval_id: string, { note, yes }: { note?: string; yes: boolean }) => {
        const { decide } = await import('./approvals.ts');
        const asked = { approval_id, decision, note, yes, operator: cli.operator() };
        end(await asking(cli, (peer) => decide(peer, asked, isJson())));
      });
  }
}
