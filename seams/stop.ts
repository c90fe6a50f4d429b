/** How something that goes on is told to end: what an AbortController does, without what ten thousand of them weigh. */

/** Hears of the end; every AbortSignal is one. */
export interface StopSignal {
  readonly aborted: boolean;
  /** Why, once it is over. */
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The signal, and how to give it; given once, whatever comes later. */
export interface Stop extends StopSignal {
  abort(reason: unknown): void;
}

/** Makes one that has not been given. */
export const createStop = (): Stop => new OwnStop();

class OwnStop implements Stop {
  aborted = false;
  reason: unknown = undefined;
  listeners: readonly (() => void)[] = [];

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const { listeners } = this;
    this.listeners = [];
    for (const listener of listeners) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.listeners.includes(listener)) this.listeners = [...this.listeners, listener]; // no room for more than there are
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners = this.listeners.filter((other) => other !== listener);
  }
}
