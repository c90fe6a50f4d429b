/** Investigations: the order of answers changes nothing, and no silence reads as clean (specialists.md 4). */
import fc from 'fast-check';
import { z } from 'zod';
import { describe, expect, test } from 'vitest';
import { defineAgent, memoryLink, type Agent } from '../../mesh/index.ts';
import { createInvestigate } from '../../orchestrator/investigate.ts';
import type { OrchestratorDeps, Planner, Step, TaskRow } from '../../orchestrator/index.ts';
import { rulesPlanner } from '../../orchestrator/plan.ts';
import { AuroraError, InvestigationResult, skill, type ErrorCode, type SkillContext } from '../../protocol/index.ts';
import { manualClock } from '../../seams/index.ts';
import { runUntilQuiet, settled } from '../support/drive.ts';
import { row } from '../support/ledger.ts';
import { startMesh } from '../support/mesh.ts';
import { finding, receipt, resultOf } from '../support/result.ts';
import { tapped, type Frame } from '../support/tap.ts';

const ALERT = JSON.stringify({
  alert_id: 'A-1',
  title: 'Something happened',
  raw_log: '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 12',
  http: { method: 'GET', url: '/' },
  email: 'From: a@example.com\n\nhello',
});
const PARTS: Readonly<Record<string, unknown>> = {
  analyze_access_log: resultOf({
    findings: [finding('a', 'low')],
    verdict: 'suspicious',
    severity: 'low',
    confidence: 0.2,
  }),
  analyze_http: resultOf({
    findings: [finding('b', 'high')],
    verdict: 'malicious',
    severity: 'high',
    confidence: 0.8,
    iocs: [{ type: 'domain', value: 'bad.example.com' }],
  }),
  analyze_email: resultOf({ iocs: [{ type: 'domain', value: 'worse.example.com' }] }),
  extract_iocs: resultOf({ not_checked: [{ what: 'images', why: 'none read' }] }),
  analyze_threat: resultOf({
    findings: [finding('c', 'medium')],
    verdict: 'suspicious',
    severity: 'medium',
    confidence: 0.3,
  }),
};
const AGENTS: Readonly<Record<string, string>> = {
  analyze_access_log: 'web',
  analyze_http: 'web',
  analyze_email: 'mail',
  extract_iocs: 'intel',
  analyze_threat: 'intel',
};

test('whoever answers first: the result is the same to the byte', async () => {
  const skills = Object.keys(PARTS);
  const broken = fc.constantFrom(undefined, ...skills);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(skills, { minLength: skills.length }), broken, async (order, lost) => {
      const rank = (name: string) => order.indexOf(name);
      const result = await investigateInOrder((left, right) => rank(left) - rank(right), lost);
      expect(result).toBe(await investigateInOrder((left, right) => (left < right ? -1 : 1), lost));
    }),
    { numRuns: 100 },
  );
});

/** Runs the rules over the alert; of the skills that wait, the first by `compare` is answered next. */
async function investigateInOrder(compare: (left: string, right: string) => number, lost?: string): Promise<string> {
  const waiting = new Map<string, () => void>();
  const handOff = ({ task_id }: TaskRow, { step, skill: skill_id }: Step) =>
    new Promise<TaskRow>((resolve) => {
      const task = row(`${task_id}/${step}`, { skill: skill_id, agent_id: AGENTS[skill_id] ?? '' });
      const error = { code: 5030, message: 'gone' };
      const end =
        skill_id === lost
          ? { state: 'failed' as const, error }
          : { state: 'completed' as const, result: PARTS[skill_id] };
      waiting.set(skill_id, () => resolve({ ...task, ...end }));
    });
  const investigate = createInvestigate({ planner: rulesPlanner, open: bytesOf, handOff });
  const input = { name: 'alert.json', text: ALERT };
  const running = investigate(row('root', { params: { input } }), new AbortController().signal, () => undefined);
  for (let turn = 0; turn < 10; turn++) {
    await settled();
    const [next] = [...waiting.keys()].sort(compare);
    if (next === undefined) break;
    waiting.get(next)?.();
    waiting.delete(next);
  }
  return JSON.stringify(await running);
}

async function* bytesOf({ text = '' }: { text?: string | undefined }): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe('no silence reads as clean', () => {
  test('with every part there and clean, the verdict is benign', async () => {
    expect(await investigate({})).toMatchObject({ verdict: 'benign', not_checked: [] });
  });

  const codes: ErrorCode[] = [
    -32700, -32600, -32601, -32602, -32603, 4000, 4010, 4030, 4031, 4032, 4040, 4043, 4080, 4090, 4100, 4130, 4150,
    4220, 4222, 4290, 4990, 5000, 5030, 5031, 5032, 5040, 5080,
  ];
  test.each(codes)('a part that is refused with %i', async (code) => {
    await expectInconclusive({
      run: () => {
        throw new AuroraError(code);
      },
    });
  });

  test.each<[string, Silence]>([
    ['throws what nobody expected', { run: () => JSON.parse('{') as unknown }],
    ['throws no error at all', { run: () => Promise.reject(Object.assign(new Error(), { name: 'AbortError' })) }],
    ['never answers', { run: () => new Promise(() => undefined) }],
    ['answers only when it is told to stop', { run: untilTold }],
    ['answers nothing', { run: () => undefined }],
    ['answers null', { run: () => null }],
    ['answers a text', { run: () => 'all clean' }],
    ['answers a list', { run: () => [resultOf()] }],
    ['answers an empty object', { run: () => ({}) }],
    ['answers the four fields alone', { run: () => pick('severity', 'confidence', 'mitre_techniques', 'iocs') }],
    ['answers without a verdict', { run: () => ({ ...resultOf(), verdict: undefined }) }],
    ['answers a verdict nobody knows', { run: () => ({ ...resultOf(), verdict: 'clean' }) }],
    ['answers a confidence over one', { run: () => ({ ...resultOf(), confidence: 2 }) }],
    [
      'answers findings without evidence',
      { run: () => ({ ...resultOf(), findings: [{ ...finding('a', 'low'), evidence: [] }] }) },
    ],
    ['answers without receipts', { run: () => ({ ...resultOf(), checked: undefined }) }],
    ['answers an empty list of receipts', { run: () => resultOf({ checked: [] }) }],
    ['read nothing of its corpus', { run: () => resultOf({ checked: [receipt(10, 0)] }) }],
    ['read all but one item', { run: () => resultOf({ checked: [receipt(10, 9)] }) }],
    ['read one corpus of two', { run: () => resultOf({ checked: [receipt(10, 10), receipt(5, 4)] }) }],
    ['had nothing to ask about', { run: () => resultOf({ checked: [receipt(0, 0)] }) }],
    ['read more than there was', { run: () => resultOf({ checked: [receipt(1, 2)] }) }],
    ['calls benign what it finds critical', { run: () => resultOf({ findings: [finding('a', 'critical')] }) }],
    ['calls benign what it calls critical', { run: () => resultOf({ severity: 'critical' }) }],
    ['says itself that it is inconclusive', { run: () => resultOf({ verdict: 'inconclusive' }) }],
    ['answers more than a frame may hold', { run: () => resultOf({ summary: 'x'.repeat(5_000_000) }) }],
    ['loses every answer on the way', { said: (frame) => ('result' in frame ? undefined : frame), only_work: true }],
    [
      'answers with result and error at once',
      { said: (frame) => ({ ...frame, error: { code: 1, message: '' } }), only_work: true },
    ],
    ['answers an error without a number', { said: ({ id }) => ({ jsonrpc: '2.0', id, error: 'no' }), only_work: true }],
    ['answers another id', { said: (frame) => ({ ...frame, id: 'other' }), only_work: true }],
    ['answers as another version', { said: (frame) => ({ ...frame, jsonrpc: '1.0' }), only_work: true }],
    ['is not known at all', { is_absent: true }],
    ['is known, and never comes', { is_down: true }],
    ['is declined by policy', { orchestrator: { policy: denying } }],
  ])('a part that %s', async (_name, silence) => {
    await expectInconclusive(silence);
  });

  test('a part whose link is lost after it was answered is asked again, and its answer counts', async () => {
    expect(await investigate({ run: (mesh) => cut(mesh) })).toMatchObject({ verdict: 'benign', not_checked: [] });
  });

  test('a handoff that is refused before it becomes a task', async () => {
    const handOff = ({ task_id }: TaskRow, { step }: Step): Promise<TaskRow> =>
      step === 'email'
        ? Promise.reject(new AuroraError(4290))
        : Promise.resolve(row(`${task_id}/${step}`, { state: 'completed', result: resultOf(), agent_id: 'rest' }));
    const result = await createInvestigate({ planner: rulesPlanner, open: bytesOf, handOff })(
      row('root', { params: { input: { name: 'a', text: ALERT } } }),
      new AbortController().signal,
      () => undefined,
    );
    expect(result).toMatchObject({ verdict: 'inconclusive', not_checked: [{ what: 'analyze_email' }] });
  });

  test('steps over the bound of an investigation are said to be left out', async () => {
    const planner: Planner = {
      next: () =>
        Array.from({ length: 40 }, (_, nth) => ({ step: `s${nth}`, skill: 'analyze_http', params: {}, reason: 'r' })),
    };
    const result = await investigate({ orchestrator: { planner } });
    expect(result).toMatchObject({ verdict: 'inconclusive' });
    expect(result.not_checked).toMatchObject([
      { what: 'analyze_http', why: expect.stringContaining('32 steps') as string },
    ]);
    expect(result.steps.map(({ state }) => state).filter((state) => state === 'rejected')).toHaveLength(8);
    expect(result.steps).toHaveLength(40);
  });

  test('a specialist that no fleet here has is named, and nobody waits for one', async () => {
    const { not_checked } = await investigate({ is_absent: true });
    expect(JSON.stringify(not_checked)).toContain('the specialist email-security is missing');
  });

  test('what was read in part is named as a part, and not as nothing', async () => {
    const { summary, not_checked } = await investigate({ run: () => resultOf({ checked: [receipt(2, 1)] }) });
    expect(summary).toContain('Not checked: a part of what mail was given.');
    expect(not_checked).toMatchObject([{ why: expect.stringContaining('1 of 2 items were read') as string }]);
  });

  test('what the others found stays, with less confidence', async () => {
    const found = resultOf({
      findings: [finding('a', 'high')],
      verdict: 'malicious',
      severity: 'high',
      confidence: 0.9,
    });
    const result = await investigate({ run: () => null, others: found });
    expect(result).toMatchObject({ verdict: 'malicious', confidence: 0.5 });
  });

  test('when nobody answers there is no verdict at all', async () => {
    const gone = investigate({ run: () => null, others: null });
    await expect(gone).rejects.toMatchObject({ code: 5000, detail: { code: 'AURORA-5030' } });
  });
});

describe('inputs that cannot be looked at', () => {
  test.each([
    ['binary', 'MZ\0\0'],
    ['binary under a kind that was said', 'MZ\0\0', 'email'],
    ['an alert that is no JSON', '{"alert_id":', 'alert'],
    ['an alert with a wrong field', '{"alert_id":7}', 'alert'],
  ])('%s is 4220', async (_name, text, kind?: string) => {
    await expect(investigate({ text, kind })).rejects.toMatchObject({ code: 4220 });
  });

  test.each([
    ['nothing', '', 'report'],
    ['white space', ' \n\t ', 'report'],
    ['nothing under a kind that was said', '', 'events'],
  ])('%s is found nothing in, and is not clean', async (_name, text, kind) => {
    const result = await investigate({ text, ...(kind !== 'report' && { kind }) });
    expect(result).toMatchObject({ verdict: 'inconclusive', severity: 'info', confidence: 0, findings: [], kind });
    expect(result.not_checked).toMatchObject([{ what: 'the input' }]);
    expect(result.summary).toContain('nothing was checked');
  });

  test('fields of an alert that nobody is given keep it from being clean, and are named', async () => {
    const { verdict, not_checked } = await investigate({
      text: '{"description":"x","parent_line":"powershell -enc"}',
    });
    expect(verdict).toBe('inconclusive');
    expect(JSON.stringify(not_checked)).toContain('parent_line');
  });

  test('an alert that carries nothing to look at is no clean alert', async () => {
    await expect(investigate({ text: '{"unknown":"field"}' })).rejects.toBeInstanceOf(AuroraError);
  });
});

/** How one part, the mail, falls silent. */
interface Silence {
  run?: (crash: () => void, ctx: SkillContext) => unknown;
  /** Rewrites what its process sends; `only_work` leaves hellos alone. */
  said?: (frame: Frame) => Frame | undefined;
  only_work?: boolean;
  is_absent?: boolean;
  is_down?: boolean;
  orchestrator?: Partial<OrchestratorDeps>;
  /** What all other parts answer. */
  others?: unknown;
  text?: string;
  kind?: string | undefined;
}

async function expectInconclusive(silence: Silence): Promise<void> {
  const result = await investigate(silence);
  expect(result.verdict).toBe('inconclusive');
  expect(result.confidence).toBeLessThanOrEqual(0.5);
  if (!silence.run || result.not_checked.length > 0) expect(JSON.stringify(result.not_checked)).toContain('mail');
}

/** One investigation of the alert in a mesh of two agents, the mail's among them. */
async function investigate(silence: Silence): Promise<InvestigationResult> {
  const { run = () => resultOf(), said, others = resultOf() } = silence;
  const clock = manualClock();
  const urls: string[] = [];
  const works = new Set<unknown>();
  const crash = () => urls.forEach((url) => mesh.crash(url));
  const mail = scripted('mail', ['analyze_email'], (ctx) => run(crash, ctx));
  const rest = scripted('rest', ['analyze_access_log', 'analyze_http', 'extract_iocs', 'analyze_threat'], () => others);
  const mesh = await startMesh(silence.is_absent ? [rest] : [mail, rest], {
    clock,
    is_up: (url) => !(silence.is_down && url.includes('mail')),
    link: (url) => {
      const [near, far] = memoryLink({ clock, dialled: new URL(url).host });
      if (!url.includes('mail')) return [near, far];
      urls.push(url);
      const heard = (frame: Frame) => frame['method'] === 'analyze_email' && works.add(frame['id']);
      const rewrite = (frame: Frame) => (works.has(frame['id']) && !('method' in frame) && said ? said(frame) : frame);
      return [near, tapped(far, { heard: (frame) => void heard(frame), said: rewrite })];
    },
    orchestrator: silence.orchestrator ?? {},
  });
  const params = {
    input: { name: 'alert.json', text: silence.text ?? ALERT },
    ...(silence.kind && { kind: silence.kind }),
  };
  const answer = mesh.operator.request('handoff', { to: { skill: 'investigate' }, params });
  let is_over = false;
  void answer.catch(() => undefined).then(() => (is_over = true));
  await runUntilQuiet(clock, () => is_over);
  return InvestigationResult.parse(await answer);
}

/** An agent whose every skill answers what the script says, unchecked: as a careless one in another language might. */
const scripted = (id: string, skills: readonly string[], script: (ctx: SkillContext) => unknown): Agent =>
  defineAgent({
    id,
    name: id,
    description: 'Answers by a script.',
    skills: skills.map((skill_id) =>
      skill({
        id: skill_id,
        title: skill_id,
        description: 'Answers by a script.',
        tags: ['test'],
        effect: 'read',
        params: z.looseObject({}),
        result: z.unknown(),
      }).implement(async (_params, ctx) => script(ctx)),
    ),
  });

const cut = (crash: () => void): unknown => {
  crash();
  return resultOf();
};

function untilTold(_crash: () => void, { signal }: SkillContext): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(resultOf()), { once: true }));
}

const pick = (...keys: (keyof ReturnType<typeof resultOf>)[]): unknown => {
  const whole = resultOf();
  return Object.fromEntries(keys.map((key) => [key, whole[key]]));
};

const denying: NonNullable<OrchestratorDeps['policy']> = {
  version: 'test',
  decide: ({ task }) => ({ answer: task.skill === 'analyze_email' ? 'deny' : 'allow', reason: 'the test says so' }),
};
