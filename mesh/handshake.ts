/** Hello, both ways: who is at the other end of this link, proven by a pinned key (wire.md 3, 4). */
import { AuroraError, Hello, HelloResult, MESH_PROTOCOL, type RpcParams } from '../protocol/index.ts';
import { toIso, type Clock, type Ids, type Random } from '../seams/index.ts';
import { isProven, proveIdentity, publicKeyOf, type Identity, type Pins, type Role } from './identity.ts';
import type { Link } from './link.ts';
import type { Call, Peer } from './peer.ts';

/** Whoever proved a key on this link. A `stranger` proved one that nobody pinned: it may ask to be let in, nothing else. */
export interface Principal {
  id: string;
  role: Role | 'stranger';
  /** The key it proved. */
  public_key?: string | undefined;
  /** What it may have done on its behalf; everything, for a key that is pinned as an operator's, unless said. */
  scopes?: readonly string[] | undefined;
  instance_id: string;
  /** Largest frame it takes, bytes, and requests it runs at once. */
  frame_bytes_max: number;
  in_flight_max: number;
  /** Tasks that it says it still works on: re-adopted rather than redone (PROM-P12). */
  in_flight: string[];
}

/** What a handshake needs. */
export interface HandshakeDeps {
  self: Identity;
  pins: Pins;
  clock: Clock;
  ids: Ids;
  random: Random;
  /** Ids of tasks that run here. */
  inFlight?: () => string[];
  /** Digest of our card (`digestOf`): the link vouches for it. */
  card_digest?: string;
}

/** The answer to `mesh/hello`: introduces us and proves our key when challenged. -32602 when no version is common, then close 4002. */
export function answerHello(deps: HandshakeDeps, params: RpcParams | undefined, call: Call): HelloResult {
  const hello = Hello.safeParse(params);
  if (!hello.success) throw new AuroraError(-32602, { message: 'Invalid params: not a hello', cause: hello.error });
  if (!hello.data.versions.includes(MESH_PROTOCOL)) {
    deps.clock.after(0, () => call.peer.close(4002, 'no common version'));
    throw noCommonVersion();
  }
  const { link } = call.peer;
  const connection_id = deps.ids.next('conn');
  const { challenge } = hello.data;
  return {
    ...introduction(deps),
    version: MESH_PROTOCOL,
    connection_id,
    server_time: toIso(deps.clock.now()),
    ...(deps.card_digest !== undefined && { card_digest: deps.card_digest }),
    ...(challenge === undefined ? {} : { proof: prove(deps.self, challenge, link, connection_id) }),
  };
}

/**
 * Asks the other end who it is. `role` is set when the key it proved is pinned, undefined when nobody pinned that key; throws
 * 4010 when it proves none, -32602 when it speaks a version that nobody offered.
 */
export async function sayHello(peer: Peer, deps: HandshakeDeps, timeout_ms: number): Promise<Introduced> {
  const challenge = Buffer.from(deps.random.bytes(CHALLENGE_BYTES)).toString('base64url');
  const params = { ...introduction(deps), versions: [MESH_PROTOCOL], challenge };
  const answered = await peer.request('mesh/hello', params, { timeout_ms });
  const result = HelloResult.safeParse(answered);
  if (!result.success) throw new AuroraError(4010, { message: 'The other end answered no hello', cause: result.error });

  const { version, agent, connection_id, proof, limits, in_flight, card_digest } = result.data;
  if (version !== MESH_PROTOCOL) throw noCommonVersion();
  const about = { frame_bytes_max: limits.frame_bytes_max, in_flight_max: limits.in_flight_max, in_flight };
  const introduced = { id: agent.agent_id, instance_id: agent.instance_id, ...about };
  const pin = deps.pins.of(agent.agent_id);
  const claimed = agent.public_key && { id: agent.agent_id, role: 'agent' as const, public_key: agent.public_key };
  const key = pin ?? claimed;
  const subject = {
    challenge,
    agent_id: agent.agent_id,
    instance_id: agent.instance_id,
    dialled: peer.link.dialled,
    connection_id,
  };
  if (!key || !proof || !isProven(key, subject, proof)) {
    throw new AuroraError(4010, { message: `${agent.agent_id} did not prove its key`, detail: { id: agent.agent_id } });
  }
  peer.limitFrames(limits.frame_bytes_max);
  return { ...introduced, role: pin?.role, public_key: key.public_key, card_digest };
}

/** Whether that is why a hello came to nothing, at whichever end. */
export const isVersionRefused = ({ code, detail }: AuroraError): boolean =>
  code === -32602 && typeof detail === 'object' && detail !== null && 'versions' in detail;

const noCommonVersion = (): AuroraError =>
  new AuroraError(-32602, {
    message: `Invalid params: no common version, this end speaks ${MESH_PROTOCOL}`,
    detail: { versions: [MESH_PROTOCOL] },
  });

/** Like a principal, but `role` is undefined while its key is not pinned; `public_key` is the one it proved. */
export type Introduced = Omit<Principal, 'role' | 'public_key'> & {
  role: Role | undefined;
  public_key: string;
  card_digest: string | undefined;
};

function introduction({ self, inFlight }: HandshakeDeps) {
  return {
    agent: {
      agent_id: self.id,
      instance_id: self.instance_id,
      name: self.name,
      version: self.version,
      public_key: publicKeyOf(self.private_key),
    },
    capabilities: { cancel: true, progress: true, approvals: true, resume: true, batch_max: 32 },
    limits: { frame_bytes_max: 4_194_304, in_flight_max: 64, depth_max: 64 },
    heartbeat_ms: 7_000,
    in_flight: inFlight?.() ?? [],
  };
}

const prove = (self: Identity, challenge: string, link: Link, connection_id: string): string =>
  proveIdentity(self.private_key, {
    challenge,
    agent_id: self.id,
    instance_id: self.instance_id,
    dialled: link.dialled,
    connection_id,
  });

const CHALLENGE_BYTES = 32;
