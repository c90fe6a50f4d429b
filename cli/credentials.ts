/** As whom a peer is visited: the keys that were named, else those of the data folder that fit. */
import { existsSync, readFileSync } from 'node:fs';
import { enrollAgent, revokeAgent, placeOf, readNote, type Config } from '../boot/index.ts';
import { readPem, type Key, type Profile } from '../conformance/index.ts';
import { UsageError } from './outcome.ts';

/** What was said about keys. */
export interface KeyFlags {
  key?: string | undefined;
  id?: string | undefined;
  agentKey?: string | undefined;
  peerKey?: string | undefined;
}

/** The keys of a visit, and what is to be told about them. */
export interface Credentials {
  key?: Key;
  /** Where it lies. */
  key_file?: string;
  /** Agents that were pinned for this visit alone: `revokeAll` takes that back. */
  enrolled: string[];
  agent_key?: Key;
  peer_key?: Key;
  told: string[];
}

/** The keys for a peer that is held to these profiles. Throws a UsageError on a file that holds none. */
export function credentialsFor(
  config: Config,
  asked: { url: string; profiles: readonly Profile[]; operator: string; flags: KeyFlags; enrols: boolean },
): Credentials {
  const { url, profiles, operator, flags, enrols } = asked;
  const orchestrates = profiles.includes('orchestrator');
  const told: string[] = [];
  const id = orchestrates ? `operator:${operator}` : 'orchestrator';
  const own_file = placeOf(config.data).keyFile(id);
  const credentials: Credentials = { told, enrolled: [] };
  if (flags.key !== undefined)
    Object.assign(credentials, { key: readKeyFile(flags.key, flags.id ?? id), key_file: flags.key });
  else if (profiles.some((profile) => profile !== 'bare') && existsSync(own_file)) {
    Object.assign(credentials, { key: readKeyFile(own_file, id), key_file: own_file });
    told.push(`speaking as ${id}, with the key of ${config.data} (name another with --key and --id)`);
  }
  if (flags.agentKey !== undefined) credentials.agent_key = readKeyFile(flags.agentKey, AGENT);
  if (flags.peerKey !== undefined) credentials.peer_key = readKeyFile(flags.peerKey, PEER);
  if (enrols && orchestrates && credentials.key && isOwnFleet(config, url)) {
    // Also where the pin is there already: a run that was killed could not take it back.
    const borrow = (agent_id: string): Key => {
      credentials.enrolled.push(agent_id);
      return readKeyFile(enrollAgent(config, agent_id).key_file, agent_id);
    };
    credentials.agent_key ??= borrow(AGENT);
    credentials.peer_key ??= borrow(PEER);
    told.push(
      `"${AGENT}" and "${PEER}" are pinned in ${config.data} while this lasts: the kit registers as them to see what agents are sent`,
    );
  }
  return credentials;
}

/** Takes back what was pinned for a visit, and the stranger that the kit registered to be refused. */
export function revokeAll(config: Config, { enrolled }: Pick<Credentials, 'enrolled'>): void {
  if (enrolled.length > 0) for (const agent_id of [...enrolled, STRANGER]) revokeAgent(config, agent_id);
}

/** Only the fleet of the data folder is given a pin. */
function isOwnFleet(config: Config, url: string): boolean {
  const note = readNote(placeOf(config.data).running);
  return note !== undefined && toPort(note.url) === toPort(url) && LOOPBACK.has(new URL(url).hostname);
}

const toPort = (url: string): string => new URL(url).port;

function readKeyFile(path: string, id: string): Key {
  try {
    return readPem(id, readFileSync(path, 'utf8'));
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    throw new UsageError(`${path} holds no Ed25519 key in PEM: ${why}`);
  }
}

const AGENT = 'conformance-agent';
/** Whom the first hands work on to. */
const PEER = 'conformance-peer';
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** Whose key nobody pins. */
const STRANGER = 'conformance-stranger';
