/** The life of one process: it starts, tells its parent, drains at SIGTERM, and leaves no error unsaid. */
import { z } from 'zod';
import type { Log } from '../seams/index.ts';
import { keepGarbageYoung } from './heap.ts';
import { ConfigError } from './layers.ts';
import { KeyFileError } from './keys.ts';
import type { Running } from './running.ts';

/** What a child tells the fleet once it serves. */
export const Ready = z.object({ kind: z.literal('ready'), url: z.string(), port: z.number(), instance_id: z.string() });
export type Ready = z.infer<typeof Ready>;

/** What a child tells the fleet when it waits for its turn instead of serving: that may take days. */
export const StandingBy = z.object({ kind: z.literal('standing_by') });
export type StandingBy = z.infer<typeof StandingBy>;

/** Exit code of a process that could not start as configured: starting it again changes nothing. */
export const EXIT_UNUSABLE = 78;

/** Exit code of a process whose port somebody else has. */
export const EXIT_PORT_TAKEN = 79;

/**
 * Runs until SIGTERM (or the parent's end), drains, and ends the process with 0. A second signal ends it at once. A child
 * of a fleet leaves SIGINT to its parent, for a terminal sends it to all of them.
 */
export async function live(start: () => Promise<Running>): Promise<never> {
  keepGarbageYoung();
  const known: { log?: Log } = {};
  const onFault = (fault: unknown) => {
    if (known.log) known.log.error({ err: fault }, 'a fault that nobody caught');
    else console.error(fault);
    process.exit(1);
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);

  const stop = whenStopped();
  let running: Running;
  try {
    running = await start();
  } catch (reason) {
    console.error(`aurora: ${sentenceOf(reason)}`);
    process.exit(isUnusable(reason) ? EXIT_UNUSABLE : isPortTaken(reason) ? EXIT_PORT_TAKEN : 1);
  }
  const { log, url, port, instance_id } = running;
  known.log = log;
  process.send?.({ kind: 'ready', url, port, instance_id } satisfies Ready);

  void running.lost?.then((why) => {
    log.error({ why }, 'this process can do nothing more: it ends without draining');
    process.exit(1);
  });
  const why = await stop;
  log.info({ why }, 'draining');
  await running.drain();
  log.info({}, 'stopped');
  process.exit(0);
}

/** What to do about a port that is taken. */
export const ANOTHER_PORT =
  'stop who has it, or set another: ports in the configuration, AURORA_PORTS=<id>=<port>; for the orchestrator aurora up --port, for the API --api-port';

/** The message for a person; faults of the program itself keep their stack. */
function sentenceOf(reason: unknown): string {
  if (isUnusable(reason)) return reason.message;
  if (isPortTaken(reason)) {
    return `the port is taken (${reason.message}); ${ANOTHER_PORT}`;
  }
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}

const isUnusable = (reason: unknown): reason is Error =>
  reason instanceof ConfigError || reason instanceof KeyFileError;

/** Whether somebody else listens there. */
export const isPortTaken = (reason: unknown): reason is Error =>
  reason instanceof Error && 'code' in reason && reason.code === 'EADDRINUSE';

function whenStopped(): Promise<string> {
  const is_child = process.send !== undefined;
  let told = false;
  return new Promise((resolve) => {
    const stop = (why: string) => {
      if (told) process.exit(1);
      told = true;
      resolve(why);
    };
    process.on('SIGTERM', () => stop('SIGTERM'));
    process.on('SIGINT', () => {
      if (!is_child) stop('SIGINT');
    });
    process.once('disconnect', () => {
      if (!told) stop('the parent is gone');
    });
  });
}
