/** What is kept of an event for a statement about several: where it lies, when it was, and what it says. */
import { textsOf, type LogEvent } from '../events/index.ts';
import { isSpokenAbout, kindOf } from './signals.ts';

/** So much of an event. */
export interface Cited {
  host: string;
  locator: string;
  at_ms: number;
  text: string;
  /** Its kind, where no rule speaks about such an event by itself. */
  unjudged_kind?: string;
}

/** An event by those of its fields that are filled. */
export function citedOf(event: LogEvent, names: readonly string[]): Cited {
  const { locator, at_ms, host = '', origin } = event;
  const unjudged = isSpokenAbout(event) ? {} : { unjudged_kind: kindOf(event) };
  const said = names.flatMap((name) => {
    const [value = ''] = textsOf(event, name);
    return value === '' || value === '-' ? [] : [`${name}=${value.replace(/\s+/g, ' ').slice(0, VALUE_CHARS_MAX)}`];
  });
  const id = origin.event_id === undefined ? [] : [`EventID ${origin.event_id}`];
  return { host: host.toLowerCase(), locator, at_ms, text: [...id, ...said].join(' · '), ...unjudged };
}

const VALUE_CHARS_MAX = 120;
