/** The address of a peer that somebody names: whether it is one, and why there is no conversation with who is there. */
import { placeOf, readNote, type Config } from '../boot/index.ts';
import { AuroraError } from '../protocol/index.ts';
import { AdvisedError, UsageError } from './outcome.ts';
import { tlsAdvice, whyOf } from './trust.ts';

/** Throws a UsageError on what is no address of a WebSocket. */
export function assertWsUrl(url: string): void {
  if (!/^wss?:\/\//.test(url) || !URL.canParse(url)) {
    const like = /^https?:\/\//.test(url) ? `; try ${url.replace(/^http/, 'ws')}` : '';
    throw new UsageError(`${url} is no ws:// or wss:// address${like}`);
  }
}

/** What keeps the kit from beginning: nobody is there, or who is there speaks no WebSocket. A fault of the kit passes as it is. */
export async function reaching<T>(url: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (isFault(cause)) throw cause;
    const error = new AuroraError(5030, { message: `no conversation with ${url}: ${whyOf(cause)}`, cause });
    const advice = tlsAdvice(url, cause);
    if (advice !== undefined) throw new AdvisedError(error, advice);
    throw new AdvisedError(error, 'Is it started, and is that its port? Where a fleet of ours runs: aurora agents');
  }
}

/** Whom somebody asked for who answers, but agrees to no WebSocket: often it is the API beside the mesh. */
export function noWebSocket(config: Config, url: string): Error {
  const note = readNote(placeOf(config.data).running);
  const is_api = note?.api_url !== undefined && new URL(note.api_url).port === new URL(url).port;
  const error = new AuroraError(5030, { message: `${url} answers, but agrees to no WebSocket` });
  const advice = is_api
    ? `This is the port of the REST API; the orchestrator of the mesh is at ${note.url}, and agents says where the others are: aurora agents`
    : 'Does it want a --token, or another path? The API of a fleet is another port than its mesh: aurora agents';
  return new AdvisedError(error, advice);
}

/** An error of the program itself; one that a lost connection stands behind has a cause. */
const isFault = (error: unknown): boolean =>
  [TypeError, RangeError, ReferenceError].some((kind) => error instanceof kind) &&
  error instanceof Error &&
  error.cause === undefined;
