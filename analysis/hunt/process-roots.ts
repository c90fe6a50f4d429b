/** Which process tree an event belongs to, learnt from process starts as they come by. */
import { textsOf, type LogEvent } from '../events/index.ts';

/** What was learnt so far. */
export interface ProcessRoots {
  note(event: LogEvent): void;
  /** The root of the event's process; the process itself when nobody saw it start, '' when the event names none. */
  rootOf(event: LogEvent): string;
}

/** Knows nothing yet. Beyond the bound the oldest processes are forgotten: their trees then start where they are seen again. */
export function createProcessRoots(): ProcessRoots {
  const roots = new Map<string, string>();
  const nameOf = (event: LogEvent): string => {
    for (const field of PROCESS_FIELDS) {
      const [id] = textsOf(event, field);
      if (id !== undefined) return id;
    }
    return '';
  };
  return {
    note(event) {
      if (!event.origin.categories.includes('process_creation')) return;
      const [own] = textsOf(event, 'ProcessGuid');
      const [parent] = textsOf(event, 'ParentProcessGuid');
      if (own === undefined || parent === undefined) return;
      const [oldest] = roots.keys();
      if (roots.size >= PROCESSES_MAX && oldest !== undefined) roots.delete(oldest);
      roots.set(own, roots.get(parent) ?? parent);
    },
    rootOf(event) {
      const name = nameOf(event);
      return roots.get(name) ?? name;
    },
  };
}

const PROCESS_FIELDS = ['ProcessGuid', 'SourceProcessGUID', 'SourceProcessGuid'];
const PROCESSES_MAX = 100_000;
