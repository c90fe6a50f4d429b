/** The fleet as child processes: one each, started again when they die, given up when they only die, drained at the end. */
import { mkdirSync } from 'node:fs';
import { systemClock } from '../seams/index.ts';
import { createChild, type Child, type ChildSpec } from './child.ts';
import type { Config } from './config.ts';
import { addOperator, ensureFleetKeys } from './enrol.ts';
import { placeOf } from './place.ts';
import { assertPortsFree } from './ports.ts';
import { addressesOf, agentsHere, portOf, rosterOf } from './roster.ts';
import { bindingOf, onThisMachine } from './seams.ts';

/** What happened to a process, for people. */
export interface FleetEvent {
  what: 'up' | 'died' | 'given_up';
  id: string;
  pid: number | undefined;
  /** An address, an exit code, or why nothing more is tried. */
  detail: string;
}

/** How a fleet is started. */
export interface FleetOptions {
  config: Config;
  /** The file and the flags that the configuration came from: handed to every process. */
  config_file?: string | undefined;
  flags?: Readonly<Record<string, unknown>>;
  /** Every port is a free one. */
  free_ports?: boolean;
  /** The processes write their logs into files of the data folder instead of stderr. */
  quiet?: boolean;
  onEvent?: (event: FleetEvent) => void;
}

/** One process of the fleet, as seen now. */
export interface Member {
  id: string;
  pid: number | undefined;
  instance_id: string | undefined;
  url: string | undefined;
}

/** A running fleet. */
export interface Fleet {
  /** Of the orchestrator, for somebody on this machine. */
  url: string;
  members(): Member[];
  /** Settles with the reason when the orchestrator is given up: the fleet is of no use then. */
  failed: Promise<string>;
  /** Drains the orchestrator while its agents still work, then the agents. */
  stop(): Promise<void>;
}

/** A fleet that could not be started although its configuration is sound; the message says what happened. */
export class FleetError extends Error {
  override readonly name = 'FleetError';
}

/**
 * Makes missing keys, starts all agents, then the orchestrator that dials them. Rejects when that one cannot be started: with a
 * PortTakenError before anything is, when its port or that of the API is taken.
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const config = onThisMachine(options.config);
  bindingOf('orchestrator', config); // what cannot be bound is said once, not by every process
  if (!options.free_ports) await assertPortsFree(config);
  ensureFleetKeys(config);
  addOperator(config, 'local');
  const release = stayAlive();
  const place = placeOf(config.data);
  if (options.quiet) mkdirSync(place.logs, { recursive: true, mode: 0o700 });
  const toChild = (spec: ChildSpec) =>
    createChild(spec, {
      clock: systemClock,
      kill_after_ms: config.limits.drain_ms + KILL_GRACE_MS,
      ...(options.quiet ? { log_folder: place.logs } : {}),
      ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    });
  const argsOf = (role: string[], flags: object) => [
    ...role,
    ...(options.config_file === undefined ? [] : ['--config', options.config_file]),
    '--flags',
    JSON.stringify({ ...options.flags, data: config.data, advertise: config.advertise, ...flags }),
  ];
  const firstPort = (id: string, replica: number) => (options.free_ports || replica > 0 ? 0 : portOf(config, id));

  const agents = agentsHere(config).map((id, index, all) => {
    const replica = index - all.indexOf(id);
    return toChild({
      id,
      name: replica === 0 ? id : `${id}-${replica + 1}`,
      argsFor: (port) => argsOf(['agent', id], { port: port ?? firstPort(id, replica) }),
    });
  });
  await Promise.all(agents.map(({ started }) => started));
  const known = addressesOf(config);
  const local = agents.flatMap(({ id: agent_id, url }) => {
    if (url !== undefined) return [{ agent_id, url }];
    // Given up before it ever served: at its own port it is seen as offline, and taken back should it come.
    return options.free_ports ? [] : known.filter((entry) => entry.agent_id === agent_id);
  });
  const elsewhere = rosterOf(config).filter(({ url }) => url !== undefined);

  const orchestrator = toChild({
    id: 'orchestrator',
    name: 'orchestrator',
    node: ORCHESTRATOR_NODE,
    argsFor: (port) =>
      argsOf(['orchestrator'], {
        port: port ?? (options.free_ports ? 0 : (config.port ?? portOf(config, 'orchestrator'))),
        agents: [...local, ...elsewhere],
      }),
  });
  await orchestrator.started;
  const stop = async () => {
    await orchestrator.stop();
    await Promise.all(agents.map((agent) => agent.stop()));
    release();
  };
  if (orchestrator.url === undefined) {
    await stop();
    throw new FleetError(`the orchestrator did not start: ${await orchestrator.given_up}`);
  }
  return {
    url: orchestrator.url,
    members: () => [orchestrator, ...agents].map(toMember),
    failed: orchestrator.given_up,
    stop,
  };
}

/** Holds this process while all children are between two lives: a waiting timer of the clock does not. */
function stayAlive(): () => void {
  const { port1 } = new MessageChannel();
  port1.ref();
  return () => port1.close();
}

const toMember = ({ id, pid, instance_id, url }: Child): Member => ({ id, pid, instance_id, url });

/**
 * What is in flight lives through few collections of young garbage when these are rare: a tenth of a dispatch less, for at most
 * 48 MB more under load (docs/performance.md).
 */
export const ORCHESTRATOR_NODE = ['--max-semi-space-size=32'];

/** What a process gets beyond its drain time before it is killed. */
const KILL_GRACE_MS = 3_000;
