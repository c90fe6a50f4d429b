/** `aurora call`: one request to any peer, bare as a stranger or proven as an operator. */
import { connectBare, connectProven, trustOf, type Config } from '../boot/index.ts';
import { UsageError } from './outcome.ts';
import { parseParams } from './params.ts';
import { print } from './print.ts';
import { readText } from './standard-input.ts';

/** Sends one request and prints the result as JSON. Throws what the peer answered. */
export async function call(
  config: Config,
  asked: {
    url: string;
    method: string;
    params: string | undefined;
    mesh: boolean;
    timeout_ms: number;
    operator?: string | undefined;
  },
): Promise<void> {
  if (!/^wss?:\/\//.test(asked.url)) throw new UsageError(`${asked.url} is no ws:// or wss:// address`);
  const params = parseParams(asked.params === '-' ? await readText(PARAMS_BYTES_MAX) : (asked.params ?? '{}'));
  const trust = trustOf(config);
  const peer = asked.mesh
    ? (await connectProven({ url: asked.url, data: config.data, operator: asked.operator, trust })).peer
    : await connectBare(asked.url, { trust });
  try {
    print(await peer.request(asked.method, params, { timeout_ms: asked.timeout_ms }));
  } finally {
    peer.close(1000, 'done');
  }
}

/** A frame of the mesh holds no more. */
const PARAMS_BYTES_MAX = 4_194_304;
