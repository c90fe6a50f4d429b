/** Profiles of groups and software out of what people share: tables of ATT&CK, or STIX bundles with `uses` between their objects. */
import { z } from 'zod';

const Row = z.object({ id: z.string(), name: z.string(), techniques: z.array(z.string()) });
const Table = z.object({ groups: z.array(Row).min(1), software: z.array(Row).default([]) });

function toEntries({ groups, software }: z.infer<typeof Table>): { entries: readonly unknown[] } {
  const typed = (rows: readonly z.infer<typeof Row>[], type: string) => rows.map((row) => ({ ...row, type }));
  return { entries: [...typed(groups, 'group'), ...typed(software, 'software')] };
}

const Bundle = z.object({
  type: z.literal('bundle'),
  objects: z.array(
    z.looseObject({
      type: z.string(),
      id: z.string().optional(),
      name: z.string().optional(),
      revoked: z.boolean().optional(),
      relationship_type: z.string().optional(),
      source_ref: z.string().optional(),
      target_ref: z.string().optional(),
      external_references: z
        .array(z.looseObject({ source_name: z.string(), external_id: z.string().optional() }))
        .optional(),
    }),
  ),
});

function fromBundle({ objects }: z.infer<typeof Bundle>): { entries: readonly unknown[] } {
  const attackIdOf = ({ external_references = [] }: (typeof objects)[number]): string | undefined =>
    external_references.find(({ source_name }) => /^mitre-/.test(source_name))?.external_id;
  const technique_of = new Map<string, string>();
  for (const object of objects) {
    const technique = object.type === 'attack-pattern' ? attackIdOf(object) : undefined;
    if (technique !== undefined && object.id !== undefined) technique_of.set(object.id, technique);
  }
  const used_by = new Map<string, Set<string>>();
  for (const { type, relationship_type, source_ref = '', target_ref = '', revoked } of objects) {
    const technique = technique_of.get(target_ref);
    if (type !== 'relationship' || relationship_type !== 'uses' || revoked === true || technique === undefined)
      continue;
    used_by.set(source_ref, (used_by.get(source_ref) ?? new Set()).add(technique));
  }
  const entries = objects.flatMap((object) => {
    const type = TYPES.get(object.type);
    const techniques = used_by.get(object.id ?? '');
    if (type === undefined || techniques === undefined || object.revoked === true) return [];
    const id = attackIdOf(object) ?? object.id ?? '';
    return [{ id, name: object.name ?? id, type, techniques: [...techniques].sort() }];
  });
  return { entries };
}

const TYPES = new Map([
  ['intrusion-set', 'group'],
  ['threat-actor', 'group'],
  ['malware', 'software'],
  ['tool', 'software'],
]);

/** A file that holds profiles, as their entries; another file fails. */
export const ProfileFile = z.union([
  z
    .object({
      profiles: z.array(z.looseObject({ type: z.string(), name: z.string(), techniques: z.array(z.string()) })).min(1),
    })
    .transform(({ profiles }) => ({ entries: profiles })),
  Table.transform(toEntries),
  z.object({ enterprise: Table }).transform(({ enterprise }) => toEntries(enterprise)),
  Bundle.transform(fromBundle).refine(({ entries }) => entries.length > 0),
]);
