/** Keeps one connection up: dials again with growing, spread pauses until told to stop or refused for good (wire.md 10). */
import type { CancelTimer, Clock, Random, StopSignal } from '../seams/index.ts';
import { overLink, type Link, type LinkOwner } from './link.ts';

/** What keeping needs. */
export interface KeepConnectedOptions {
  clock: Clock;
  random: Random;
  /** One attempt. It rejects when it fails and when the signal aborts. */
  dial(signal: StopSignal): Promise<Link>;
  /**
   * A new link, to be attached. Call `answered` when its hello was answered: the pauses start small again only once the
   * link then lived for 10 s, so that a peer that drops us right after the connect is not hammered (promises.md X21). Call
   * `stayAway` when the other end said for how long after this link it does not want to be dialled (wire.md 3).
   */
  onLink: (link: Link, answered: () => void, stayAway: StayAway) => void;
  /** An attempt failed, or a link ended; the next one comes after this pause, or at once when `goOn` is called meanwhile. */
  onPause?(pause_ms: number, cause: unknown, goOn: () => void): void;
  /** Close codes after which nobody dials again: 4001, 4002, 4003 and 4009 unless said. */
  final_codes?: ReadonlySet<number>;
  signal: StopSignal;
}

/** Hears the `reconnect_after_ms` of a goaway: waited for at most half a minute, for whoever is told a day is needed sooner. */
export type StayAway = (reconnect_after_ms: number) => void;

/** Why it ended: the close code that forbids another try, or 1000 after the signal. */
export interface Ending {
  code: number;
  reason: string;
}

/** Resolves when no further connection will be made. The signal also closes the link there is. Never rejects. */
export async function keepConnected(options: KeepConnectedOptions): Promise<Ending> {
  const { random, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    let cause: unknown;
    let away_ms = 0;
    try {
      const link = await options.dial(signal);
      const ending = await live(link, options, {
        onStable: () => (failures = 0),
        stayAway: (asked_ms) => (away_ms = Math.min(AWAY_MS_MAX, asked_ms)),
      });
      if ((options.final_codes ?? FINAL_CODES).has(ending.code)) return ending;
      cause = ending;
    } catch (reason) {
      cause = reason;
    }
    if (isAborted(signal)) break;
    const pause_ms = away_ms + pauseAfter(failures++, random); // all who were told the same time do not return as one
    await pause(pause_ms, options, (goOn) => options.onPause?.(pause_ms, cause, goOn));
  }
  return { code: 1000, reason: 'stopped' };
}

/** The pause before the next try: 250 ms × 1.6 for every failure so far, at most 30 s, ± 20 % so that 500 agents do not return at once. */
export function pauseAfter(failures: number, random: Random): number {
  const middle_ms = Math.min(PAUSE_MS_MAX / (1 + SPREAD), FIRST_PAUSE_MS * GROWTH ** failures);
  return Math.round(middle_ms * (1 - SPREAD + 2 * SPREAD * random.next()));
}

/** Ends early when it is told to go on, and at the abort: the loop's condition sees that. */
function pause(
  pause_ms: number,
  { clock, signal }: Pick<KeepConnectedOptions, 'clock' | 'signal'>,
  tell: (goOn: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      cancel();
      signal.removeEventListener('abort', goOn);
      resolve();
    };
    const cancel = clock.after(pause_ms, goOn);
    signal.addEventListener('abort', goOn, { once: true });
    tell(goOn);
  });
}

/** Hands the link over and waits for its end. */
function live(
  link: Link,
  options: KeepConnectedOptions,
  { onStable, stayAway }: { onStable: () => void; stayAway: StayAway },
): Promise<Ending> {
  return new Promise((resolve) => {
    const watch = new Watch(link, options, resolve);
    try {
      options.onLink(overLink(link, watch), () => watch.awaitQuiet(onStable), stayAway);
    } catch (fault) {
      link.cut(); // nobody holds it
      throw fault;
    }
    if (options.signal.aborted) watch.stop();
  });
}

/** Stands between a link and its owner, to hear the end. A class, for an orchestrator keeps ten thousand links. */
class Watch implements LinkOwner {
  readonly link: Link;
  readonly options: KeepConnectedOptions;
  readonly onGone: (ending: Ending) => void;
  readonly stop = () => this.link.close(1000, 'stopped');
  owner: LinkOwner | undefined;
  cancelQuiet: CancelTimer | undefined;

  constructor(link: Link, options: KeepConnectedOptions, onGone: (ending: Ending) => void) {
    this.link = link;
    this.options = options;
    this.onGone = onGone;
    options.signal.addEventListener('abort', this.stop, { once: true });
  }

  attach(owner: LinkOwner): void {
    this.owner = owner;
    this.link.attach(this);
  }

  awaitQuiet(onStable: () => void): void {
    this.cancelQuiet?.();
    this.cancelQuiet = this.options.clock.after(QUIET_MS, () => {
      this.cancelQuiet = undefined;
      onStable();
    });
  }

  onText(text: string): void {
    this.owner?.onText(text);
  }

  onDrain(): void {
    this.owner?.onDrain?.();
  }

  onClose(code: number, reason: string): void {
    this.owner?.onClose(code, reason);
    this.cancelQuiet?.();
    this.options.signal.removeEventListener('abort', this.stop);
    this.onGone({ code, reason });
  }
}

/** Asked after an await: the compiler would otherwise remember the answer from before. */
const isAborted = (signal: StopSignal): boolean => signal.aborted;

const FIRST_PAUSE_MS = 250;
const GROWTH = 1.6;
const SPREAD = 0.2;
const PAUSE_MS_MAX = 30_000;
/** How long the other end may have itself left alone after a goaway, ms. */
const AWAY_MS_MAX = 30_000;
/** How long a link must live after its hello to count as stable, ms. */
const QUIET_MS = 10_000;
/** Authentication, version, forbidden, superseded: trying again changes nothing. */
const FINAL_CODES: ReadonlySet<number> = new Set([4001, 4002, 4003, 4009]);
