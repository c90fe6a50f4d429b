/** One part of a request is one attack: many rules see it, its most specific class with its best evidence tells it. */
import type { AttackClass } from './hit.ts';
import { leadingClass, type Hit } from './judge.ts';
import { knownPathOf, type KnownPath } from './known-paths.ts';
import { GRAVE } from './trade.ts';

/** One hit a part. Doubtful hits count only where the part has no certain one, and lesser ones only where it has no grave one. */
export function onePerPart(hits: readonly Hit[]): Hit[] {
  const parts = new Map<string, Hit[]>();
  for (const hit of hits) {
    parts.set(hit.label, [...(parts.get(hit.label) ?? []), hit]);
  }
  return [...parts.values()].flatMap((all): Hit[] => {
    const certain = all.filter((hit) => hit.certain);
    const grave = certain.filter((hit) => GRAVE.has(hit.class) && !hit.in_prose);
    const rivals = grave.length > 0 ? grave : certain.length > 0 ? certain : all;
    const attack = mostSpecific(rivals);
    const best = rivals
      .filter((hit) => hit.class === attack)
      .reduce<Hit | undefined>(
        (found, hit) => (found && found.text.length >= hit.text.length ? found : hit),
        undefined,
      );
    return best ? [best] : [];
  });
}

/** The known path of a target as a hit: of the path, or of the attacked value where only the query makes it known. */
export function toHit({ class: attack, about }: KnownPath, target: string, hits: readonly Hit[]): Hit {
  const in_path = knownPathOf(target.replace(/[?#].*/s, '')) !== undefined;
  const attacked = in_path ? undefined : hits.find(({ certain }) => certain);
  return {
    class: attack,
    rule: `${attack}/${about}`,
    title: about,
    certain: true,
    label: attacked?.label ?? 'path',
    text: target.slice(0, TEXT_CHARS_MAX),
    steps: [],
  };
}

/** A named exploit carries paths and addresses that other grammars know too; a file or tool name says least. */
function mostSpecific(hits: readonly Hit[]): AttackClass | undefined {
  const meant = MEANT.find((attack) => hits.some((hit) => hit.class === attack));
  return meant ?? leadingClass(hits.filter((hit) => !VAGUE.has(hit.class))) ?? hits[0]?.class;
}

const MEANT: readonly AttackClass[] = ['log4shell', 'exploit-path', 'webshell', 'xxe'];
const VAGUE: ReadonlySet<AttackClass> = new Set(['sensitive-file', 'scanner']);
const TEXT_CHARS_MAX = 400;
