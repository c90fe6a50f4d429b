/** Record ids of event logs count up one by one: a gap means records that were filtered, lost or removed. */
import type { Gap } from '../verdict/index.ts';

/** A pass over locators such as `a.evtx record 17`; others are passed over. */
export interface RecordIds {
  note(locator: string): void;
  /** Bars a clean answer: what is gone may be what somebody wanted gone. */
  gaps(): Gap[];
}

/** A pass that has seen no record; locators have to come in the order of their log. */
export function createRecordIds(): RecordIds {
  let log = '';
  let last = Number.NaN;
  let missing = 0;
  return {
    note(locator) {
      const [, before = '', digits = ''] = LOCATOR.exec(locator) ?? [];
      if (digits === '') return;
      const id = Number(digits);
      if (before === log && id > last + 1) missing += id - last - 1;
      log = before;
      last = id;
    },
    gaps: () =>
      missing === 0
        ? []
        : [
            {
              what: `${missing} records whose ids are missing`,
              why: 'the log was filtered, or records were removed',
              is_unjudged: true,
            },
          ],
  };
}

const LOCATOR = /^(.{0,1000}?)\brecord (\d{1,15})$/s;
