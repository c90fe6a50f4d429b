/** What every command is given: the flags that all have in common, and the way to the fleet. */
import { InvalidArgumentError, type Command } from 'commander';
import type { Config } from '../boot/index.ts';
import type { Peer } from '../mesh/index.ts';
import { withRunning } from './reach.ts';

/** The program under construction. */
export interface Cli {
  readonly program: Command;
  /** The configuration as the common flags and these say. */
  readonly configOf: (flags?: Record<string, unknown>) => Config;
  readonly isJson: () => boolean;
  /** Whose key is used. */
  readonly operator: () => string;
  /** The exit code, where it is not 0. */
  readonly end: (code: number) => void;
}

/** Asks the orchestrator that runs on the data folder, as the chosen operator. */
export const asking = <T>({ configOf, operator }: Cli, use: (peer: Peer) => Promise<T>): Promise<T> =>
  withRunning(configOf(), operator(), use);

/** The same through the fleet's API where somebody is signed in at it, and names no key. */
export async function askingApi<T>(cli: Cli, use: (way: Pick<Peer, 'request'>) => Promise<T>): Promise<T> {
  const { throughApi } = await import('./api-way.ts');
  const answered = cli.operator() === 'local' ? await throughApi(cli.configOf(), use) : undefined;
  return answered ? answered.value : asking(cli, use);
}

/** A flag that is a whole number. */
export function toInteger(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('say a whole number');
  return Number(text);
}
