/** Turns that commands on one data folder take one after another, whoever of them dies. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemPlatform } from '../client/index.ts';

/**
 * Acts while nobody else does who takes turns in that folder. Each turn is a file with a number, and the highest one counts: whoever comes next,
 * after one that is over or one whose holder died, makes the file of the number after it, which only one can. Tells `onWait` once when it takes long.
 */
export async function inTurn<T>(folder: string, act: () => Promise<T>, onWait: () => void): Promise<T> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const turn = await takeTurn(folder, onWait);
  try {
    return await act();
  } finally {
    end(turn);
  }
}

/**
 * The file of our turn, once it is there. One that was left behind counts no longer after a while, by its own time or by ours: a clock
 * that was set back would make it last.
 */
async function takeTurn(folder: string, onWait: () => void): Promise<string> {
  const began = systemPlatform.monotonic();
  let [met, since, is_told] = [-1, began, false];
  for (;;) {
    const now = systemPlatform.monotonic();
    const last = Math.max(0, ...turnsIn(folder));
    if (last !== met) [met, since] = [last, now];
    const is_left = now - since > TURN_MS_MAX;
    const own = last === 0 || is_left || isOver(join(folder, String(last))) ? make(folder, last + 1) : undefined;
    if (own !== undefined) return own;
    if (!is_told && now - began > TURN_QUIET_MS) {
      onWait();
      is_told = true;
    }
    await systemPlatform.sleep(TURN_LOOK_MS, new AbortController().signal); // a timer that keeps the process alive
  }
}

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
function isOver(turn: string): boolean {
  try {
    const { mtimeMs: made_at } = statSync(turn);
    return readFileSync(turn, 'utf8') === OVER || systemPlatform.now() - made_at > TURN_MS_MAX;
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
const TURN_LOOK_MS = 50;
/** After that whoever waits is told why. */
const TURN_QUIET_MS = 1_000;
