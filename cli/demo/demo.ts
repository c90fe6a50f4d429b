/** `aurora demo`: a fleet of real processes, three investigations, one of them through the death of a specialist. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { colors } from '../../boot/index.ts';
import type { Config, Fleet } from '../../boot/index.ts';
import type { Peer } from '../../mesh/index.ts';
import { InvestigationResult, type Attempt, type Task } from '../../protocol/index.ts';
import type { Seen } from '../follow.ts';
import { readInput, type Input } from '../input.ts';
import { ask } from '../investigate.ts';
import { EXIT } from '../outcome.ts';
import { withPrivate } from '../reach.ts';
import { toVerdictText } from '../verdict-view.ts';
import { createWatchView } from '../watch-view.ts';
import { ALERT, MAIL, writeLongLog } from './inputs.ts';

/** One claim of the demo, and whether it came true. */
interface Claim {
  claim: string;
  is_true: boolean;
}

/** Answers 0 only if everything it shows really happened. */
export async function demo(config: Config): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-demo-'));
  const own: Config = { ...config, agents: [], replicas: { 'web-security': 2 }, log_level: 'warn' };
  say(
    'Starting an orchestrator and its specialists, web-security twice: one process each, on free ports of this machine',
  );
  try {
    const log_path = join(folder, 'access.log');
    await writeLongLog(log_path, LOG_LINES);
    return await withPrivate(own, async ({ peer, fleet, config: started }) => {
      for (const { id, pid, url } of fleet.members()) line(`  ${id.padEnd(16)} pid ${pid ?? '-'}  ${url ?? '-'}`);
      const claims = [
        ...(await investigateAlert(peer, started)),
        ...(await investigateMail(peer, started)),
        ...(await investigateThroughDeath(
          peer,
          started,
          fleet,
          await readInput(log_path, started.limits.input_bytes_max),
        )),
      ];
      return conclude(claims);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function investigateAlert(peer: Peer, config: Config): Promise<Claim[]> {
  say('1  An alert is posted');
  const { result, hops } = await shown(peer, config, inputOf('alert.json', JSON.stringify(ALERT)));
  return [
    { claim: 'the alert was judged malicious or suspicious', is_true: isBad(result) },
    { claim: 'at least three handoffs were made for it', is_true: hops.length >= 3 },
    {
      claim: 'every finding cites its evidence',
      is_true: result !== undefined && result.findings.every(({ evidence }) => evidence.length > 0),
    },
    { claim: 'it names ATT&CK techniques', is_true: (result?.mitre_techniques.length ?? 0) > 0 },
  ];
}

async function investigateMail(peer: Peer, config: Config): Promise<Claim[]> {
  say('2  A mail is posted');
  const { result } = await shown(peer, config, inputOf('phish.eml', MAIL));
  return [{ claim: 'the mail was judged malicious or suspicious', is_true: isBad(result) }];
}

/** Kills the replica that holds the work the moment it is known which one that is. */
async function investigateThroughDeath(peer: Peer, config: Config, fleet: Fleet, log: Input): Promise<Claim[]> {
  say(
    `3  A web access log of ${Math.round(log.size / 1e6)} MB is posted; the replica that works on it is killed (SIGKILL)`,
  );
  let killed: string | undefined;
  const second: string[] = [];
  const onSeen = ({ source, status, event }: Seen) => {
    if (source?.skill !== 'analyze_access_log') return;
    const is_busy =
      event.kind !== 'status' || (typeof event.value === 'object' && event.value !== null && 'text' in event.value);
    if (status?.state === 'working' && status.instance_id !== undefined && killed !== undefined)
      second.push(status.instance_id);
    if (status?.state === 'working') holder = status.instance_id;
    if (killed === undefined && is_busy && holder !== undefined) killed = kill(fleet, holder);
  };
  let holder: string | undefined;
  const { result, hops } = await shown(peer, config, log, onSeen);
  const work = hops.find(({ skill }) => skill === 'analyze_access_log');
  const attempts = work?.attempts ?? [];
  return [
    { claim: 'a replica was killed while it worked', is_true: killed !== undefined },
    {
      claim: 'the same task went on as attempt 2 on the other replica',
      is_true: second.length > 0 && !second.includes(killed ?? ''),
    },
    {
      claim: `its record says so: ${attempts.map(toWords).join('; ') || 'there is none'}`,
      is_true: lostWith(killed, attempts) && attempts.at(-1)?.outcome === 'completed',
    },
    {
      claim: 'the attacker in the log was named',
      is_true: result?.iocs.some(({ value }) => value === '203.0.113.44') ?? false,
    },
  ];
}

async function shown(
  peer: Peer,
  config: Config,
  input: Input,
  onSeen: (seen: Seen) => void = () => undefined,
): Promise<{ result: InvestigationResult | undefined; hops: Task[] }> {
  const view = createWatchView(process.stdout, false);
  const watch = (seen: Seen) => {
    view.watch(seen);
    onSeen(seen);
  };
  const { task, hops } = await ask(peer, config, input, { deadline_ms: DEADLINE_MS, watch });
  view.close();
  const result = InvestigationResult.safeParse(task.result).data;
  line(result ? toVerdictText(result, hops) : colors.red(`  no verdict: ${task.error?.message ?? task.state}`));
  return { result, hops };
}

function kill(fleet: Fleet, instance_id: string): string | undefined {
  const victim = fleet.members().find((member) => member.instance_id === instance_id);
  if (victim?.pid === undefined) return undefined;
  process.kill(victim.pid, 'SIGKILL');
  line(colors.red(`  killed ${victim.id}, pid ${victim.pid}`));
  return instance_id;
}

function conclude(claims: readonly Claim[]): number {
  say('What really happened');
  for (const { claim, is_true } of claims) line(`  ${is_true ? colors.green('yes') : colors.red('NO ')}  ${claim}`);
  const is_whole = claims.every(({ is_true }) => is_true);
  line(
    is_whole ? '\nNext: node bin/aurora.mjs investigate <your own file>' : '\nThe demo did not do what it promises.',
  );
  return is_whole ? EXIT.ok : EXIT.failed;
}

const inputOf = (name: string, text: string): Input => ({
  name,
  size: Buffer.byteLength(text),
  async *open() {
    yield Buffer.from(text);
  },
});

/** A process that was killed may leave one outcome alone: it was lost with the work; whoever took over may have failed as well. */
const lostWith = (killed: string | undefined, attempts: readonly Attempt[]): boolean =>
  attempts.some(({ instance_id, outcome }) => instance_id === killed && outcome === 'agent_lost');

/** An attempt in plain words; an outcome without some stands for itself. */
const toWords = ({ attempt, outcome = 'no end' }: Attempt): string => `attempt ${attempt} ${WORDS[outcome] ?? outcome}`;

const isBad = (result: InvestigationResult | undefined): boolean =>
  result?.verdict === 'malicious' || result?.verdict === 'suspicious';
const say = (text: string): void => line(`\n${colors.bold(text)}`);
const line = (text: string): void => void process.stdout.write(`${text}\n`);

const WORDS: Readonly<Record<string, string>> = {
  agent_lost: 'was lost with its agent',
  completed: 'completed',
};
const LOG_LINES = 150_000;
const DEADLINE_MS = 120_000;
