/** Turns that processes on one data folder take one after another, whoever of them dies. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from '../seams/index.ts';

/** Ends the turn that was taken. */
export type EndTurn = () => void;

/**
 * Whoever wants turns in that folder: each call looks once, and takes the turn where nobody has it, else answers nothing. Each turn is a
 * file with a number, and the highest one counts: whoever comes next, after one that is over or one whose holder died, makes the file of the
 * number after it, which only one can. One that was left behind counts no longer after a while (25 s), by its own time or by ours: a clock
 * that was set back would make it last.
 */
export function createFileTurns(folder: string, clock: Pick<Clock, 'now' | 'monotonic'>): () => EndTurn | undefined {
  let [met, since] = [-1, 0];
  return () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const now = clock.monotonic();
    const last = Math.max(0, ...turnsIn(folder));
    if (last !== met) [met, since] = [last, now];
    const is_left = now - since > TURN_MS_MAX;
    const is_free = last === 0 || is_left || isOver(join(folder, String(last)), clock);
    const own = is_free ? make(folder, last + 1) : undefined;
    return own === undefined ? undefined : () => end(own);
  };
}

/** Acts in a turn of that folder; the whole process waits for it. For commands, and a start: work goes on in a process that serves. */
export function inTurnNow<T>(folder: string, act: () => T): T {
  const take = createFileTurns(folder, systemClock);
  for (;;) {
    const end = take();
    if (end) return ending(end, act);
    block(TURN_LOOK_MS);
  }
}

/** Acts, and ends the turn whatever comes of it. */
export function ending<T>(end: EndTurn, act: () => T): T {
  try {
    return act();
  } finally {
    end();
  }
}

/** Stops the whole process for so long. */
export const block = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Takes the turn of that number; undefined when somebody else has it, or had it. */
function make(folder: string, number: number): string | undefined {
  const own = join(folder, String(number));
  try {
    writeFileSync(own, HELD, { flag: 'wx', mode: 0o600 });
  } catch (reason) {
    if (reason instanceof Error && 'code' in reason && reason.code === 'EEXIST') return undefined;
    throw reason;
  }
  const turns = turnsIn(folder);
  // Whoever looked long ago makes one that was had and cleared away: only what is below another one ever is, so that there is a higher one.
  if (turns.some((other) => other > number)) {
    rmSync(own, { force: true });
    return undefined;
  }
  for (const past of turns) if (past < number) rmSync(join(folder, String(past)), { force: true });
  return own;
}

/** Whether its holder said so, or has been gone for long. */
function isOver(turn: string, clock: Pick<Clock, 'now'>): boolean {
  try {
    const { mtimeMs: made_at } = statSync(turn);
    return readFileSync(turn, 'utf8') === OVER || clock.now() - made_at > TURN_MS_MAX;
  } catch {
    return false; // cleared away at this moment: there is a higher one
  }
}

/** Says that it is over; the file stays, for numbers only grow. */
function end(turn: string): void {
  try {
    writeFileSync(turn, OVER, { flag: 'r+' });
  } catch {
    // Whoever took longer than they may has a successor, who cleared it away.
  }
}

/** The numbers that are there. */
const turnsIn = (folder: string): number[] =>
  readdirSync(folder)
    .filter((name) => TURN.test(name))
    .map(Number);

const TURN = /^\d{1,15}$/;
/** Both of one length: writing one over the other leaves no half. */
const HELD = 'held';
const OVER = 'over';
/** Nobody holds one longer; whoever does is gone. */
const TURN_MS_MAX = 25_000;
const TURN_LOOK_MS = 10;
