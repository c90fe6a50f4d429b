/** What a person asks the inspector for: a skill by its name, params as JSON. */
import type { Skill, Visit } from '../conformance/index.ts';
import { UsageError } from './outcome.ts';
import { safe } from './text.ts';

/** The skill of that name. Throws a UsageError when the peer publishes skills, but not this one. */
export function skillOf({ skills }: Pick<Visit, 'skills'>, name: string): Skill | undefined {
  const skill = skills.find((each) => each.name === name);
  if (skill || skills.length === 0) return skill;
  throw new UsageError(`There is no ${safe(name)}; there are ${skills.map((each) => safe(each.name)).join(', ')}`);
}

/** Params as a person types them. */
export type Params = Record<string, unknown> | unknown[];

/** Reads params. Throws a UsageError on what is no JSON object or array. */
export function parseParams(text: string): Params {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value.map((item: unknown) => item);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // said below
  }
  throw new UsageError(`The params must be a JSON object or array: ${safe(text.slice(0, 80))}`);
}
