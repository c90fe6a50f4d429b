/** What is asked when somebody says "investigate this", and what comes back. */
import { z } from 'zod';
import { Source } from './blob.ts';
import { AnalysisResult, Verdict } from './result.ts';
import { TaskState } from './task.ts';

/** What kind of thing an input is; `file` is none of the others, known to an agent by its first bytes. */
export const InputKind = z.enum([
  'alert',
  'email',
  'access_log',
  'http',
  'report',
  'events',
  'evtx',
  'artifact',
  'intel',
  'certificate',
  'file',
]);
export type InputKind = z.infer<typeof InputKind>;

/** Params of the skill `investigate`. Without `kind` it is detected from the first 64 KiB, also inside gzip and zip. */
export const Investigate = z.object({ input: Source, kind: InputKind.optional() });
export type Investigate = z.infer<typeof Investigate>;

/** One handoff of an investigation, without ids and times: those live on the task, so that results stay byte-identical. */
export const InvestigationStep = z.object({
  step: z.string(),
  agent_id: z.string(),
  skill: z.string(),
  reason: z.string(),
  state: TaskState,
  verdict: Verdict.optional(),
  error: z.object({ code: z.number().int(), message: z.string() }).optional(),
});
export type InvestigationStep = z.infer<typeof InvestigationStep>;

/** Result of `investigate`: one verdict over all steps. */
export const InvestigationResult = AnalysisResult.extend({ kind: InputKind, steps: z.array(InvestigationStep) });
export type InvestigationResult = z.infer<typeof InvestigationResult>;
