/** The way to the fleet through its API, for whoever is signed in here: it answers the methods that the views ask for, so they show the same. */
import { readNote, placeOf, trustOf, type Config } from '../boot/index.ts';
import { ApiError, AuthError, ClientError, createClient, InvalidRequestError, type Client } from '../client/index.ts';
import { AuroraError, InputKind, isErrorCode, isFinal, routes, Source, type ProgressEvent } from '../protocol/index.ts';
import { z } from 'zod';
import type { Way } from './follow.ts';
import { UsageError } from './outcome.ts';
import { findLogin, keepLogin } from './session.ts';

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
  const { access_token, refresh_token } = login.tokens;
  const onTokens = (tokens: typeof login.tokens) => keepLogin(config, { api_url, tokens });
  return createClient({ base_url: api_url, credentials: { access_token, refresh_token, onTokens } });
}

/** The methods, each as its route. */
function wayOf(client: Client): Way {
  const { orchestrator, investigations, streams } = client;
  // Opened before anything is asked for, so that what happens is heard from its beginning.
  const open = () => ({ thoughts: streams.agentThoughts(), receipts: streams.investigationReceipts() });
  let heard: ReturnType<typeof open> | undefined;
  let is_open = true;
  let lose: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (lose = resolve));
  const acts: Readonly<Record<string, (params: unknown) => Promise<unknown>>> = {
    'task/list': (params) => orchestrator.history(routes.orchestrator.history.input.parse(params)),
    'task/get': (params) => orchestrator.task(routes.orchestrator.task.input.parse(params)),
    'task/cancel': (params) => orchestrator.cancel(routes.orchestrator.cancel.input.parse(params)),
    'blob/grant': (params) => investigations.grantBlob(routes.investigations.grantBlob.input.parse(params)),
    handoff: async (params) => {
      heard ??= open();
      await Promise.all([heard.thoughts.opened, heard.receipts.opened]);
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
      const { thoughts, receipts } = (heard ??= open());
      Promise.all([tellThoughts(thoughts, task_id, onEvent), tellEnd(client, receipts, task_id, onEvent)]).catch(() => {
        is_open = false;
        lose();
      });
      const stop = () => {
        thoughts.close();
        receipts.close();
      };
      return { result: null, stop };
    },
  };
}

async function tellThoughts(
  thoughts: ReturnType<Client['streams']['agentThoughts']>,
  investigation_id: string,
  onEvent: (event: ProgressEvent) => void,
): Promise<void> {
  for await (const { lost, seq, at, data } of thoughts) {
    if (lost || data.investigation_id !== investigation_id) continue;
    const { kind, text, task_id, agent_id, skill } = data;
    const source = task_id === investigation_id ? undefined : { task_id, agent_id, skill, attempt: 1 };
    onEvent({ token: investigation_id, seq, at, kind, value: { text }, ...(source && { source }) });
  }
}

/** The receipt is the end, and then it is told how each step ended; where receipts were lost the record is asked. */
async function tellEnd(
  { orchestrator }: Client,
  receipts: ReturnType<Client['streams']['investigationReceipts']>,
  task_id: string,
  onEvent: (event: ProgressEvent) => void,
): Promise<void> {
  for await (const { lost, seq, at, data } of receipts) {
    if (!lost && data.task_id !== task_id) continue;
    const { state } = lost ? await orchestrator.task({ task_id }) : data;
    const { items } = isFinal(state) ? await orchestrator.history({ root_id: task_id, limit: 200 }) : { items: [] };
    for (const step of items.filter((item) => item.task_id !== task_id).reverse()) {
      const { agent_id, skill, attempts } = step;
      const source = { task_id: step.task_id, agent_id, skill, attempt: attempts.length };
      onEvent({ token: task_id, seq, at: step.updated_at, kind: 'status', value: { state: step.state }, source });
    }
    onEvent({ token: task_id, seq, at, kind: 'status', value: { state } });
  }
}

/** What a client throws, as what the command line can tell. */
function toAuroraError(reason: unknown): unknown {
  if (reason instanceof AuthError)
    return new UsageError('You are not signed in any more: aurora login', { cause: reason });
  if (reason instanceof InvalidRequestError) return new UsageError(reason.message, { cause: reason });
  if (!(reason instanceof ClientError)) return reason;
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
