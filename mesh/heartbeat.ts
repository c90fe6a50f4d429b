/** Whether the other end still lives: pings, and the silence after which it counts as gone (wire.md 10, promises.md P12). */
import type { Clock, Random } from '../seams/index.ts';
import type { LinkLimits } from './link.ts';

/** What a heartbeat needs. */
export interface HeartbeatDeps {
  clock: Clock;
  random: Random;
  limits: Pick<LinkLimits, 'ping_ms' | 'silence_ms_max'>;
  /** Sends one ping. */
  ping: () => void;
  /** Called once: nothing was heard for too long. */
  onSilence: () => void;
}

/** A beating heart. */
export interface Heartbeat {
  /** A frame came, of any kind. */
  heard(): void;
  /** While we do not read, silence is ours and does not count. */
  hold(on: boolean): void;
  stop(): void;
}

/**
 * Starts beating. The first ping falls anywhere in the interval, so that a thousand links do not beat at once.
 * A timer that fires late shows that this process stood still (a blocked loop, SIGSTOP): that time is not the peer's silence.
 */
export function createHeartbeat({ clock, random, limits, ping, onSilence }: HeartbeatDeps): Heartbeat {
  let heard_at = clock.monotonic();
  let ping_at = heard_at + random.next() * limits.ping_ms;
  let held = false;
  let cancel = () => {};

  const wait = () => {
    const wake_at = Math.min(ping_at, heard_at + limits.silence_ms_max);
    cancel = clock.after(wake_at - clock.monotonic(), () => wake(wake_at));
  };

  const wake = (wake_at: number) => {
    const now = clock.monotonic();
    heard_at = held ? now : Math.min(now, heard_at + Math.max(0, now - wake_at));
    if (now - heard_at >= limits.silence_ms_max) {
      onSilence();
      return;
    }
    if (now >= ping_at) {
      ping_at = now + limits.ping_ms;
      ping();
    }
    wait();
  };

  wait();
  return {
    heard() {
      heard_at = clock.monotonic();
    },
    hold(on) {
      held = on;
      heard_at = clock.monotonic();
    },
    stop: () => cancel(),
  };
}
