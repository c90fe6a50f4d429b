/** `aurora sigma`: a rule tried out by the threat hunter, over events where some are given. */
import { buffer } from 'node:stream/consumers';
import { colors, trustOf, type Config } from '../boot/index.ts';
import type { Peer } from '../mesh/index.ts';
import { RuleExplanation, RuleTrial, type SigmaProblem } from '../protocol/index.ts';
import { readInput, toSource } from './input.ts';
import { EXIT, UsageError } from './outcome.ts';
import { isRunning, withPrivate, withRunning } from './reach.ts';
import { toExplanationText } from './sigma-view.ts';
import { safe, toJsonText, wrap } from './text.ts';

/** What one says beside the files. */
export interface SigmaOptions {
  json: boolean;
  operator: string;
  /** Of a mounted rule, instead of a file. */
  rule_id?: string | undefined;
}

/** Validates, lints and replays a rule. 0: it is valid and, over events, matches; 1: it matches nothing, or nobody can tell; 2: it is not valid. */
export async function testRule(
  rule: string,
  events: string | undefined,
  config: Config,
  options: SigmaOptions,
): Promise<number> {
  const text = await textOf(rule);
  const trial = await asked(config, options, async (peer, reached) =>
    RuleTrial.parse(
      await request(peer, 'test_rule', {
        rule: text,
        ...(events !== undefined && { events: await sourceOf(events, peer, reached) }),
      }),
    ),
  );
  if (events !== undefined && trial.valid && trial.events === 0)
    throw new UsageError(`${events} has no events: give JSON lines or EVTX, zipped or not`);
  process.stdout.write(options.json ? `${toJsonText(trial)}\n` : toTrialText(trial, rule));
  if (!trial.valid) return EXIT.usage;
  return events !== undefined && trial.hits.length === 0 ? EXIT.failed : EXIT.ok;
}

/** Explains a rule on events. 0: it matches one of them, filters asked, or a correlation over it fires; 1: none. */
export async function explainRule(
  rule: string | undefined,
  events: string,
  config: Config,
  options: SigmaOptions,
): Promise<number> {
  if ((rule === undefined) === (options.rule_id === undefined))
    throw new UsageError('Name a rule file, or a mounted rule with --rule-id');
  const text = rule === undefined ? undefined : await textOf(rule);
  const explained = await asked(config, options, async (peer, reached) =>
    RuleExplanation.parse(
      await request(peer, 'explain_rule', {
        ...(text !== undefined && { rule: text }),
        ...(options.rule_id !== undefined && { rule_id: options.rule_id }),
        events: await sourceOf(events, peer, reached),
      }),
    ),
  );
  process.stdout.write(options.json ? `${toJsonText(explained)}\n` : toExplanationText(explained));
  const has_hit =
    explained.events.some(({ matched }) => matched) || explained.correlations.some(({ fired }) => fired > 0);
  return has_hit ? EXIT.ok : EXIT.failed;
}

/** The fleet that runs, or one of the threat hunter alone for the length of the call: nothing leaves the machine either way. */
async function asked<T>(
  config: Config,
  { operator }: SigmaOptions,
  use: (peer: Peer, reached: Config) => Promise<T>,
): Promise<T> {
  if (await isRunning(config)) return withRunning(config, operator, (peer) => use(peer, config));
  const alone: Config = { ...config, agents: [{ agent_id: 'threat-hunter' }], replicas: {} };
  return withPrivate(alone, ({ peer, config: own }) => use(peer, own));
}

const request = (peer: Peer, skill: string, params: Record<string, unknown>): Promise<unknown> =>
  peer.request('handoff', { to: { skill }, params }, { timeout_ms: ANSWER_MS_MAX });

async function textOf(path: string): Promise<string> {
  const input = await readInput(path, RULE_BYTES_MAX, 'of one rule file: split it');
  const text = (await buffer(input.open())).toString('utf8');
  if (text.trim() === '') throw new UsageError(`${path} is empty: there is no rule in it`);
  return text;
}

const sourceOf = async (path: string, peer: Peer, config: Config) =>
  toSource(await readInput(path, config.limits.input_bytes_max), peer, trustOf(config));

function toTrialText({ summary, problems, hits, not_checked }: RuleTrial, rule: string): string {
  return [
    safe(summary),
    ...problems.map((each) => toProblemText(each, rule)),
    ...hits.map(
      ({ rule: id, count, locators }) =>
        `  ${colors.green('hit')}  ${safe(id)}: ${count} (${safe(locators.slice(0, LOCATORS_SHOWN).join(', '))})`,
    ),
    ...not_checked.map(({ what, why }) => colors.dim(wrap(`not checked: ${safe(what)}: ${safe(why)}`, '  '))),
    '',
  ].join('\n');
}

/** As compilers write it, so that editors can jump there. */
const toProblemText = ({ severity, path, message, line, column }: SigmaProblem, rule: string): string =>
  `  ${safe(rule)}:${line}:${column} ${severity === 'error' ? colors.red('error') : colors.yellow('warning')} ${path === '' ? '' : `${safe(path)}: `}${safe(message)}`;

const RULE_BYTES_MAX = 131_072;
const ANSWER_MS_MAX = 300_000;
const LOCATORS_SHOWN = 5;
