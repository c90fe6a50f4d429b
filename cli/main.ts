/** The command line: which commands there are, what they take, how they end. */
import { Command, CommanderError, Help, InvalidArgumentError, Option } from 'commander';
import {
  addOperator,
  approve,
  colors,
  enrollAgent,
  loadConfig,
  operatorsOf,
  placeOf,
  revokeAgent,
  showConfig,
  VERSION,
  type Config,
} from '../boot/index.ts';
import { InputKind } from '../protocol/index.ts';
import { addApprovalCommands } from './approval-commands.ts';
import { asking, toInteger, type Cli } from './cli.ts';
import { addConformCommand } from './conform-commands.ts';
import { addContentCommands } from './content-commands.ts';
import { addCreateCommands } from './create-commands.ts';
import { addInspectCommand } from './inspect-commands.ts';
import { addLedgerCommands } from './ledger-commands.ts';
import { EXIT, toOutcome, UsageError } from './outcome.ts';
import { addPeopleCommands } from './people-commands.ts';
import { print } from './print.ts';
import { addSigmaCommands } from './sigma-commands.ts';
import { addTaskCommands } from './task-commands.ts';
import { toJsonText } from './text.ts';
import { withTlsFlags, type TlsFlags } from './trust.ts';
import { explainWrongCalls } from './wrong-calls.ts';

/** Runs one command. Answers its exit code; writes results to stdout, all else to stderr. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  process.stdout.on('error', onPipe);
  process.stderr.on('error', onPipe);
  const program = createProgram((ended) => (code = ended));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (reason) {
    if (reason instanceof CommanderError) return reason.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const outcome = toOutcome(reason);
    process.stderr.write(`${colors.red('aurora:')} ${outcome.text}\n`);
    return outcome.code;
  }
}

/** Whoever reads us may have enough (`| head`): the command goes on to its own end, and says by its code what came of it. */
function onPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

interface Common {
  data?: string;
  config?: string;
  operator?: string;
  json?: boolean;
}

function createProgram(end: (code: number) => void): Command {
  const program = new Command('aurora')
    .description('Security specialists on a mesh: verdicts with evidence, from your own machine.')
    .version(VERSION)
    .exitOverride()
    .option('--data <dir>', 'folder of keys, pins and state (default ~/.aurora, or AURORA_DATA)')
    .option('--config <file>', 'configuration file (default <data>/aurora.yaml)')
    .option('--operator <name>', 'whose key to use', 'local')
    .option('--json', 'machine-readable output on stdout')
    .addHelpText('after', EXAMPLES)
    .configureHelp({ optionDescription: (option) => withoutNothing(HELP.optionDescription(option)) });

  const common = () => program.opts<Common>();
  const configOf = (flags: Record<string, unknown> = {}): Config =>
    loadConfig({
      file: common().config,
      flags: { ...(common().data !== undefined && { data: common().data }), ...flags },
    });
  const isJson = () => common().json ?? false;

  program
    .command('up')
    .description('start the fleet and stay with it')
    .option('--agents <ids>', 'only these, comma-separated', toList)
    .option('--replicas <id=n>', 'processes of one agent; may be repeated', toReplicas, {})
    .option('--port <port>', "the orchestrator's port (9000, or ports of the configuration)", toInteger)
    .option('--api-port <port>', 'port of the REST API (8080, or api.port of the configuration)', toInteger)
    .option('--no-api', 'without the REST API')
    .option('--single-process', 'all in one process: no isolation between agents', false)
    .addHelpText(
      'after',
      '\nExamples:\n  aurora up\n  aurora up --agents threat-intel,email-security\n  aurora up --replicas web-security=2 --data /var/lib/aurora\n\nExit codes: 0 stopped, 1 it could not start or go on, 2 wrong call or configuration, 79 a port is taken',
    )
    .action(async ({ agents, replicas, port, apiPort, api, singleProcess }: UpFlags) => {
      const { up } = await import('./up.ts');
      const flags = {
        ...(agents && { agents }),
        ...(Object.keys(replicas).length > 0 && { replicas }),
        ...(port !== undefined && { ports: { orchestrator: port } }),
        api: { port: api ? (apiPort ?? configOf().api.port ?? API_PORT) : 'off' },
      };
      end(
        await up(configOf(flags), {
          config_file: common().config,
          flags,
          single_process: singleProcess,
          json: isJson(),
        }),
      );
    });

  program
    .command('investigate <file>')
    .description('investigate a file, or standard input for -')
    .addOption(new Option('--kind <kind>', 'what it is, when detection is wrong').choices(InputKind.options))
    .option('--deadline <seconds>', 'time it may take, 1 to 900', toDeadline, 300)
    .addHelpText(
      'after',
      '\nExamples:\n  aurora investigate mail.eml\n  zcat access.log.gz | aurora investigate - --kind access_log\n  aurora investigate recording.zip --deadline 600\n  aurora investigate Security.evtx\n  aurora investigate --json alert.json\n\nExit codes: 0 a verdict, 1 failed, 2 wrong input or call, 3 nobody reached',
    )
    .action(async (file: string, { kind, deadline }: { kind?: InputKind; deadline: number }) => {
      const { investigate } = await import('./investigate.ts');
      const options = { kind, deadline_ms: deadline * 1_000, json: isJson(), operator: common().operator };
      end(await investigate(file, configOf(), options));
    });

  const call_command = program
    .command('call [ws-url] [method] [params]')
    .usage('[options] <ws-url> <method> [params]')
    .description('one JSON-RPC request to any peer; params as JSON, or - for standard input')
    .option('--mesh', 'speak mesh.v1 with the operator key instead of bare', false)
    .option('--timeout <seconds>', 'time the answer may take', toInteger, 60)
    .option(
      '--replay <file>',
      'send a recording of aurora conform or inspect again; exit code 1 when it is different now',
    )
    .option('--key <file>', 'the key for a recording under mesh.v1')
    .option('--id <name>', 'whose key that is')
    .option('--token <token>', 'a bearer token for the replay');
  withTlsFlags(call_command)
    .addHelpText(
      'after',
      `\nExamples:\n  aurora call ws://127.0.0.1:9002 rpc.discover\n  aurora call --replay bare-BATCH-01.json ws://127.0.0.1:9002\n  aurora call ws://127.0.0.1:9002 analyze_threat '{"alert_id":"A-1","iocs":[{"type":"ip","value":"203.0.113.9"}]}'\n  aurora call wss://mesh.example.com:9002 rpc.discover --tls-cert client.pem --tls-key client.key --tls-trust authority.pem`,
    )
    .action(
      async (url: string | undefined, method: string | undefined, params: string | undefined, flags: CallFlags) => {
        const { mesh, timeout, replay: file } = flags;
        if (file !== undefined) {
          if (method !== undefined)
            throw new UsageError('A replay takes no method: aurora call --replay <file> [ws-url]');
          const { sendReplay } = await import('./replay.ts');
          const { operator = 'local' } = common();
          end(await sendReplay(configOf(), { ...flags, file, url, token: flags.token, operator, json: isJson() }));
          return;
        }
        if (url === undefined || method === undefined)
          throw new UsageError('Say whom and what: aurora call <ws-url> <method> [params]');
        const { call } = await import('./call.ts');
        const { operator } = common();
        await call(configOf(), { ...flags, url, method, params, mesh, timeout_ms: timeout * 1_000, operator });
      },
    );

  const cli: Cli = { program, configOf, isJson, operator: () => common().operator ?? 'local', end };
  addTaskCommands(cli);
  addApprovalCommands(cli);
  addFleetCommand(cli);
  addKeyCommands(cli);
  addLedgerCommands(cli);
  addPeopleCommands(cli);
  addSigmaCommands(cli);
  addContentCommands(cli);
  addConformCommand(cli);
  addInspectCommand(cli);
  addCreateCommands(cli);

  program
    .command('config')
    .description('print the effective configuration, secrets hidden')
    .addHelpText('after', '\nExamples:\n  aurora config\n  AURORA_LIMITS_DRAIN_MS=5000 aurora config')
    .action(() => void process.stdout.write(`${toJsonText(showConfig(configOf()))}\n`));

  program
    .command('demo')
    .description('see it work: real processes, real verdicts, one of them killed in the middle')
    .addHelpText('after', '\nExample:\n  aurora demo && echo everything it shows really happened')
    .action(async () => end(await (await import('./demo/demo.ts')).demo(configOf())));

  explainWrongCalls(program);
  return program;
}

function addFleetCommand(cli: Cli): void {
  const agents = cli.program
    .command('agents')
    .description('who is in the fleet; enroll or approve more')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora agents\n  aurora agents enroll my-agent\n  aurora agents approve my-agent',
    )
    .action(() => showAll(cli));
  agents
    .command('list')
    .description('the same as aurora agents')
    .action(() => showAll(cli));
}

const showAll = (cli: Cli): Promise<void> =>
  asking(cli, async (peer) => (await import('./tasks.ts')).showAgents(peer, cli.isJson()));

function addKeyCommands({ program, configOf, isJson }: Cli): void {
  const agents = program.commands.find((command) => command.name() === 'agents');
  agents
    ?.command('enroll <id>')
    .description('make and pin the key of one more agent')
    .addHelpText('after', '\nExample:\n  aurora agents enroll my-agent')
    .action((id: string) => {
      const { key_file } = enrollAgent(configOf(), id);
      if (isJson()) print({ agent_id: id, key_file });
      else process.stdout.write(`${id} is pinned; its key is ${key_file}: give it to that agent and to nobody else\n`);
    });
  agents
    ?.command('approve <id> [fingerprint]')
    .description(
      'pin the key under which a quarantined agent registered (only that key, when its fingerprint is given), or let a pinned one offer what its card asks for now',
    )
    .option('--card <digest>', 'of the card that you looked at, as `aurora agents` shows it; another one is refused')
    .addHelpText(
      'after',
      '\nExamples:\n  aurora agents approve my-agent 0f3c2a9d41b7e865\n  aurora agents approve my-agent --card 5d1e0c77a9b2f364',
    )
    .action((id: string, fingerprint: string | undefined, { card }: { card?: string }) => {
      const approved = approve(placeOf(configOf().data), id, { fingerprint, card });
      const next = 'it gets work when it registers again';
      const text = approved === 'pinned' ? `${id} is pinned; ${next}\n` : `${id} may offer what that card says\n`;
      if (isJson()) print({ agent_id: id, approved });
      else process.stdout.write(text);
    });
  agents
    ?.command('revoke <id>')
    .description('take the pin of an agent away, its key and what waits under its name: it gets no more work')
    .addHelpText(
      'after',
      '\nExample:\n  aurora agents revoke my-agent\n\nAgents that `aurora up` starts itself are pinned again at its next start.',
    )
    .action((id: string) => {
      if (!revokeAgent(configOf(), id)) throw new UsageError(`No agent ${id} is pinned or waits: aurora agents`);
      if (isJson()) print({ agent_id: id, revoked: true });
      else process.stdout.write(`${id} is pinned no longer, and its key is gone\n`);
    });
  const listOperators = () => {
    const operators = operatorsOf(configOf());
    const text = operators.length === 0 ? 'No operator is pinned yet\n' : operators.map((each) => `${each}\n`).join('');
    process.stdout.write(isJson() ? `${toJsonText({ items: operators })}\n` : text);
  };
  const operators = program
    .command('operators')
    .description('people and tools with a key of their own')
    .addHelpText('after', '\nExamples:\n  aurora operators\n  aurora operators add anna')
    .action(listOperators);
  operators.command('list').description('the same as aurora operators').action(listOperators);
  operators
    .command('add <name>')
    .description('make and pin the key of an operator')
    .addHelpText('after', '\nExample:\n  aurora operators add anna && aurora --operator anna agents')
    .action((name: string) => {
      const { id, key_file } = addOperator(configOf(), name);
      if (isJson()) print({ operator: name, id, key_file });
      else process.stdout.write(`${id} is pinned; the key is ${key_file}; use it with --operator ${name}\n`);
    });
}

interface CallFlags extends TlsFlags {
  mesh: boolean;
  timeout: number;
  replay?: string;
  key?: string;
  id?: string;
  token?: string;
}

interface UpFlags {
  agents?: string[];
  replicas: Record<string, number>;
  port?: number;
  apiPort?: number;
  api: boolean;
  singleProcess: boolean;
}

const HELP = new Help();
/** That a switch is off unless said goes without saying. */
const withoutNothing = (text: string): string => text.replace(/ \(default: (?:false|\{\})\)$/, '');

/** What an orchestrator grants at most. */
const DEADLINE_S_MAX = 900;

function toDeadline(text: string): number {
  const seconds = toInteger(text);
  if (seconds < 1 || seconds > DEADLINE_S_MAX) throw new InvalidArgumentError(`say 1 to ${DEADLINE_S_MAX} seconds`);
  return seconds;
}

const API_PORT = 8080;

const toList = (text: string): string[] => text.split(',').filter(Boolean);

function toReplicas(text: string, all: Record<string, number>): Record<string, number> {
  const [id = '', count = ''] = text.split('=');
  if (id === '' || !/^\d+$/.test(count)) throw new InvalidArgumentError('say <id>=<count>, like web-security=2');
  return { ...all, [id]: Number(count) };
}

const EXAMPLES = `
Examples:
  aurora demo                        see it work
  aurora up                          start the fleet on this machine
  aurora investigate mail.eml        a verdict with evidence
  aurora agents                      who is there
  aurora history                     what was asked for, and what became of it
  aurora approvals                   what waits for your yes or no

aurora <command> --help has examples of each.

Exit codes: 0 it did what was asked, 1 it failed, 2 wrong call or input, 3 nobody reached, 79 a port is taken, 130 interrupted`;
