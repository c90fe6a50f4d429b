/** An investigation of a text with specialists that find nothing: what they are asked, and what is said of the rest. */
import { createInvestigate } from '../../orchestrator/investigate.ts';
import { rulesPlanner, type Step } from '../../orchestrator/plan.ts';
import { InvestigationResult, type InputKind } from '../../protocol/index.ts';
import { row } from './ledger.ts';
import { resultOf } from './result.ts';

async function* bytesOf({ text = '' }: { text?: string | undefined }): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

/** Investigates an input as it is found out to be, or as is said, with specialists that find nothing; shows what they were asked. */
export async function investigated(given: unknown, kind?: InputKind) {
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  const steps: Step[] = [];
  const handOff = ({ task_id }: { task_id: string }, step: Step) => {
    steps.push(step);
    return Promise.resolve(row(`${task_id}/${step.step}`, { state: 'completed', result: resultOf(), agent_id: 'any' }));
  };
  const run = createInvestigate({ planner: rulesPlanner, open: bytesOf, handOff });
  const task = row('root', { params: { input: { name: 'in', text }, ...(kind && { kind }) } });
  const result = InvestigationResult.parse(await run(task, new AbortController().signal, () => undefined));
  const paramsOf = (skill: string) => steps.find((step) => step.skill === skill)?.params;
  return {
    result,
    steps,
    paramsOf,
    desk: paramsOf('triage_alert')?.['alert'] as Record<string, unknown> | undefined,
    together: paramsOf('correlate_alerts')?.['alerts'] as Record<string, unknown>[] | undefined,
    unread: result.not_checked.map(({ what }) => what).join('\n'),
  };
}
