/** Agents that ask by their cards to be shown inputs: who is asked, in which order, and what of their answers counts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineAgent, type Agent } from '../../mesh/index.ts';
import { GUEST_IOCS_MAX, judgeGuest } from '../../orchestrator/guest.ts';
import {
  INTERESTED_MAX,
  interestedIn,
  interestsOf,
  isKnownFile,
  shareOut,
  SKILLS_OF_AGENT_MAX,
  type Interest,
} from '../../orchestrator/interest.ts';
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

  test('an agent of many skills takes the places of no other, and what is left out is told', () => {
    const many = Array.from({ length: 8 }, (_, nth) => wanting('aaa-agent', ['certificate'], `look_${nth}`));
    const all = interestedIn([wanting('zoe'), ...many, wanting('bob')], { kind: 'certificate', head });
    const { asked, left_out } = shareOut(all);
    const named = (interests: readonly Interest[]) => interests.map(({ agent_id, skill: id }) => `${agent_id} ${id}`);
    expect(named(asked)).toEqual(['aaa-agent look_0', 'bob look_at', 'zoe look_at', 'aaa-agent look_1']);
    expect(named(left_out)).toEqual([2, 3, 4, 5, 6, 7].map((nth) => `aaa-agent look_${nth}`));
  });

  test('each is asked once before any is asked twice', () => {
    const pair = (agent_id: string) => ['look_1', 'look_2'].map((id) => wanting(agent_id, ['certificate'], id));
    const agents = Array.from({ length: INTERESTED_MAX }, (_, nth) => `guest-${nth}`);
    expect(shareOut(agents.flatMap(pair)).asked.map(({ agent_id }) => agent_id)).toEqual(agents);
    const few = agents.slice(0, INTERESTED_MAX / SKILLS_OF_AGENT_MAX);
    expect(shareOut(few.flatMap(pair)).left_out).toEqual([]);
  });

  test('an indicator that a guest names goes to threat intelligence under its name', () => {
    const input = { name: 'x', text: 'y' };
    const iocs = [{ type: 'ip', value: '198.51.100.7' }];
    const settled = new Map([['card:ada/look_at', resultOf({ iocs })]]);
    const interested = [wanting('ada')];
    const [intel] = rulesPlanner.next({ kind: 'certificate', input, alert: undefined, settled, interested });
    expect(intel?.params).toMatchObject({ iocs, origins: [{ source: 'x', locator: 'named by look_at of ada' }] });
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
  const judged = (result: unknown, name = 'input') => judgeGuest<Row>({ state: 'completed', result }, name);
  const kept = (result: unknown, name = 'input') => AnalysisResult.parse(judged(result, name).result);

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
    const { state, result: counting, error } = judged(result);
    expect([state, counting]).toEqual(['completed', undefined]);
    expect(error?.message).toContain(why);
  });

  const citing = (source: string, severity: 'low' | 'critical' = 'critical') => ({
    ...finding(source, severity),
    evidence: [{ source, locator: 'line 1', excerpt: 'x' }],
  });
  const grave = { verdict: 'malicious', severity: 'critical', confidence: 0.95 } as const;

  test('a grave word on what nobody showed it counts for nothing, and the source that is none is named', () => {
    const { result, error } = judged(resultOf({ ...grave, findings: [citing('elsewhere.pem')] }));
    expect(result).toBeUndefined();
    expect(error?.message).toMatch(/malicious without a finding.*such as elsewhere\.pem/);
  });

  test('what cites another source is passed over, and so is the confidence that rested on it', () => {
    const findings = [citing('elsewhere.pem'), citing('input', 'low')];
    const techniques = findings.map(({ evidence }, nth) => ({
      id: `T105${nth}`,
      name: 'x',
      attack_version: '19',
      evidence,
    }));
    const about = kept(resultOf({ severity: 'low', confidence: 0.95, verdict: 'suspicious', findings, techniques }));
    expect(about).toMatchObject({ findings: [{ id: 'input' }], techniques: [{ id: 'T1051' }], confidence: 0.1 });
    expect(about.not_checked).toEqual([
      { what: '1 of its 2 findings', why: 'they cite a source that is not the input, such as elsewhere.pem' },
    ]);
    const harmful = [{ ...citing('input'), evidence: [...citing('input').evidence, ...citing('other').evidence] }];
    expect(judged(resultOf({ ...grave, findings: harmful })).result).toBeUndefined();
  });

  test.each<[string, string, boolean]>([
    ['alert.json', 'alert.json', true],
    ['alert.json', 'alert.json#/email', true],
    ['alert.json', 'alert.jso', false],
    ['alert.json', 'a…', false],
    ['alert.json', '', false],
    ['a\u202eb.pem', 'a\\u{202e}b.pem', true],
    ['a\u00a0b.pem', 'a\\u{a0}b.pem', true],
    [`${'n'.repeat(200)}.pem`, `${'n'.repeat(119)}…`, true],
    [`${'n'.repeat(200)}.pem`, `${'m'.repeat(119)}…`, false],
  ])('of the input %s, the source %s', (name, source, is_input) => {
    expect(judged(resultOf({ ...grave, findings: [citing(source)] }), name).result !== undefined).toBe(is_input);
  });

  test('of thousands of indicators a few are judged, the others are told, and it is not benign', () => {
    const iocs = Array.from({ length: 40_000 }, (_, nth) => ({ type: 'domain', value: `d${nth}.example.com` }));
    const bounded = kept(resultOf({ iocs }));
    expect(bounded.iocs).toEqual(iocs.slice(0, GUEST_IOCS_MAX));
    expect(bounded.verdict).toBe('inconclusive');
    expect(bounded.not_checked[0]?.what).toBe(`${40_000 - GUEST_IOCS_MAX} of its 40000 indicators`);
  });

  test('what hides or obeys in its texts is made visible, and it is a result still', () => {
    const evil = '\u001b[2J\u202egood'.repeat(30);
    const evidence: Evidence[] = [{ source: evil, locator: evil, excerpt: evil.slice(0, 512) }];
    const result = resultOf({ summary: evil, findings: [{ ...finding('a', 'low'), title: evil, evidence }] });
    const text = JSON.stringify(judged(result, evil).result);
    expect(text).not.toMatch(/\\u001b|\u202e/);
    expect(AnalysisResult.safeParse(JSON.parse(text)).success).toBe(true);
  });

  test('what failed or was refused is left as it is', () => {
    const failed = { state: 'failed' as const, error: { code: 5030, message: 'gone' } };
    expect(judgeGuest(failed, 'input')).toBe(failed);
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
    const evidence = [{ source: 'a.pem', locator: 'line 1', excerpt: 'x' }];
    const findings = [{ ...finding('a', 'high'), evidence }];
    const bad = resultOf({ findings, verdict: 'malicious', severity: 'high', confidence: 0.8 });
    const result = InvestigationResult.parse(await investigate([guest('bob', bad), guest('ada', benign)]));
    expect(result).toMatchObject({ kind: 'certificate', verdict: 'malicious' });
    expect(result.summary).toContain('This is the word of bob alone.');
    expect(result.arithmetic).toContain('verdict malicious on the word of bob alone');
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
    offers.keep('bob', { look_at: { ...traits, investigates: ['certificate'], targets: [], effect_kinds: [] } });
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
