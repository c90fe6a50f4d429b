/** Mounted sentences of reports, each labelled by an analyst with one technique: what a mapping learns from. */
import { z } from 'zod';

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
    /** The same in the current ATT&CK, where the pack knows it. */
    technique_v19: z
      .string()
      .regex(/^T\d{4}(?:\.\d{3})?$/)
      .optional(),
    doc: z.string().max(1_000),
  })
  .transform(({ text, technique, technique_v19, doc }): Labelled => ({
    text,
    technique: technique_v19 ?? technique,
    doc,
  }));

const Pack = z.union([
  z.array(Row).min(1).max(200_000),
  z.object({ sentences: z.array(Row).min(1).max(200_000) }).transform(({ sentences }) => sentences),
]);

/** The sentences of a pack `[{text, technique, doc}]` or `{sentences: […]}`, or undefined when it has another shape. */
export function labelledOf(data: unknown): readonly Labelled[] | undefined {
  const parsed = Pack.safeParse(data);
  return parsed.success ? parsed.data : undefined;
}
