/** Stamps that keep no year or no zone, made whole by what is known of their source; nothing is guessed. */

/** What the caller knows of a source. */
export interface StampFacts {
  /** Of its first record; it turns where the months begin again. */
  year?: number | undefined;
  /** `Z` or an offset like `+02:00`. */
  zone?: string | undefined;
}

/** Answers the time of a line in UTC, line after line; undefined where something is still missing. */
export function createStampReader({ year, zone }: StampFacts): (line: string) => string | undefined {
  let turned = 0;
  let month_before = 0;
  return (line) => {
    if (zone === undefined) return undefined;
    const dated = DATED.exec(line) ?? APACHE.exec(line);
    if (dated?.groups) return toUtc(dated.groups, Number(dated.groups['year']), zone);
    const { groups } = SYSLOG.exec(line) ?? {};
    if (!groups || year === undefined) return undefined;
    const month = monthOf(groups);
    if (month_before - month > MONTHS.length / 2) turned += 1;
    month_before = month;
    return toUtc(groups, year + turned, zone);
  };
}

/** What a source gives with these facts, for the clock of its entries. */
export const factsInWords = ({ year, zone }: StampFacts): string =>
  [
    ...(year === undefined ? [] : [`the year ${year}`]),
    ...(zone === undefined ? [] : [`the zone ${zone}`]),
    'given by the caller',
  ].join(', ');

function toUtc(groups: Record<string, string | undefined>, year: number, zone: string): string | undefined {
  const { day = '', time = '', fraction = '' } = groups;
  const date = `${String(year).padStart(4, '0')}-${String(monthOf(groups)).padStart(2, '0')}-${day.trim().padStart(2, '0')}`;
  const at_ms = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${zone}`);
  // The 30th of February is no day, and neither is its 29th in most years.
  const is_day = new Date(`${date}T00:00:00Z`).getUTCDate() === Number(day);
  return Number.isNaN(at_ms) || !is_day ? undefined : new Date(at_ms).toISOString().replace('.000Z', 'Z');
}

const monthOf = ({ month = '' }: Record<string, string | undefined>): number =>
  /^\d/.test(month) ? Number(month) : MONTHS.indexOf(month) + 1;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SYSLOG = /^(?:<\d{1,3}>)?(?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) /;
/** nginx' own error log. */
const DATED = /^(?<year>\d{4})\/(?<month>\d\d)\/(?<day>\d\d) (?<time>\d\d:\d\d:\d\d)/;
const APACHE =
  /^\[[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>\d\d) (?<time>\d\d:\d\d:\d\d)(?<fraction>\.\d{1,9})? (?<year>\d{4})\]/;
