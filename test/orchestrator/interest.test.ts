/** Agents that ask by their cards to be shown inputs: who is asked, in which order, and what of their answers counts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineAgent, type Agent } from '../../mesh/index.ts';
import { judgeGuest } from '../../orchestrator/guest.ts';
import { INTERESTED_MAX, interestedIn, interestsOf, isKnownFile, type Interest } from '../../orchestrator/interest.ts';
import type { TaskRow } from '../../orchestrator/index.ts';
import { memoryOffers } from '../../orchestrator/offers.ts';
import { rulesPlanner } from '../../orchestrator/plan.ts';
import { ROUTING_LIMITS } from '../../orchestrator/routing.ts';
import { AnalysisResult, InvestigationResult, skill, type Evidence } from '../../protocol/index.ts';
import { z } from 'zod';
import { startMesh } from '../support/mesh.ts';
import { finding, resultOf } from '../support/result.ts';

type Row = Pick<TaskRow, 'state' | 'result' | 'error'>;
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const head = Buffer.from(PEM);
const traits = { effect: 'read', action_class: 'read', routable: true, investigates: ['certificate'] } as const;
const wanting = (agent_id: string, investigates = ['certificate'], skill_id = 'look_at'): Interest => ({
  agent_id,
  skill: skill_id,
  investigates,
});

describe('who is asked', () => {
  test.each([
    ['reads', traits, 1],
    ['changes something', { ...traits, effect: 'idempotent' as const }, 0],
    ['may act', { ...traits, action_class: 'low' as const }, 0],
    ['may not be found by skill', { ...traits, routable: false }, 0],
    ['asks for nothing', { ...traits, investigates: [] }, 0],
  ])('a skill that %s', (_what, own, count) => {
    expect(interestsOf('ada', [['look_at', { ...own, investigates: [...own.investigates] }]])).toHaveLength(count);
  });

  test('by kind, or by first bytes; what is neither is passed over', () => {
    const of = (wanted: string) => interestedIn([wanting('ada', [wanted])], { kind: 'certificate', head }).length;
    expect(['certificate', 'bytes:2d2d2d2d2d', 'bytes:2d2d2d2d2e'].map(of)).toEqual([1, 1, 0]);
    // Too short, too long, not in hex, not as it is written, a kind of another, an empty one.
    const odd = ['bytes:2d2d2d', `bytes:${'2d'.repeat(33)}`, 'bytes:zz2d2d2d', 'bytes:2D2D2D2D', 'email', '', 'bytes:'];
    expect(odd.map(of)).toEqual(odd.map(() => 0));
  });

  test('an input that is shorter than the first bytes is not known by them', () => {
    expect(isKnownFile([wanting('ada', ['bytes:d4c3b2a1'])], Buffer.from('d4c3b2', 'hex'))).toBe(false);
    expect(isKnownFile([wanting('ada', ['bytes:d4c3b2a1'])], Buffer.from('d4c3b2a100', 'hex'))).toBe(true);
    expect(isKnownFile([wanting('ada', ['file'])], head)).toBe(false); // `file` alone knows nothing
  });

  test('whoever came first, the order is the same, and a replica is not asked twice', () => {
    const all = [wanting('ada'), wanting('ada'), wanting('bob'), wanting('bob', ['certificate'], 'look_in')];
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (order) => {
        expect(
          interestedIn(order, { kind: 'certificate', head }).map((each) => `${each.agent_id} ${each.skill}`),
        ).toEqual(['ada look_at', 'bob look_at', 'bob look_in']);
      }),
    );
  });

  test('it stands beside our own steps, never in their place, and nobody is asked the same twice', () => {
    const input = { name: 'x', text: 'y' };
    const interested = [wanting('ada', ['email']), wanting('eve', ['email'], 'analyze_email')];
    const steps = rulesPlanner.next({ kind: 'email', input, alert: undefined, settled: new Map(), interested });
    expect(steps.map(({ skill: asked, agent_id, params }) => [asked, agent_id, params])).toEqual([
      ['analyze_email', undefined, { email: input }],
      ['look_at', 'ada', { input }],
    ]);
  });
});

describe('what of a guest’s answer counts', () => {
  const judged = (result: unknown) => judgeGuest<Row>({ state: 'completed', result });

  test('a result that rests on what it says it found', () => {
    const good = resultOf({
      findings: [finding('a', 'high')],
      verdict: 'malicious',
      severity: 'high',
      confidence: 0.8,
    });
    expect(judged(good)).toEqual({ state: 'completed', result: good });
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'no result'],
    ['a text', 'all good', 'no result'],
    ['a result without a receipt field', { ...resultOf({}), checked: undefined }, '/checked'],
    ['a confidence of 7', resultOf({ confidence: 7 }), '/confidence'],
    [
      'malicious, of nothing',
      resultOf({ verdict: 'malicious', severity: 'high', confidence: 0.9 }),
      'without a finding',
    ],
    [
      'malicious, of something low',
      resultOf({ verdict: 'malicious', severity: 'low', confidence: 0.9, findings: [finding('a', 'low')] }),
      'without a finding that is high',
    ],
    [
      'suspicious, of nothing',
      resultOf({ verdict: 'suspicious', severity: 'low', confidence: 0.2 }),
      'without a finding',
    ],
    [
      'critical, of something medium',
      resultOf({ severity: 'critical', findings: [finding('a', 'medium')] }),
      'critical',
    ],
    ['confident, of nothing', resultOf({ confidence: 0.9 }), 'confident without'],
  ])('%s counts for nothing, and the reason is said', (_what, result, why) => {
    const { state, result: kept, error } = judged(result);
    expect([state, kept]).toEqual(['completed', undefined]);
    expect(error?.message).toContain(why);
  });

  test('what hides or obeys in its texts is made visible, and it is a result still', () => {
    const evil = '\u001b[2J\u202egood'.repeat(30);
    const evidence: Evidence[] = [{ source: evil, locator: evil, excerpt: evil.slice(0, 512) }];
    const result = resultOf({ summary: evil, findings: [{ ...finding('a', 'low'), title: evil, evidence }] });
    const text = JSON.stringify(judged(result).result);
    expect(text).not.toMatch(/\\u001b|\u202e/);
    expect(AnalysisResult.safeParse(JSON.parse(text)).success).toBe(true);
  });

  test('what failed or was refused is left as it is', () => {
    const failed = { state: 'failed' as const, error: { code: 5030, message: 'gone' } };
    expect(judgeGuest(failed)).toBe(failed);
  });
});

describe('in a mesh', () => {
  let left_ms = 0;
  const guest = (id: string, answer: unknown, investigates = ['certificate']): Agent =>
    defineAgent({
      id,
      name: id,
      description: 'Looks.',
      skills: [
        skill({
          id: 'look_at',
          title: 'Look',
          description: 'Looks.',
          tags: ['x'],
          effect: 'read',
          investigates,
          params: z.object({ input: z.object({ name: z.string() }) }),
          result: z.unknown(),
        }).implement((_params, ctx) => {
          left_ms = ctx.remaining_ms();
          return answer;
        }),
      ],
    });
  const investigate = async (agents: readonly Agent[], input: object = { name: 'a.pem', text: PEM }) => {
    const mesh = await startMesh(agents);
    await mesh.online(agents.length);
    return mesh.operator.request('handoff', { to: { skill: 'investigate' }, params: { input } });
  };
  const benign = resultOf({});

  test('each that asks is asked, and the answers make one verdict', async () => {
    const bad = resultOf({ findings: [finding('a', 'high')], verdict: 'malicious', severity: 'high', confidence: 0.8 });
    const result = InvestigationResult.parse(await investigate([guest('bob', bad), guest('ada', benign)]));
    expect(result).toMatchObject({ kind: 'certificate', verdict: 'malicious' });
    expect(result.steps.map(({ agent_id, verdict }) => [agent_id, verdict])).toEqual([
      ['ada', 'benign'],
      ['bob', 'malicious'],
    ]);
  });

  test('half of the time that is left is all that one gets who only asked to be shown it', async () => {
    await investigate([guest('ada', benign)]);
    expect(left_ms).toBeGreaterThan(0);
    expect(left_ms).toBeLessThanOrEqual(ROUTING_LIMITS.deadline_ms_default / 2);
  });

  test('one that is known and away is asked too, and its silence is said', async () => {
    const offers = memoryOffers();
    offers.keep('bob', { look_at: { ...traits, investigates: ['certificate'], targets: [] } });
    const mesh = await startMesh([guest('ada', benign), guest('bob', benign)], {
      is_up: (url) => !url.includes('bob'),
      orchestrator: { offers, bounds: { registry: { route_ms_max: 50 } } },
    });
    await mesh.online(1);
    const params = { input: { name: 'a.pem', text: PEM } };
    const result = InvestigationResult.parse(
      await mesh.operator.request('handoff', { to: { skill: 'investigate' }, params }),
    );
    expect(result.verdict).toBe('inconclusive');
    expect(result.not_checked).toContainEqual({ what: 'look_at', why: expect.stringContaining('bob') as unknown });
  });

  test('an answer that is no result is told as not checked, and keeps the whole from being benign', async () => {
    const result = InvestigationResult.parse(await investigate([guest('ada', benign), guest('bob', { ok: true })]));
    expect(result.verdict).toBe('inconclusive');
    expect(result.not_checked).toContainEqual({
      what: 'look_at',
      why: expect.stringContaining('its answer is no result') as unknown,
    });
  });

  test('bytes that none of ours knows are shown to who knows them', async () => {
    const input = { name: 'a.pcap', base64: Buffer.from('d4c3b2a10200040000000000', 'hex').toString('base64') };
    const reader = guest('ada', benign, ['bytes:d4c3b2a1']);
    expect(InvestigationResult.parse(await investigate([reader], input))).toMatchObject({
      kind: 'file',
      verdict: 'benign',
    });
    await expect(investigate([guest('ada', benign)], input)).rejects.toMatchObject({ code: 4220 });
  });

  test('more than are asked at once are named as not asked', async () => {
    const crowd = Array.from({ length: INTERESTED_MAX + 1 }, (_, nth) => guest(`guest-${nth}`, benign));
    const result = InvestigationResult.parse(await investigate(crowd));
    expect(result.steps).toHaveLength(INTERESTED_MAX);
    expect(result.verdict).toBe('inconclusive');
    expect(result.not_checked).toContainEqual({
      what: `look_at of guest-${INTERESTED_MAX}`,
      why: expect.stringContaining('at most') as unknown,
    });
  });

  test('where nobody asks for such inputs, that is what is said', async () => {
    await expect(investigate([guest('ada', benign, ['email'])])).rejects.toMatchObject({
      code: 4043,
      message: expect.stringContaining('No agent here looks at a certificate') as unknown,
    });
  });
});
