/** The way to the fleet through its API, for whoever is signed in here: it answers the methods that the views ask for, so they show the same. */
import { readNote, placeOf, trustOf, type Config } from '../boot/index.ts';
import {
  ApiError,
  AuthError,
  ClientError,
  ConnectionError,
  createClient,
  InvalidRequestError,
  systemPlatform,
  type Client,
} from '../client/index.ts';
import {
  AuroraError,
  httpStatus,
  InputKind,
  isErrorCode,
  isFinal,
  routes,
  Source,
  TaskState,
  type ProgressEvent,
} from '../protocol/index.ts';
import { z } from 'zod';
import type { Way } from './follow.ts';
import { UsageError } from './outcome.ts';
import { createNews } from './record.ts';
import { findLogin, renewLogin } from './session.ts';
import { createSteps, sourceOf, type Steps } from './steps.ts';

/** Uses the API of the fleet that runs on the data folder; undefined where it has none, or nobody is signed in at it. */
export async function throughApi<T>(config: Config, use: (way: Way) => Promise<T>): Promise<{ value: T } | undefined> {
  const client = clientOf(config);
  if (!client) return undefined;
  try {
    return { value: await use(wayOf(client)) };
  } catch (reason) {
    throw toAuroraError(reason);
  } finally {
    client.close();
  }
}

function clientOf(config: Config): Client | undefined {
  const api_url = readNote(placeOf(config.data).running)?.api_url;
  const login = findLogin(config);
  if (api_url === undefined || login?.api_url !== api_url) return undefined;
  // An authority of one's own is something that Node's fetch does not take: the mesh does.
  if (trustOf(config) !== undefined && api_url.startsWith('https:')) return undefined;
  let { tokens } = login;
  const renew = async () => (tokens = await renewLogin(config, { api_url, tokens }).catch(toPassing));
  const credentials = { access_token: tokens.access_token, renew };
  return createClient({ base_url: api_url, credentials, hooks: { onRetry: sayWait } });
}

/** Somebody looks at a terminal meanwhile: a pause of seconds is said. */
function sayWait({ wait_ms }: { wait_ms: number }): void {
  if (wait_ms < WAIT_SAID_MS) return;
  process.stderr.write(
    `aurora: the API is busy or away, or takes no more of you now: waits ${Math.ceil(wait_ms / 1_000)} s\n`,
  );
}

/** Whoever is busy, or cannot be reached, may be asked again: calls are repeated for it, and streams wait. */
function toPassing(reason: unknown): never {
  const may_pass = reason instanceof AuroraError && (reason.code === 4290 || httpStatus(reason.code) >= 500);
  throw may_pass ? new ConnectionError(reason.message, { operation: 'auth.refresh', cause: reason }) : reason;
}

/** The methods, each as its route. */
function wayOf(client: Client): Way {
  const { orchestrator, investigations } = client;
  // Opened before anything is asked for, so that what happens is heard from its beginning.
  let heard: Promise<Heard> | undefined;
  let is_open = true;
  let lose: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (lose = resolve));
  const acts: Readonly<Record<string, (params: unknown) => Promise<unknown>>> = {
    'task/list': (params) => orchestrator.history(routes.orchestrator.history.input.parse(params)),
    'task/get': (params) => orchestrator.task(routes.orchestrator.task.input.parse(params)),
    'task/cancel': (params) => orchestrator.cancel(routes.orchestrator.cancel.input.parse(params)),
    'blob/grant': (params) => investigations.grantBlob(routes.investigations.grantBlob.input.parse(params)),
    handoff: async (params) => {
      await (heard ??= openAll(client));
      const { params: asked, options } = Asked.parse(params);
      const input = routes.investigations.investigate.input.parse({ ...asked, ...options });
      const { investigation_id, state } = await investigations.investigate(input);
      return { task_id: investigation_id, state };
    },
  };

  return {
    closed,
    link: {
      get open() {
        return is_open;
      },
    },
    async request(method, params) {
      const act = acts[method];
      if (!act) throw new AuroraError(-32601);
      return act(params);
    },
    async subscribe(_method, params, onEvent) {
      const { task_id } = TaskOf.parse(params);
      const all = await (heard ??= openAll(client));
      const held: ProgressEvent[] = [];
      const onStep = (event: ProgressEvent) => void held.push(event);
      const steps = createSteps(client, task_id, { onStep, onReconnect: sayWait });
      const over = new AbortController();
      tellAll(client, { ...all, steps, held }, { task_id, signal: over.signal, onEvent }).catch(() => {
        is_open = false;
        lose();
      });
      const stop = () => {
        over.abort();
        for (const stream of [all.thoughts, all.receipts, steps]) stream.close();
      };
      return { result: null, stop };
    },
  };
}

/** What tells of all investigations, from before one is asked for. */
interface Heard {
  thoughts: ReturnType<Client['streams']['agentThoughts']>;
  receipts: ReturnType<Client['streams']['investigationReceipts']>;
}

async function openAll({ streams }: Client): Promise<Heard> {
  const options = { onReconnect: sayWait };
  const heard = { thoughts: streams.agentThoughts(options), receipts: streams.investigationReceipts(options) };
  await Promise.all([heard.thoughts, heard.receipts].map(({ opened }) => opened));
  return heard;
}

/**
 * Tells thoughts and steps from the streams, and states from the record, in the order in which they happened; resolves with the end
 * of the investigation. The receipt only wakes: where it was lost, the record says that it is over.
 */
async function tellAll(
  client: Client,
  { thoughts, receipts, steps, held }: Heard & { steps: Steps; held: ProgressEvent[] },
  { task_id, signal, onEvent }: { task_id: string; signal: AbortSignal; onEvent: (event: ProgressEvent) => void },
): Promise<void> {
  const news = createNews(client, task_id);
  const never = new Promise<never>(() => undefined);
  const failed = hearThoughts(thoughts, task_id, held).then(() => never);
  let ended: Promise<void> = receiptOf(receipts, task_id).then(() => void (ended = never)); // it wakes once
  for (;;) {
    await Promise.race([failed, ended, systemPlatform.sleep(READ_MS, signal)]);
    const told = await news();
    await steps.learn(told);
    const is_over = told.some(({ source, value }) => !source && isFinal(StateOf.parse(value).state));
    // What was said before the end may still be on its way over another socket.
    if (is_over) await systemPlatform.sleep(LINGER_MS, signal);
    const ready = [...held.splice(0), ...told].sort(
      (one, other) => Number(one.at > other.at) - Number(one.at < other.at),
    );
    for (const event of ready) onEvent(event);
    if (is_over) return;
  }
}

/** Resolves with the receipt of the investigation, or when there will be none. */
async function receiptOf(receipts: Heard['receipts'], task_id: string): Promise<void> {
  for await (const { lost, data } of receipts) if (!lost && data.task_id === task_id) return;
}

async function hearThoughts(thoughts: Heard['thoughts'], token: string, held: ProgressEvent[]): Promise<void> {
  for await (const { lost, seq, at, data } of thoughts) {
    if (lost || data.investigation_id !== token) continue;
    const { kind, text } = data;
    held.push({ token, seq, at, kind, value: { text }, ...sourceOf(data, token) });
  }
}

/** What a client throws, as what the command line can tell. */
function toAuroraError(reason: unknown): unknown {
  if (reason instanceof AuthError)
    return new UsageError('You are not signed in any more: aurora login', { cause: reason });
  if (reason instanceof InvalidRequestError) return new UsageError(reason.message, { cause: reason });
  if (!(reason instanceof ClientError)) return reason;
  // What renewing the tokens met here is told as it is, also after it was tried again in vain.
  const met = reason.cause instanceof ConnectionError ? reason.cause : reason;
  if (met.cause instanceof UsageError || met.cause instanceof AuroraError) return met.cause;
  const failure = reason.cause instanceof ApiError ? reason.cause : reason;
  if (!(failure instanceof ApiError)) return new AuroraError(5030, { message: failure.message, cause: reason });
  const code = Number(failure.code.replace('AURORA-', ''));
  const known = isErrorCode(code) ? code : 5030;
  return new AuroraError(known, { message: failure.said, detail: failure.detail, cause: reason });
}

const Asked = z.object({
  params: z.object({ input: Source, kind: InputKind.optional() }),
  options: z.object({ deadline_ms: z.number() }),
});
const TaskOf = z.object({ task_id: z.string() });
const StateOf = z.object({ state: TaskState });

/** How often the record is read, ms: well below the budget of a user. */
const READ_MS = 2_000;
/** A pause that somebody at a terminal would notice, ms. */
const WAIT_SAID_MS = 2_000;
/** How long what is on its way may take after the end, ms. */
const LINGER_MS = 100;
