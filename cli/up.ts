/** `aurora up`: starts the fleet and stays with it until it is told to stop. */
import {
  placeOf,
  readNote,
  startFleet,
  startTogether,
  type Config,
  type Fleet,
  type FleetEvent,
} from '../boot/index.ts';
import { EXIT, UsageError } from './outcome.ts';
import { isRunning } from './reach.ts';
import { toJsonText } from './text.ts';

/** What one can say. */
export interface UpOptions {
  config_file: string | undefined;
  flags: Record<string, unknown>;
  single_process: boolean;
  json: boolean;
}

/** Resolves when the fleet was stopped: 0, or 1 when it could not go on. */
export async function up(config: Config, { config_file, flags, single_process, json }: UpOptions): Promise<number> {
  if (await isRunning(config))
    throw new UsageError(`A fleet runs on ${config.data} already; use it, or give another --data`);
  const onEvent = (event: FleetEvent) => void process.stdout.write(json ? `${toJsonText(event, 0)}\n` : toLine(event));
  if (single_process) process.stderr.write('aurora: one process for all: there is no isolation between agents\n');
  const stopped = whenTold();
  const options = { config, config_file, flags, onEvent };
  const fleet: Fleet = single_process ? await startTogether(options) : await startFleet(options);
  const { api_url } = readNote(placeOf(config.data).running) ?? {};
  const api = api_url === undefined ? '' : `API at ${api_url}, described at ${api_url}/docs. `;
  if (!json) process.stdout.write(`\n${api}Ready at ${fleet.url}, data in ${config.data}. Ctrl-C stops it.\n`);
  const why = await Promise.race([stopped, fleet.failed]);
  process.stderr.write(`aurora: ${why}, stopping\n`);
  await fleet.stop();
  return why === TOLD ? EXIT.ok : EXIT.failed;
}

function whenTold(): Promise<string> {
  return new Promise((resolve) => {
    let told = 0;
    const onSignal = () => {
      if (++told > 1) process.exit(EXIT.failed);
      resolve(TOLD);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

const toLine = ({ what, id, pid, detail }: FleetEvent): string =>
  `${what.padEnd(9)} ${id.padEnd(20)} ${pid === undefined ? '' : `pid ${pid} `}${detail}\n`;

const TOLD = 'told to stop';
