/** Whether the other end still lives: pings, and the silence after which it counts as gone (wire.md 10, promises.md P12). */
import type { CancelTimer, Clock, Random } from '../seams/index.ts';
import type { LinkLimits } from './link.ts';

/** What a heartbeat needs. */
export interface HeartbeatDeps {
  clock: Clock;
  random: Random;
  limits: Pick<LinkLimits, 'ping_ms' | 'silence_ms_max'>;
  /** Sends one ping. */
  ping(): void;
  /** Called once: nothing was heard for too long. */
  onSilence(): void;
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
export function createHeartbeat(deps: HeartbeatDeps): Heartbeat {
  return new Heart(deps);
}

/** A class, for what each link has of its own is held ten thousand times. */
class Heart implements Heartbeat {
  readonly deps: HeartbeatDeps;
  heard_at: number;
  ping_at: number;
  held = false;
  cancel: CancelTimer | undefined;

  constructor(deps: HeartbeatDeps) {
    this.deps = deps;
    this.heard_at = deps.clock.monotonic();
    this.ping_at = this.heard_at + deps.random.next() * deps.limits.ping_ms;
    this.wait();
  }

  heard(): void {
    this.heard_at = this.deps.clock.monotonic();
  }

  hold(on: boolean): void {
    this.held = on;
    this.heard();
  }

  stop(): void {
    this.cancel?.();
  }

  wait(): void {
    const { clock, limits } = this.deps;
    const wake_at = Math.min(this.ping_at, this.heard_at + limits.silence_ms_max);
    this.cancel = clock.after(wake_at - clock.monotonic(), () => this.wake(wake_at));
  }

  wake(wake_at: number): void {
    const { clock, limits } = this.deps;
    const now = clock.monotonic();
    this.heard_at = this.held ? now : Math.min(now, this.heard_at + Math.max(0, now - wake_at));
    if (now - this.heard_at >= limits.silence_ms_max) {
      this.deps.onSilence();
      return;
    }
    if (now >= this.ping_at) {
      this.ping_at = now + limits.ping_ms;
      this.deps.ping();
    }
    this.wait();
  }
}
