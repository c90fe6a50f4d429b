/** Mounted profiles of groups and software: the techniques each is known to use, asked how like what was found they are. */
import { z } from 'zod';
import { crosswalk } from '../attack/index.ts';
import { neutralize } from '../evidence/index.ts';
import { compareText } from '../order/index.ts';

/** A profile that what was found is consistent with; that names nobody as the one who did it. */
export const Likeness = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(['group', 'software']),
  shared: z.array(z.string()),
  known: z.number().int(),
  /** Shared techniques by all that either has, 0 to 1. */
  jaccard: z.number(),
  /** How many of the found techniques a profile of this size would share by chance, by how common each is. */
  by_chance: z.number(),
  /** The part of all profiles of its type that share as many. */
  base_rate: z.number(),
});
export type Likeness = z.infer<typeof Likeness>;

/** One profile as a pack holds it. */
export const Profile = z.looseObject({
  id: z.string().max(128),
  name: z.string().min(1).max(256),
  type: z.enum(['group', 'software']),
  techniques: z.array(z.string().max(16)).max(2_000),
});
type Profile = z.infer<typeof Profile>;

/** The profiles of a pack `{profiles: […]}`, or undefined when it has another shape. */
export function profilesOf(data: unknown): readonly Profile[] | undefined {
  return Pack.safeParse(data).data?.profiles;
}

/**
 * The profiles that share the most with what was found, at most `LIKE_MAX` of each type, the likest first. Fewer than
 * `SHARED_MIN` shared techniques, no more than twice what chance gives, or as many as one profile in twenty shares, is no likeness.
 */
export function likenesses(found: readonly string[], profiles: readonly Profile[]): Likeness[] {
  const ours = new Set(found.map(currentId));
  return (['group', 'software'] as const).flatMap((type) => {
    const compared = profiles
      .filter((profile) => profile.type === type)
      .map((profile) => ({ profile, theirs: new Set(profile.techniques.map(currentId)) }));
    const users = countOf(compared.flatMap(({ theirs }) => [...theirs]));
    const mean = compared.reduce((sum, { theirs }) => sum + theirs.size, 0) / Math.max(1, compared.length);
    const overlaps = compared.map(({ theirs }) => [...theirs].filter((id) => ours.has(id)).length);
    return compared
      .map(({ profile: { id, name }, theirs }): Likeness => {
        const shared = [...theirs].filter((technique) => ours.has(technique)).sort();
        const chances = [...ours].map((technique) =>
          Math.min(1, ((users.get(technique) ?? 0) / compared.length) * (theirs.size / mean)),
        );
        return {
          id: neutralize(id, NAME_CHARS_MAX),
          name: neutralize(name, NAME_CHARS_MAX),
          type,
          shared,
          known: theirs.size,
          jaccard: rounded(shared.length / (ours.size + theirs.size - shared.length)),
          by_chance: rounded(chances.reduce((sum, chance) => sum + chance, 0)),
          base_rate: rounded(overlaps.filter((overlap) => overlap >= shared.length).length / compared.length),
        };
      })
      .filter(
        ({ shared, by_chance, base_rate }) =>
          shared.length >= SHARED_MIN && shared.length > 2 * by_chance && base_rate <= BASE_RATE_MAX,
      )
      .sort((left, right) => right.jaccard - left.jaccard || compareText(left.id, right.id))
      .slice(0, LIKE_MAX);
  });
}

/** Profiles were written with the ATT&CK of their day. */
const currentId = (id: string): string => crosswalk(id)?.technique.id ?? id;

function countOf(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

const Pack = z.object({ profiles: z.array(Profile).min(1).max(20_000) });
const SHARED_MIN = 3;
const BASE_RATE_MAX = 0.05;
const LIKE_MAX = 5;
const NAME_CHARS_MAX = 120;
