/** Mounted sentences of reports, each labelled by an analyst with one technique: what a mapping learns from. */
import { z } from 'zod';
import { crosswalk } from '../attack/index.ts';

/** One labelled sentence. */
export interface Labelled {
  text: string;
  technique: string;
  /** The report it stands in. */
  doc: string;
}

const Row = z
  .object({
    text: z.string().min(1).max(10_000),
    technique: z.string().regex(/^T\d{4}(?:\.\d{3})?$/),
    doc: z.string().max(1_000),
  })
  // Analysts labelled with the ATT&CK of their day: learned is what the technique is called today.
  .transform((row): Labelled => ({ ...row, technique: crosswalk(row.technique)?.technique.id ?? row.technique }));

const Pack = z.union([
  z.array(Row).min(1).max(200_000),
  z.object({ sentences: z.array(Row).min(1).max(200_000) }).transform(({ sentences }) => sentences),
]);

/** The sentences of a pack `[{text, technique, doc}]` or `{sentences: […]}`, or undefined when it has another shape. */
export function labelledOf(data: unknown): readonly Labelled[] | undefined {
  const parsed = Pack.safeParse(data);
  return parsed.success ? parsed.data : undefined;
}
