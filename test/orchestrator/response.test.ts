/** What to do about it: asked once something of weight was found, and nothing is lost by asking. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { emailSecurity } from '../../agents/email-security.ts';
import { incidentResponder } from '../../agents/incident-responder.ts';
import { createInvestigate } from '../../orchestrator/investigate.ts';
import type { Step, TaskRow } from '../../orchestrator/index.ts';
import { rulesPlanner } from '../../orchestrator/plan.ts';
import { inOrderOf, responseStep } from '../../orchestrator/response.ts';
import { AuroraError, InvestigationResult } from '../../protocol/index.ts';
import { callerOf } from '../support/caller.ts';
import { row } from '../support/ledger.ts';
import { startMesh } from '../support/mesh.ts';
import { finding, resultOf } from '../support/result.ts';

const isolate = { action: 'isolate the host', action_class: 'high' as const, target: 'ws-1', reason: 'it beacons' };
const strange = {
  action: 'ring the bell',
  action_class: 'low' as const,
  target: 'ws-1',
  reason: 'so that people know',
};
const GRAVE = resultOf({
  verdict: 'malicious',
  severity: 'high',
  confidence: 0.9,
  findings: [
    { ...finding('a', 'high'), title: 'ws-1: LSASS was read', techniques: ['T1003.001'] },
    finding('b', 'info'),
  ],
  recommendations: [strange, isolate],
});
const everybody = () => true;

test('the verdict recommends in the order of the plan; what the plan does not know stays behind it', async () => {
  const { recommendations, steps, verdict } = await investigate(GRAVE);
  expect(verdict).toBe('malicious');
  expect(recommendations.map(({ action }) => action)).toEqual([
    'preserve memory and disk before anything is cleaned',
    'isolate the host',
    'end every session, ticket and token of the same accounts',
    'reset the credentials that were reached for',
    'release the host',
    'write the incident report',
    'go through what happened with those who were there',
    'ring the bell',
  ]);
  expect(steps.at(-1)).toMatchObject({ step: 'response', skill: 'plan_response', state: 'completed' });
});

test('where nobody plans, nothing is changed and nobody is waited for', async () => {
  const { recommendations, steps } = await investigate(GRAVE, { offers: () => false });
  expect(recommendations).toEqual([strange, isolate]);
  expect(steps.map(({ skill }) => skill)).not.toContain('plan_response');
});

test.each<[string, Partial<TaskRow>]>([
  ['fails', { state: 'failed', error: { code: 5040, message: 'too late' } }],
  [
    'fails with an answer',
    { state: 'failed', result: { recommendations: [] }, error: { code: 5040, message: 'too late' } },
  ],
  ['is refused', { state: 'rejected' }],
  ['answers in no known shape', { state: 'completed', result: { recommendations: 'none' } }],
])('a plan that %s leaves verdict and recommendations as they were, and is said', async (_name, end) => {
  const whole = await investigate(GRAVE, { offers: () => false });
  const result = await investigate(GRAVE, { end });
  expect(result).toMatchObject({
    verdict: whole.verdict,
    confidence: whole.confidence,
    recommendations: [strange, isolate],
  });
  expect(result.not_checked).toMatchObject([{ what: 'plan_response' }]);
});

test.each([
  ['a benign verdict', { ...GRAVE, verdict: 'benign' as const }],
  ['an inconclusive one', { ...GRAVE, verdict: 'inconclusive' as const }],
  ['findings of no weight', { ...GRAVE, findings: [finding('a', 'low')] }],
])('%s asks for no plan', (_name, result) => {
  expect(responseStep(result, everybody)).toBeUndefined();
});

test('a plan cannot make a recommendation vanish', () => {
  expect(inOrderOf({ recommendations: [] }, [isolate])).toEqual([isolate]);
  expect(inOrderOf({ recommendations: Array(301).fill(isolate) }, [isolate])).toBeUndefined();
});

test('whoever plans moves what specialists recommend, and changes nothing of it: neither class, nor reason, nor spelling', () => {
  const loud = { ...strange, target: 'ws-1\u001b[2J' };
  const twice = { ...isolate, reason: 'it spreads' };
  const lie = { ...isolate, action_class: 'read' as const, reason: 'another', target: 'WS-1' };
  const planned = { ...loud, target: 'ws-1\\u{1b}[2J', action_class: 'irreversible' as const };
  const given = [isolate, loud, twice];
  expect(inOrderOf({ recommendations: [planned, lie, lie] }, given)).toEqual([loud, isolate, twice]);
});

test('what a plan adds is made harmless and bounded, and stands there once', () => {
  const evil = { action: '\u001b[2J', action_class: 'low' as const, target: '\u202e', reason: 'x'.repeat(100_000) };
  const [added, ...more] = inOrderOf({ recommendations: [evil, evil] }, []) ?? [];
  expect(more).toEqual([]);
  expect(added).toMatchObject({ action: '\\u{1b}[2J', target: '\\u{202e}' });
  expect(added?.reason.length).toBeLessThanOrEqual(1_000);
});

test('what is sent of a large investigation is bounded', () => {
  const evidence = Array.from({ length: 20 }, () => ({ source: 's', locator: 'l', excerpt: 'x'.repeat(500) }));
  const findings = Array.from({ length: 2_000 }, (_, nth) => ({ ...finding(`f${nth}`, 'high'), evidence }));
  const step = responseStep({ ...GRAVE, findings }, everybody);
  expect(JSON.stringify(step?.params).length).toBeLessThan(262_144);
  expect(step).toMatchObject({ patience_ms: 10_000 });
});

test('end to end over the mesh: a phish is investigated, its plan is the order, and the same again to the byte', async () => {
  const mesh = await startMesh([incidentResponder, emailSecurity]);
  const input = { name: 'phish.eml', text: readFileSync('examples/inputs/phish.eml', 'utf8') };
  const ask = () => mesh.operator.request('handoff', { to: { skill: 'investigate' }, params: { input } });
  const first = InvestigationResult.parse(await ask());
  expect(first.steps.at(-1)).toMatchObject({
    agent_id: 'incident-responder',
    skill: 'plan_response',
    state: 'completed',
  });
  expect(first.recommendations[0]?.action).toBe('keep a copy of the mail with all its headers');
  expect(JSON.stringify(await ask())).toBe(JSON.stringify(first));
  const planned = mesh.operator.request('handoff', {
    to: { skill: 'plan_response' },
    params: { investigation: { verdict: first.verdict, findings: first.findings } },
  });
  expect(await planned).toMatchObject({ verdict: 'malicious', data_versions: { react: '323c3274' } });
});

/** Investigates a mail of which the mail's specialist says `found`, with the real planner of responses. */
async function investigate(
  found: unknown,
  { offers = everybody, end }: { offers?: () => boolean; end?: Partial<TaskRow> } = {},
): Promise<InvestigationResult> {
  const responder = callerOf(incidentResponder);
  const handOff = async ({ task_id }: TaskRow, { step, skill, params }: Step): Promise<TaskRow> => {
    if (skill !== 'plan_response')
      return row(`${task_id}/${step}`, { state: 'completed', result: found, agent_id: 'mail' });
    if (end?.state === 'rejected') throw new AuroraError(4290);
    const done = end ?? { state: 'completed', result: await responder.call(skill, params) };
    return row(`${task_id}/${step}`, { agent_id: 'incident-responder', ...done });
  };
  const run = createInvestigate({ planner: rulesPlanner, open: bytesOf, handOff, offers });
  const params = { input: { name: 'a.eml', text: 'From: a@example.com\n\nhello' }, kind: 'email' };
  const result = await run(row('root', { params }), new AbortController().signal, () => undefined);
  return InvestigationResult.parse(result);
}

async function* bytesOf({ text = '' }: { text?: string | undefined }): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
