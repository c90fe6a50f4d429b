/** Names under their domains: one name in two domains is two strangers, a name without one is whoever alone bears it. */
import { entityKey, type Entity } from './entity.ts';
import type { Sighting } from './graph.ts';

/** The sightings with each name settled: qualified by its domain where several domains have it, bare where one or none has. */
export function settleNames(sightings: readonly Sighting[]): Sighting[] {
  const domains = new Map<string, Set<string>>();
  for (const { entities } of sightings)
    for (const { type, value, domain } of entities) {
      if (domain === undefined) continue;
      const key = entityKey({ type, value });
      const known = domains.get(key);
      if (known) known.add(domain);
      else domains.set(key, new Set([domain]));
    }
  const settle = (entity: Entity): Entity => {
    const { type, value, domain } = entity;
    const known = domains.get(entityKey({ type, value }));
    if (!known) return entity;
    const whole = new Set([...known].map((each) => wholeOf(each, known)));
    if (whole.size < 2 || domain === undefined) return { type, value };
    const own = wholeOf(domain, known);
    return { type, value: type === 'user' ? `${own}\\${value}` : `${value}.${own}` };
  };
  return sightings.map((sighting) => ({ ...sighting, entities: sighting.entities.map(settle) }));
}

/** `corp` is `corp.example` where no other domain of the name begins so: sensors write the short form of Windows or the long one. */
function wholeOf(domain: string, known: ReadonlySet<string>): string {
  if (domain.includes('.')) return domain;
  const [long, ...others] = [...known].filter((each) => each.startsWith(`${domain}.`));
  return long !== undefined && others.length === 0 ? long : domain;
}
