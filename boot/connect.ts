/** The command line as a peer: a proven operator on the orchestrator's port, or a bare stranger on an agent's. */
import {
  answerHello,
  BARE_LINK_LIMITS,
  createMethods,
  createPeer,
  dialWebsocket,
  sayHello,
  type MethodHandler,
  type Peer,
  type Trust,
} from '../mesh/index.ts';
import { AuroraError, MESH_PROTOCOL } from '../protocol/index.ts';
import { countingMetrics, silentLog, systemClock, systemIds, systemRandom } from '../seams/index.ts';
import { identityOf, readKey } from './keys.ts';
import { filePins } from './pins.ts';
import { placeOf } from './place.ts';

/** Whom to dial, and as whom. */
export interface ConnectOptions {
  url: string;
  /** The data folder with the operator's key and the pins. */
  data: string;
  /** The operator: `local` unless said. */
  operator?: string | undefined;
  trust?: Trust | undefined;
  signal?: AbortSignal | undefined;
}

/** Dials, proves the operator's key and has the orchestrator prove its own. Rejects with 5030 (nobody there) or 4010 (no proof). */
export async function connectOrchestrator(options: ConnectOptions): Promise<Peer> {
  const { peer, role } = await connectProven(options);
  if (role === 'orchestrator') return peer;
  peer.close(1000, 'not the orchestrator');
  throw new AuroraError(4010, { message: `${options.url} did not prove the pinned key of the orchestrator` });
}

/** The same for any process of the fleet: it must be pinned, whoever it is. */
export async function connectProven(options: ConnectOptions) {
  const { url, data, operator = 'local' } = options;
  const place = placeOf(data);
  const id = `operator:${operator}`;
  const handshake = {
    self: identityOf(id, readKey(place.keyFile(id)), ids),
    pins: filePins(place.pins),
    clock: systemClock,
    ids,
    random: systemRandom,
  };
  const peer = await connect(url, MESH_PROTOCOL, handshake, options);
  try {
    const { id: agent_id, role } = await sayHello(peer, handshake, HELLO_MS_MAX);
    if (role === undefined)
      throw new AuroraError(4010, { message: `${agent_id} at ${url} is pinned in no ${place.pins}` });
    return { peer, role };
  } catch (reason) {
    peer.close(1000, 'no hello');
    throw reason;
  }
}

/** A bare link: no hello, no key; what an agent answers anybody on this machine. */
export const connectBare = (url: string, options: Pick<ConnectOptions, 'trust' | 'signal'> = {}): Promise<Peer> =>
  connect(url, '', undefined, options);

async function connect(
  url: string,
  protocol: string,
  handshake: Parameters<typeof answerHello>[0] | undefined,
  { trust, signal }: Pick<ConnectOptions, 'trust' | 'signal'>,
): Promise<Peer> {
  const clock = systemClock;
  const link = await dialWebsocket({
    url,
    protocol,
    clock,
    ...(trust && { tls: trust }),
    ...(signal ? { signal } : {}),
  }).catch((cause: unknown) => {
    throw new AuroraError(5030, { message: `nobody answers at ${url}`, cause });
  });
  const methods = new Map<string, MethodHandler>([['rpc.ping', () => ({ ok: true })]]);
  if (handshake) methods.set('mesh/hello', (params, call) => answerHello(handshake, params, call));
  return createPeer({
    link,
    clock,
    ids,
    log: silentLog,
    metrics: countingMetrics(),
    methods: createMethods(methods),
    ...(protocol === '' && { limits: { frame_bytes_max: BARE_LINK_LIMITS.frame_bytes_max } }), // 4130, not a lost link
  });
}

const ids = systemIds(() => systemClock.now());
const HELLO_MS_MAX = 5_000;
