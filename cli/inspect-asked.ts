/** What a person asks the inspector for: a skill by its name. */
import type { Skill, Visit } from '../conformance/index.ts';
import { UsageError } from './outcome.ts';
import { safe } from './text.ts';

/** The skill of that name. Throws a UsageError when the peer publishes skills, but not this one. */
export function skillOf({ skills }: Pick<Visit, 'skills'>, name: string): Skill | undefined {
  const skill = skills.find((each) => each.name === name);
  if (skill || skills.length === 0) return skill;
  throw new UsageError(`There is no ${safe(name)}; there are ${skills.map((each) => safe(each.name)).join(', ')}`);
}
