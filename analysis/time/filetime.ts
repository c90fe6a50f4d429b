/** FILETIME, the time of Windows: 100 ns since 1601, UTC. */

/** ISO UTC with all seven decimals; undefined for one before 1970 or after the year 9999, and for 0, which means "not set". */
export function utcOf(filetime: bigint): string | undefined {
  const ticks = filetime - TICKS_1601_TO_1970;
  const ms = ticks / TICKS_PER_MS;
  if (ticks < 0n || ms > DATE_MS_MAX) return undefined;
  const fraction = String(ticks % TICKS_PER_SECOND).padStart(7, '0');
  return `${new Date(Number(ms)).toISOString().slice(0, 19)}.${fraction}Z`;
}

const TICKS_PER_MS = 10_000n;
const TICKS_PER_SECOND = 10_000_000n;
const TICKS_1601_TO_1970 = 116_444_736_000_000_000n;
const DATE_MS_MAX = 253_402_300_799_999n;
