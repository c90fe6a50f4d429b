/** A process that can die: from then on its timers never fire, its links carry nothing, and whatever it knew is gone. */
import type { Link } from '../../mesh/index.ts';
import { overLink } from '../../mesh/link.ts';
import type { Clock } from '../../seams/index.ts';
import type { VirtualClock } from './time.ts';

/** One life of one process. */
export interface SimulatedProcess {
  readonly name: string;
  readonly pid: number;
  readonly isAlive: () => boolean;
  /** Its own monotonic time, from its own start; the wall it shares with all. */
  readonly clock: Clock;
  /** Its end of a link. */
  own(link: Link): Link;
  /** As `kill -9`; the other ends of its links learn it after that long. */
  die(noticed_ms: number): void;
}

/** Starts one. */
export function startProcess(name: string, pid: number, time: VirtualClock): SimulatedProcess {
  const started_at = time.monotonic();
  const links: Link[] = [];
  let is_alive = true;
  const alive =
    <Args extends unknown[]>(run: (...args: Args) => void) =>
    (...args: Args): void => {
      if (is_alive) run(...args);
    };

  return {
    name,
    pid,
    isAlive: () => is_alive,
    clock: {
      now: () => time.now(),
      monotonic: () => time.monotonic() - started_at,
      after: (delay_ms, run) => (is_alive ? time.after(delay_ms, alive(run)) : () => undefined),
    },
    own(link) {
      links.push(link);
      return overLink(link, {
        attach: (owner) =>
          link.attach({
            onText: alive((text: string) => owner.onText(text)),
            onClose: alive((code: number, reason: string) => owner.onClose(code, reason)),
            onDrain: alive(() => owner.onDrain?.()),
          }),
        send: alive((text: string) => link.send(text)),
        close: alive((code: number, reason: string) => link.close(code, reason)),
        cut: alive(() => link.cut()),
      });
    },
    die(noticed_ms) {
      if (!is_alive) return;
      is_alive = false;
      for (const link of links) time.after(noticed_ms, () => link.cut());
    },
  };
}
