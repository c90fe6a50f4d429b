/** Says in the log who was refused and why: strangers cause these lines, so there are only so many a minute. */
import type { Clock, Log } from '../seams/index.ts';
import { hostOf } from './addresses.ts';
import { createLineShare } from './line-share.ts';

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
  const mayWrite = createLineShare({
    clock,
    onMinute: (unlogged) => log.warn({ unlogged }, 'more were refused within a minute, and are only counted'),
  });
  return (refused, text, level = 'warn') => {
    if (!mayWrite(hostOf(refused.remote))) return;
    log[level](Object.fromEntries(Object.entries(refused).map(([name, value]) => [name, cut(value)])), text);
  };
}

const cut = (value: unknown): unknown => (typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : value);

/** Of each text on a line, characters. */
const TEXT_CHARS_MAX = 200;
