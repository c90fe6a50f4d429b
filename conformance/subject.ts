/** The peer under test as the kit knows it: where it is, who we are to it, and what it says it can do. */
import type { Frame } from './answers.ts';
import type { Key } from './identity.ts';
import type { Trust } from './trust.ts';
import type { Turns } from './turns.ts';

/** A skill of the peer, as far as it is known. */
export interface Skill {
  name: string;
  /** `unknown` is never called unless effects are allowed. */
  effect: 'read' | 'idempotent' | 'non_idempotent' | 'unknown';
  /** Params that fit: the user's, an example of the peer's, or made from the schema. */
  params: Frame;
  /** Whether the params were made up from the schema: they fit, but may mean nothing. */
  is_made?: boolean;
  /** How many run at once, as the peer says. */
  concurrency?: number | undefined;
  /** JSON Schema of the params and of the result, where they were published. */
  params_schema?: Frame | undefined;
  result_schema?: Frame | undefined;
}

/** The peer. */
export interface Subject extends Trust {
  url: string;
  /** `host:port`, the port always said. */
  dialled: string;
  token?: string | undefined;
  /** The key that the peer has pinned: of its orchestrator, or of an operator of the orchestrator under test. */
  key?: Key | undefined;
  /** A key that nobody has pinned. */
  stranger: Key;
  /** A key under which the kit may register an agent of its own: pinned where `key` is an operator's. */
  agent_key?: Key | undefined;
  /** A second one, for an agent that the first hands work to. */
  peer_key?: Key | undefined;
  /** Whose turn it is to be that agent. */
  turns: Turns;
  seed: number;
  /** Tries of each property. */
  runs: number;
  allow_effects: boolean;
  limits: { answer_ms_max: number; upgrade_ms_max: number; check_ms_max: number };
  /** Makes the peer leave (SIGTERM); absent when nobody said how. */
  drain?: (() => Promise<void> | void) | undefined;
  monotonic: () => number;
  /** What `rpc.discover` answered, and the card; undefined when there is none. */
  document?: Frame | undefined;
  card?: Frame | undefined;
  skills: readonly Skill[];
}

/** `host:port` of a ws or wss address. */
export function dialledOf(url: string): string {
  const { protocol, host, port } = new URL(url);
  return port === '' ? `${host}:${protocol === 'wss:' ? 443 : 80}` : host;
}
