/** `aurora sigma`: rules tested, explained and linted. */
import type { Cli } from './cli.ts';

/** Adds `sigma` and what stands under it to the program. */
export function addSigmaCommands(cli: Cli): void {
  const { program, configOf, isJson, operator, end } = cli;
  const sigma = program
    .command('sigma')
    .description('try Sigma rules: what they match, why, and what is wrong with them')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora sigma lint rule.yml\n  aurora sigma test rule.yml events.jsonl\n  aurora sigma explain rule.yml event.json',
    );
  const options = () => ({ json: isJson(), operator: operator() });
  sigma
    .command('test <rule> [events]')
    .description('validate and lint a rule, and replay it over events: JSON lines, EVTX, zipped or not')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora sigma test rule.yml\n  aurora sigma test rule.yml recording.zip\n  aurora sigma test --json rule.yml Security.evtx\n\nExit codes: 0 valid, and over events it matches; 1 it matches nothing, or cannot be decided here; 2 it is not valid, or the call was wrong',
    )
    .action(async (rule: string, events: string | undefined) => {
      end(await (await import('./sigma.ts')).testRule(rule, events, configOf(), options()));
    });
  sigma
    .command('explain <rule-or-events> [events]')
    .description(
      'try a rule on every event and say of those that match and the nearest misses which field or filter decided, and what correlations counted',
    )
    .option('--rule-id <id>', 'a mounted rule instead of a file')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora sigma explain rule.yml event.json\n  aurora sigma explain --rule-id 81bcb81b-5b1f-474b-b373-52c871aaa7b1 event.json\n\nExit codes: 0 it matches an event that no filter takes away, or a correlation fires, 1 none of it, or cannot be decided here, 2 the rule or the call was wrong',
    )
    .action(async (first: string, second: string | undefined, { ruleId }: { ruleId?: string }) => {
      const [rule, events] = second === undefined ? [undefined, first] : [first, second];
      end(await (await import('./sigma.ts')).explainRule(rule, events, configOf(), { ...options(), rule_id: ruleId }));
    });
  sigma
    .command('lint <rule>')
    .description('what is wrong with a rule, and what is a mistake more often than not, with line and column')
    .addHelpText(
      'after',
      '\nExample:\n  aurora sigma lint rule.yml\n\nExit codes: 0 valid (warnings may be), 2 it is not valid',
    )
    .action(async (rule: string) => {
      end(await (await import('./sigma.ts')).testRule(rule, undefined, configOf(), options()));
    });
}
