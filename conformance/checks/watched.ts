/** Sentences that are watched over a whole run: each message that comes is judged by them (`answers.ts`, `talk.ts`). */
import type { RequirementId } from '../requirements.ts';

/** Their ids. */
export const WATCHED: readonly RequirementId[] = [
  'WS-03',
  'WS-15',
  'WS-16',
  'WS-17',
  'FRAME-01',
  'FRAME-02',
  'FRAME-03',
  'FRAME-04',
  'CALL-14',
  'CALL-15',
  'CALL-16',
  'CALL-17',
  'CALL-18',
  'CALL-23',
  'CALL-27',
  'LIFE-03',
];
