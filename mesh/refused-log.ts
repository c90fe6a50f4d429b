/** Says in the log who was refused and why: strangers cause these lines, so there are only so many a minute. */
import type { CancelTimer, Clock, Log } from '../seams/index.ts';
import { hostOf, networkOf } from './addresses.ts';

/** What a line says, besides what it is about; no secrets, and no text of a stranger's but what is cut and named here. */
export interface Refused {
  /** `host:port`, or `unknown` where the socket forgot it. */
  remote: string;
  code?: number;
  /** Why, in a sentence. */
  why?: string;
  /** The one that the refused was told. */
  request_id?: string;
  method?: string | undefined;
  /** Without its query, where tickets stand. */
  path?: string | undefined;
  /** The page it came from. */
  origin?: string | undefined;
  /** What was thrown over it here. */
  err?: unknown;
}

/** Writes one line, or counts it where there were enough: how many is said when the minute is over. */
export type RefusedLog = (refused: Refused, text: string, level?: 'info' | 'warn' | 'error') => void;

/** Where the lines go. */
export type WritingLog = Pick<Log, 'info' | 'warn' | 'error'>;

/** Makes the log of one port. */
export function createRefusedLog({ log, clock }: { log: WritingLog; clock: Clock }): RefusedLog {
  const by_origin = new Map<string, number>(); // of those with a line: bounded as the lines are
  let lines = 0;
  let unlogged = 0;
  let stopMinute: CancelTimer | undefined;

  const onMinute = () => {
    if (unlogged > 0) log.warn({ unlogged }, 'more were refused within a minute, and are only counted');
    by_origin.clear();
    lines = 0;
    unlogged = 0;
    stopMinute = undefined;
  };

  return (refused, text, level = 'warn') => {
    stopMinute ??= clock.after(MINUTE_MS, onMinute);
    const origin = networkOf(hostOf(refused.remote));
    const here = by_origin.get(origin) ?? 0;
    if (lines >= LINES_A_MINUTE_MAX || here >= ORIGIN_LINES_A_MINUTE_MAX) {
      unlogged += 1;
      return;
    }
    lines += 1;
    by_origin.set(origin, here + 1);
    log[level](Object.fromEntries(Object.entries(refused).map(([name, value]) => [name, cut(value)])), text);
  };
}

const cut = (value: unknown): unknown => (typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : value);

/** Lines a minute of one port, and of them from one address (of IPv6 from one /64), so that one cannot hide the others: 60 MB a day at most. */
const LINES_A_MINUTE_MAX = 60;
const ORIGIN_LINES_A_MINUTE_MAX = 20;
const MINUTE_MS = 60_000;
/** Of each text on a line, characters. */
const TEXT_CHARS_MAX = 200;
