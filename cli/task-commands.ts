/** `aurora history`, `task`, `cancel`, `redrive`, `resolve`: what was asked for, and what became of it. */
import { InvalidArgumentError, Option } from 'commander';
import { TaskOutcome, TaskState } from '../protocol/index.ts';
import { systemClock } from '../boot/index.ts';
import { asking, askingApi, toInteger, type Cli } from './cli.ts';
import type { HistoryFilter } from './tasks.ts';

/** Adds the commands about tasks to the program. */
export function addTaskCommands(cli: Cli): void {
  const { program, isJson } = cli;
  program
    .command('history')
    .description('the newest tasks')
    .addOption(new Option('--state <state>', 'only those in that state').choices(TaskState.options))
    .addOption(new Option('--outcome <outcome>', 'only those that ended like that').choices(TaskOutcome.options))
    .option('--since <when>', 'accepted then or later: 30m, 12h, 7d, or a date', toTime)
    .option('--limit <n>', 'how many', toInteger, 20)
    .option('--before <cursor>', 'the next page: what the one before said to go on with')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora history\n  aurora history --outcome dead_lettered --since 24h\n  aurora --json history --limit 200',
    )
    .action((filter: HistoryFilter) =>
      askingApi(cli, async (way) => (await import('./tasks.ts')).showHistory(way, filter, isJson())),
    );
  program
    .command('task <task-id>')
    .description('one task: everything on its record, and on those below it, in the order it happened')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora task task_01k85k5plev529ult0l4b6\n  aurora --json task <id from aurora history>',
    )
    .action((id: string) => asking(cli, async (peer) => (await import('./tasks.ts')).showTask(peer, id, isJson())));
  program
    .command('cancel <task-id>')
    .description('cancel a task and everything below it')
    .addHelpText('after', '\nExample:\n  aurora cancel task_01k85k5plev529ult0l4b6')
    .action((id: string) => asking(cli, async (peer) => (await import('./tasks.ts')).cancelTask(peer, id, isJson())));
  program
    .command('redrive <task-id>')
    .description('ask once more for what failed: a new task, on your behalf; it needs its approvals anew')
    .option('--reason <text>', 'stands on the record of both tasks', 'none given')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora history --outcome dead_lettered\n  aurora redrive task_01k85k5plev529ult0l4b6 --reason "the agent is mended"',
    )
    .action((id: string, { reason }: { reason: string }) =>
      asking(cli, async (peer) => (await import('./remedies.ts')).redrive(peer, { task_id: id, reason }, isJson())),
    );
  program
    .command('resolve <task-id>')
    .description('say what became of an effect that is unknown, after you looked')
    .option('--applied', 'it took place')
    .option('--not-applied', 'it did not')
    .requiredOption('--note <text>', 'how you know')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora history --outcome unknown_effect\n  aurora resolve task_01k85k5plev529ult0l4b6 --not-applied --note "the switch port is still up"',
    )
    .action((id: string, { applied, notApplied, note }: ResolveFlags) =>
      asking(cli, async (peer) =>
        (await import('./remedies.ts')).resolve(
          peer,
          { task_id: id, applied, not_applied: notApplied, note },
          isJson(),
        ),
      ),
    );
}

interface ResolveFlags {
  applied?: boolean;
  notApplied?: boolean;
  note: string;
}

/** A time as ISO: so long ago, or a date. */
function toTime(text: string): string {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const at = count === undefined ? Date.parse(text) : systemClock.now() - Number(count) * (UNITS_MS[unit] ?? 0);
  if (Number.isNaN(at)) throw new InvalidArgumentError('say 30m, 12h, 7d, or a date like 2026-11-24T08:00:00Z');
  return new Date(at).toISOString();
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
