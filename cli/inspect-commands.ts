/** `aurora inspect`: looks at any peer from a terminal. */
import { Option } from 'commander';
import { toInteger, type Cli } from './cli.ts';
import type { InspectFlags } from './inspect.ts';
import { withTlsFlags } from './trust.ts';

/** Adds `inspect` to the program. */
export function addInspectCommand({ program, configOf, isJson, operator, end }: Cli): void {
  const command = program
    .command('inspect <ws-url> [params]')
    .description('see what a peer offers, try its skills, watch the frames; a shell on a terminal')
    .addOption(
      new Option('--profile <profile>', 'how to speak; what it speaks best unless said').choices([
        'bare',
        'mesh.v1',
        'orchestrator',
      ]),
    )
    .option('--try <skill>', 'call one skill, with params as JSON or those of its example, and print the answer')
    .option('--frames', 'show every frame, both ways, on stderr', false)
    .option('--save <file>', 'everything said as a recording, for aurora call --replay')
    .option('--key <file>', 'the key (PEM) that the peer has pinned; that of the data folder unless said')
    .option('--id <name>', 'whose key it is')
    .option('--token <token>', 'a bearer token');
  withTlsFlags(command)
    .option('--timeout <seconds>', 'time an answer may take', toInteger, 60)
    .addHelpText('after', HELP)
    .action(async (url: string, params: string | undefined, flags: InspectFlags) => {
      const { inspect } = await import('./inspect.ts');
      end(await inspect(configOf(), { url, params, flags, json: isJson(), operator: operator() }));
    });
}

const HELP = `
Examples:
  aurora inspect ws://127.0.0.1:9002
  aurora inspect ws://127.0.0.1:9002 --try extract_iocs
  aurora inspect ws://127.0.0.1:9002 --try extract_iocs '{"source":{"name":"note.txt","text":"see 198.51.100.7"}}' --frames
  aurora inspect ws://127.0.0.1:9000 | less
  aurora inspect wss://mesh.example.com:9000 --tls-cert client.pem --tls-key client.key --tls-trust authority.pem

Exit codes: 0 ok, 1 the skill was answered with an error, 2 wrong call, 3 nobody reached`;
