/** `aurora call`: one request to any peer, bare as a stranger or proven as an operator. */
import { connectBare, connectProven, type Config } from '../boot/index.ts';
import { AuroraError } from '../protocol/index.ts';
import { AdvisedError } from './outcome.ts';
import { parseParams } from './params.ts';
import { assertWsUrl, noWebSocket } from './peer-address.ts';
import { print } from './print.ts';
import { readText } from './standard-input.ts';
import { tlsAdvice, trustFor, whyOf, type TlsFlags } from './trust.ts';

/** Sends one request and prints the result as JSON. Throws what the peer answered. */
export async function call(
  config: Config,
  asked: TlsFlags & {
    url: string;
    method: string;
    params: string | undefined;
    mesh: boolean;
    timeout_ms: number;
    operator?: string | undefined;
  },
): Promise<void> {
  assertWsUrl(asked.url);
  const params = parseParams(asked.params === '-' ? await readText(PARAMS_BYTES_MAX) : (asked.params ?? '{}'));
  const peer = await dial(config, asked).catch((reason: unknown) => {
    const advice = tlsAdvice(asked.url, reason);
    if (whyOf(deepest(reason)).startsWith(NO_UPGRADE)) throw noWebSocket(config, asked.url);
    if (advice === undefined) throw reason;
    const message = `no conversation with ${asked.url}: ${whyOf(deepest(reason))}`;
    throw new AdvisedError(new AuroraError(5030, { message, cause: reason }), advice);
  });
  try {
    print(await peer.request(asked.method, params, { timeout_ms: asked.timeout_ms }));
  } catch (reason) {
    const advice = reason instanceof AuroraError ? adviceOn(reason.code, asked) : undefined;
    throw reason instanceof AuroraError && advice !== undefined ? new AdvisedError(reason, advice) : reason;
  } finally {
    peer.close(1000, 'done');
  }
}

/** What helps whoever called a peer wrongly: where it says what it takes, and how one asks for what acts. */
function adviceOn(code: number, { url, method, mesh }: { url: string; method: string; mesh: boolean }) {
  if (code === -32601) return `What it offers: aurora inspect ${url}`;
  if (code === -32602) return `What it takes: aurora inspect ${method === 'handoff' ? THE_AGENT : url}`;
  return code === 4030 && !mesh ? BY_HANDOFF : undefined;
}

async function dial(config: Config, asked: TlsFlags & { url: string; mesh: boolean; operator?: string | undefined }) {
  const { url, operator } = asked;
  const trust = trustFor(config, asked);
  if (!asked.mesh) return connectBare(url, { trust });
  return (await connectProven({ url, data: config.data, operator, trust })).peer;
}

/** What stands behind all of an error. */
const deepest = (reason: unknown): unknown =>
  reason instanceof Error && reason.cause !== undefined ? deepest(reason.cause) : reason;

/** As `ws` says that an HTTP server answered, and that it did not agree. */
const NO_UPGRADE = 'Unexpected server response';
const THE_AGENT = '<ws-url of its agent>, as aurora agents shows it';
const BY_HANDOFF =
  'What acts is asked for at the orchestrator, with a key: aurora call --mesh ws://127.0.0.1:9000 handoff \'{"to":{"skill":"…"},"params":{…}}\'';

/** A frame of the mesh holds no more. */
const PARAMS_BYTES_MAX = 4_194_304;
