/** Which events no rule can speak about: without this, silence reads like a clean bill. */
import { createRecordIds, isEnding } from '../endpoint/index.ts';
import { neutralize } from '../evidence/index.ts';
import type { LogEvent } from '../events/index.ts';
import type { Gap } from '../verdict/index.ts';

/** Counts events by their log. */
export interface Coverage {
  note(event: LogEvent, is_covered: boolean): void;
  /** Events that some rule could speak about, or that only say something ended. */
  judged(): number;
  gaps(): Gap[];
}

/** Counts from zero, for one recording. */
export function createCoverage(): Coverage {
  const uncovered = new Map<string, number>();
  const record_ids = createRecordIds();
  let events = 0;
  let covered = 0;
  return {
    note(event, is_covered) {
      const { product, service, channel, event_id } = event.origin;
      events++;
      record_ids.note(event.locator);
      if (is_covered || isEnding(event)) {
        covered++;
        return;
      }
      const named = channel ?? [product, service].filter((part) => part !== undefined).join('/');
      const log =
        named === '' ? 'a log that does not say what it is' : event_id === undefined ? named : `${named} ${event_id}`;
      if (uncovered.has(log) || uncovered.size < LOGS_MAX) uncovered.set(log, (uncovered.get(log) ?? 0) + 1);
    },
    judged: () => covered,
    gaps() {
      if (events === 0) return [{ what: 'anything', why: 'there is no event in it', mandatory: true }];
      if (covered === events) return record_ids.gaps();
      const largest = [...uncovered].sort(([left, one], [right, other]) => other - one || (left < right ? -1 : 1));
      const shown = largest.slice(0, LOGS_SHOWN).map(([log, count]) => `${neutralize(log, LOG_CHARS_MAX)} (${count})`);
      const why = `no rule is for their log: ${shown.join(', ')}${largest.length > shown.length ? ' and others' : ''}`;
      return [
        {
          what: `${events - covered} of ${events} events`,
          why,
          ...(covered === 0 ? { mandatory: true } : { is_unjudged: true }),
        },
        ...record_ids.gaps(),
      ];
    },
  };
}

const LOGS_MAX = 1_000;
const LOGS_SHOWN = 5;
const LOG_CHARS_MAX = 80;
