/** `aurora investigate`: an input in, a verdict out. */
import { trustOf, type Config } from '../boot/index.ts';
import type { Peer } from '../mesh/index.ts';
import {
  AuroraError,
  InvestigationResult,
  isErrorCode,
  TaskPage,
  type InputKind,
  type Task,
} from '../protocol/index.ts';
import { z } from 'zod';
import { follow, type Watch } from './follow.ts';
import { readInput, toSource, type Input } from './input.ts';
import { EXIT } from './outcome.ts';
import { isRunning, withPrivate, withRunning } from './reach.ts';
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
  const use = async (peer: Peer, reached: Config) => {
    const answer = await ask(peer, reached, input, { ...options, watch: view.watch, signal: interrupt.signal });
    view.close();
    return answer;
  };
  try {
    const { task, hops } = (await isRunning(config))
      ? await withRunning(config, options.operator, (peer) => use(peer, config))
      : await withPrivate(config, ({ peer, config: own }) => use(peer, own));
    return show(task, hops, options.json);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** Hands the input to the orchestrator and follows it to its end. */
export async function ask(
  peer: Peer,
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
  if (json) process.stdout.write(`${JSON.stringify(task, null, 2)}\n`);
  const result = task.state === 'completed' ? InvestigationResult.safeParse(task.result) : undefined;
  if (!result?.success) {
    const { code = 5000, message = 'The investigation ended without a verdict' } = task.error ?? {};
    throw new AuroraError(isErrorCode(code) ? code : 5000, { message });
  }
  if (!json) process.stdout.write(toVerdictText(result.data, hops));
  return EXIT.ok;
}

const Accepted = z.object({ task_id: z.string() });
