/** Answers to requests that were given up: they settle nothing, and may tell what was done all the same. */
import type { AuroraError } from '../protocol/index.ts';
import { makeRoom } from '../seams/index.ts';

/** What was answered too late. */
export type LateAnswer = { result: unknown } | { error: AuroraError };

/** Hears one. */
export type OnLate = (answer: LateAnswer) => void;

/** Who waits for the late answers of one link. At the bound the one given up first is forgotten, and its answer heard by nobody. */
export class LateAnswers {
  readonly waiting = new Map<number, OnLate>();

  await(id: number, onLate: OnLate): void {
    makeRoom(this.waiting, GIVEN_UP_MAX);
    this.waiting.set(id, onLate);
  }

  /** Whoever waits for that answer; asked once. */
  take(id: number): OnLate | undefined {
    const onLate = this.waiting.get(id);
    this.waiting.delete(id);
    return onLate;
  }
}

/** Requests of ours that were given up and may still be answered. */
const GIVEN_UP_MAX = 1_024;
