/** What is wrong with a rule, and where: line, column and path, for AURORA-4222 and for lint. */
import { AuroraError, type SigmaProblem } from '../../protocol/index.ts';

/** A place in the text of a rule; both count from 1. */
export interface Place {
  line: number;
  column: number;
}

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
