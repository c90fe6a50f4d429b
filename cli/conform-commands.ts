/** `aurora conform`: holds any peer to the wire. */
import { InvalidArgumentError, Option } from 'commander';
import { toInteger, type Cli } from './cli.ts';
import type { ConformFlags } from './conform.ts';
import { withTlsFlags } from './trust.ts';

/** Adds `conform` to the program. */
export function addConformCommand(cli: Cli): void {
  const { program, configOf, isJson, operator, end } = cli;
  const command = program
    .command('conform')
    .argument('[ws-url]', 'the agent or the orchestrator, in any language')
    .argument('[file]', 'where --json puts the report; - or nothing is stdout')
    .usage('[options] <ws-url>')
    .description('hold an agent or an orchestrator to the wire, sentence by sentence; only its address is needed')
    .addOption(
      new Option('--profile <profile>', 'what it is held to: bare, mesh.v1, orchestrator; what it speaks unless said')
        .argParser(toList)
        .default([], 'all it speaks'),
    )
    .addOption(
      new Option('--level <level>', 'the least binding sentences that are tried')
        .choices(['must', 'should', 'may'])
        .default('may'),
    )
    .addOption(new Option('--only <ids>', 'only these sentences, comma-separated').argParser(toList).default([], 'all'))
    .option('--seed <n>', 'makes the same random tries again', toInteger)
    .option('--runs <n>', 'tries of each property', toRuns)
    .option('--method <name>', 'a skill that reads, where the peer publishes none')
    .option('--params <json>', 'params that fit it')
    .option('--token <token>', 'sent as a bearer token with every upgrade and request')
    .option('--key <file>', 'the key (PEM) that the peer has pinned; that of the data folder unless said')
    .option('--id <name>', 'whose key it is: orchestrator, or operator:<name> for an orchestrator')
    .option('--agent-key <file>', 'key of the pinned agent "conformance-agent", for an orchestrator')
    .option('--peer-key <file>', 'key of the pinned agent "conformance-peer", whom the first hands work on to');
  withTlsFlags(command)
    .option('--allow-effects', 'also call skills that do more than read', false)
    .option('--drain-pid <pid>', 'SIGTERM to this process makes the peer leave: tries how it says goodbye', toInteger)
    .option('--junit <file>', 'JUnit XML, for CI')
    .option('--html <file>', 'one page for a colleague')
    .option('--replays <dir>', 'a file for each failure, for aurora call --replay')
    .option('--list', 'print the sentences instead of trying them', false)
    .addHelpText('after', HELP)
    .action(async (first: string | undefined, second: string | undefined, flags: ConformFlags) => {
      const { conformTo, listSentences } = await import('./conform.ts');
      if (flags.list) {
        listSentences(flags, isJson());
        return;
      }
      const asked = { first, second, flags, json: isJson(), operator: operator() };
      end(await conformTo(configOf(), asked));
    });
}

const toList = (text: string, all: string[]): string[] => [
  ...all,
  ...text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
];

function toRuns(text: string): number {
  const runs = toInteger(text);
  if (runs < 1 || runs > RUNS_MAX) throw new InvalidArgumentError(`say 1 to ${RUNS_MAX}`);
  return runs;
}

const RUNS_MAX = 10_000;
const HELP = `
Also --json [file]: the report as JSON, to stdout or to a file.

Examples:
  aurora conform ws://127.0.0.1:9002
  aurora conform ws://127.0.0.1:9002 --profile bare --level must --html report.html
  aurora conform ws://127.0.0.1:9000 --junit report.xml --json report.json
  aurora conform ws://192.0.2.7:7000 --method lookup --params '{"name":"x"}' --token secret
  aurora conform wss://mesh.example.com:9000 --tls-cert client.pem --tls-key client.key --tls-trust authority.pem
  aurora conform --list --only BATCH-01

Exit codes: 0 every must that was tried holds, 1 one does not (or none could be tried), 2 wrong call, 3 nobody reached`;
