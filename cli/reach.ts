/** The way to an orchestrator: the fleet that runs on the data folder, or a private one for the length of the call. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectOrchestrator,
  isHealthy,
  placeOf,
  readNote,
  startFleet,
  trustOf,
  type Config,
  type Fleet,
  type FleetEvent,
} from '../boot/index.ts';
import type { Peer } from '../mesh/index.ts';
import { AuroraError } from '../protocol/index.ts';

/** A reached orchestrator. */
export interface Reached {
  peer: Peer;
  config: Config;
  /** The private fleet, when one was started. */
  fleet: Fleet | undefined;
}

/** Whether a fleet runs on this data folder. */
export async function isRunning(config: Config): Promise<boolean> {
  const note = readNote(placeOf(config.data).running);
  return note !== undefined && isHealthy(note.url, trustOf(config));
}

/** Uses the fleet that runs on the data folder. Throws 5030 when none does. */
export async function withRunning<T>(
  config: Config,
  operator: string | undefined,
  use: (peer: Peer) => Promise<T>,
): Promise<T> {
  const note = readNote(placeOf(config.data).running);
  if (!note) throw new AuroraError(5030, { message: `No fleet runs on ${config.data}` });
  const peer = await connectOrchestrator({ url: note.url, data: config.data, operator, trust: trustOf(config) });
  try {
    return await use(peer);
  } finally {
    peer.close(1000, 'done');
  }
}

/** Starts a fleet of its own on free ports in a temporary folder, uses it, and leaves nothing behind. */
export async function withPrivate<T>(
  config: Config,
  use: (reached: Reached & { fleet: Fleet }) => Promise<T>,
  onEvent: (event: FleetEvent) => void = () => undefined,
): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'aurora-'));
  // Logs go to files of the temporary folder: what is on the terminal is the answer.
  const own: Config = { ...config, data, host: '127.0.0.1' };
  const flags = { ...toFlags(config), data };
  let fleet: Fleet | undefined;
  try {
    fleet = await startFleet({ config: own, flags, free_ports: true, quiet: true, onEvent });
    const started = fleet;
    return await withRunning(own, undefined, (peer) => use({ peer, config: own, fleet: started }));
  } finally {
    await fleet?.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** What the processes of a private fleet must know; where they are and who they are is decided anew. */
function toFlags({ content, limits, replicas, agents, mesh, log_level }: Config): Record<string, unknown> {
  return { host: '127.0.0.1', limits, replicas, agents, mesh, log_level, content };
}
