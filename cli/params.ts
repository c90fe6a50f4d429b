/** Params as a person types them: JSON on the command line. */
import { UsageError } from './outcome.ts';
import { safe } from './text.ts';

/** What a method is asked with: by name, or by place. */
export type Params = Record<string, unknown> | unknown[];

/** Reads params. Throws a UsageError on what is no JSON object or array. */
export function parseParams(text: string): Params {
  const value = parsed(text);
  if (Array.isArray(value)) return value.map((item: unknown) => item);
  if (typeof value === 'object' && value !== null) return { ...value };
  throw new UsageError(`The params must be a JSON object or array: ${shown(text)}`);
}

/** Reads the params of a skill, which come by name. Throws a UsageError on what is no JSON object. */
export function parseNamedParams(text: string): Record<string, unknown> {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new UsageError(`--params must be a JSON object: ${shown(text)}`);
}

/** The value of a JSON text; undefined when it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const shown = (text: string): string => safe(text.slice(0, SHOWN_CHARS_MAX));
const SHOWN_CHARS_MAX = 80;
