/** What may be stopped, once and for a reason: an AbortController whose signal is made for whoever needs a real one. */
import { setMaxListeners } from 'node:events';

/** Tells that something was stopped; every AbortSignal does, and every stop. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Something that may be stopped. Members that an AbortSignal has too mean the same. */
export interface Stop extends StopSignal {
  /** Stops it; only the first time counts. */
  abort(reason: unknown): void;
  /** Hears of it, at once where it was stopped already; until the returned function is called. */
  onAbort(listener: (reason: unknown) => void): () => void;
  /** The same for APIs of the platform, and for handlers of others. */
  readonly signal: AbortSignal;
}

/**
 * Makes one. A dispatch is stoppable in half a dozen places and hardly ever stopped; an AbortSignal with one listener takes
 * 5 µs to make, this a tenth of one (docs/performance.md).
 */
export const createStop = (): Stop => new Stopper();

/** A class, for objects whose members are getters are made slowly. */
class Stopper implements Stop {
  aborted = false;
  reason: unknown = undefined;
  #controller: AbortController | undefined;
  #listeners: ((reason: unknown) => void)[] = [];

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#controller?.abort(reason);
    for (const listener of this.#listeners.splice(0)) listener(reason);
  }

  onAbort(listener: (reason: unknown) => void): () => void {
    if (this.aborted) {
      listener(this.reason);
      return ignore;
    }
    this.#listeners.push(listener);
    return () => this.removeEventListener('abort', listener);
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.#listeners.includes(listener)) this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: (reason: unknown) => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      setMaxListeners(0, this.#controller.signal); // one for each handoff that a handler has under way
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }
}

/** A stop that follows a signal, for those who were given one. */
export function stopOf(signal: AbortSignal): Pick<Stop, 'aborted' | 'reason' | 'onAbort'> {
  return {
    get aborted() {
      return signal.aborted;
    },
    get reason(): unknown {
      return signal.reason as unknown;
    },
    onAbort(listener) {
      const hear = () => listener(signal.reason);
      if (signal.aborted) hear();
      else signal.addEventListener('abort', hear, { once: true });
      return () => signal.removeEventListener('abort', hear);
    },
  };
}

function ignore(): void {
  // It was heard already.
}
