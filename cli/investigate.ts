/** `aurora investigate`: an input in, a verdict out. */
import { trustOf, type Config } from '../boot/index.ts';
import {
  AuroraError,
  InvestigationResult,
  isErrorCode,
  TaskPage,
  type InputKind,
  type Task,
} from '../protocol/index.ts';
import { z } from 'zod';
import { throughApi } from './api-way.ts';
import { follow, type Watch, type Way } from './follow.ts';
import { readInput, toSource, type Input } from './input.ts';
import { AdvisedError, EXIT } from './outcome.ts';
import { isRunning, withPrivate, withRunning } from './reach.ts';
import { toJsonText } from './text.ts';
import { toVerdictText } from './verdict-view.ts';
import { createWatchView } from './watch-view.ts';

/** What one can say beside the file. */
export interface InvestigateOptions {
  kind?: InputKind | undefined;
  deadline_ms: number;
  json: boolean;
  operator?: string | undefined;
}

/** Reads, reaches, asks, shows. Answers the exit code; throws what `toOutcome` can tell. */
export async function investigate(path: string, config: Config, options: InvestigateOptions): Promise<number> {
  const input = await readInput(path, config.limits.input_bytes_max);
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort(new AuroraError(4990, { message: 'Interrupted' }));
  process.once('SIGINT', onInterrupt);
  const view = createWatchView(process.stderr, options.json);
  const use = async (peer: Way, reached: Config) => {
    const answer = await ask(peer, reached, input, { ...options, watch: view.watch, signal: interrupt.signal });
    view.close();
    return answer;
  };
  try {
    const { task, hops } = await reach(config, options, use);
    return show(task, hops, options.json);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** Through the API of the fleet that runs here, for whoever is signed in; over the mesh with a key; else in a fleet of its own. */
async function reach<T>(
  config: Config,
  { operator }: Pick<InvestigateOptions, 'operator'>,
  use: (way: Way, config: Config) => Promise<T>,
): Promise<T> {
  if (!(await isRunning(config))) return withPrivate(config, ({ peer, config: own }) => use(peer, own));
  // Who names a key wants to use it.
  const answered =
    operator === undefined || operator === 'local' ? await throughApi(config, (way) => use(way, config)) : undefined;
  return answered ? answered.value : withRunning(config, operator, (peer) => use(peer, config));
}

/** Hands the input to the orchestrator and follows it to its end. */
export async function ask(
  peer: Way,
  config: Config,
  input: Input,
  options: Pick<InvestigateOptions, 'kind' | 'deadline_ms'> & { watch: Watch; signal?: AbortSignal },
): Promise<{ task: Task; hops: Task[] }> {
  const source = await toSource(input, peer, trustOf(config));
  options.signal?.throwIfAborted();
  const accepted = await peer.request('handoff', {
    to: { skill: 'investigate' },
    params: { input: source, ...(options.kind && { kind: options.kind }) },
    wait: 'accepted',
    options: { deadline_ms: options.deadline_ms },
  });
  const { task_id } = Accepted.parse(accepted);
  const task = await follow(peer, task_id, options.watch, options.signal);
  const { items } = TaskPage.parse(await peer.request('task/list', { root_id: task_id, limit: 200 }));
  return { task, hops: items.filter((item) => item.task_id !== task_id).reverse() };
}

function show(task: Task, hops: readonly Task[], json: boolean): number {
  if (json) process.stdout.write(`${toJsonText(task)}\n`);
  const result = task.state === 'completed' ? InvestigationResult.safeParse(task.result) : undefined;
  if (!result?.success) throw failureOf(task);
  if (!json) process.stdout.write(toVerdictText(result.data, hops));
  return EXIT.ok;
}

/** Why there is no verdict. An agent that was away is no fleet that is: that one answered. */
export function failureOf({ error: told }: Pick<Task, 'error'>): Error {
  const { code = 5000, message = 'The investigation ended without a verdict' } = told ?? {};
  const error = new AuroraError(isErrorCode(code) ? code : 5000, { message });
  return error.code === 5030 ? new AdvisedError(error, 'See who is away, and why: aurora agents', EXIT.failed) : error;
}

const Accepted = z.object({ task_id: z.string() });
