/** Any event to the normal form: Windows records nested or flat, and the native JSON of clouds and services. */
import type { LogEvent, LogOrigin, Value } from './event.ts';
import { flatten, type Fields } from './flatten.ts';
import { originOfService } from './services.ts';
import { clockOf } from './times.ts';
import { windowsFields } from './windows.ts';
import { deriveWindows, windowsOrigin } from './windows-fields.ts';

/** What the caller knows about the log, where the event itself does not say it. */
export interface Hint {
  product?: string | undefined;
  service?: string | undefined;
  category?: string | undefined;
}

/** The normal form of one parsed event, or undefined when it is no object: there is nothing to name then. */
export function normalizeEvent(raw: unknown, locator: string, hint?: Hint): LogEvent | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const fields: Fields = new Map();
  const channel = windowsFields(raw, fields);
  let origin: LogOrigin;
  if (channel === undefined) {
    flatten(raw, fields);
    origin = originOfService(fields, hint);
  } else {
    origin = windowsOrigin(channel, fields);
    deriveWindows(fields, origin);
  }
  const clock = clockOf(fields);
  return {
    locator,
    fields,
    origin,
    host: hostOf(fields),
    at_ms: clock?.at_ms ?? Number.NaN,
    clock: clock?.field,
    ...(fields.is_cut && { is_cut: true }),
  };
}

function hostOf(fields: ReadonlyMap<string, Value>): string | undefined {
  for (const name of HOST_FIELDS) {
    const value = fields.get(name);
    if (typeof value === 'string' && value !== '' && value !== '-') return value;
  }
  return undefined;
}

const HOST_FIELDS = ['Computer', 'Hostname', 'HostName', 'host.name', 'hostname', 'node', 'ComputerName'];
