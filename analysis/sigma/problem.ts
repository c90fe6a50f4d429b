/** What is wrong with a rule, and where: line, column and path, for AURORA-4222 and for lint. */
import { z } from 'zod';
import { AuroraError } from '../../protocol/index.ts';

/** A place in the text of a rule; both count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** One thing that is wrong, or only worth a second look. */
export const SigmaProblem = z.object({
  severity: z.enum(['error', 'warning']),
  path: z.string().describe('detection.selection.Image|endswith, or empty for the file'),
  message: z.string(),
  line: z.number().int().positive(),
  column: z.number().int().positive(),
});
export type SigmaProblem = z.infer<typeof SigmaProblem>;

/** An error at a place. */
export const problem = (
  { line, column }: Place,
  path: string,
  message: string,
  severity: SigmaProblem['severity'] = 'error',
): SigmaProblem => ({ severity, path, message, line, column });

/** AURORA-4222 with every problem in `detail`; the first one is the message. */
export class SigmaError extends AuroraError {
  readonly problems: readonly SigmaProblem[];

  constructor(problems: readonly SigmaProblem[]) {
    const [first] = problems;
    const at = first === undefined ? '' : `${first.line}:${first.column} `;
    const path = first?.path ? `${first.path}: ` : '';
    super(4222, { message: `${at}${path}${first?.message ?? 'not a Sigma rule'}`, detail: { problems } });
    this.problems = problems;
  }
}
