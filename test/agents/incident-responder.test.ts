/** The incident responder, called as a peer calls it, with an outlet that answers as each mode would. */
import { expect, test } from 'vitest';
import { endpointSecurity } from '../../agents/endpoint-security.ts';
import { incidentResponder } from '../../agents/incident-responder.ts';
import { ResponsePlan } from '../../analysis/response/index.ts';
import { AuroraError, cardOf, readCard, type EffectRequest } from '../../protocol/index.ts';
import { callerOf } from '../support/caller.ts';

/** A caller whose effects are remembered, and answered as in that mode. */
function responder(mode: 'dry_run' | 'monitor' | 'active' = 'monitor') {
  const wished: EffectRequest[] = [];
  const apply = async (request: EffectRequest) => {
    wished.push(request);
    const effect_key = `${request.kind}:${request.target}`;
    if (mode !== 'active') return { applied: false, mode, effect_key };
    return { applied: true, mode, effect_key, approval_id: 'approval_1', action_id: 'action_1' };
  };
  return { wished, ...callerOf(incidentResponder, { effects: { apply } }) };
}
const order = { endpoint_id: 'WS-042', reason: 'It beacons.' };

test('every example of every skill is answered, and the same again', async () => {
  const { call, steps } = responder();
  for (const { id, examples = [] } of incidentResponder.skills) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(await call(id, example)).toEqual(await call(id, example));
  }
  expect(new Set(steps)).toEqual(new Set(['bring the endpoint into its state', 'plan response', 'assess indicators']));
});

test('containing and releasing wish a state of one endpoint, under one name, with the reason for the record', async () => {
  const { call, wished } = responder('active');
  await call('contain_endpoint', order);
  await call('contain_endpoint', { ...order, isolation: 'selective' });
  await call('release_endpoint', order);
  const { endpoint_id, reason } = order;
  const desired = { endpoint_id, reason };
  expect(wished.map(({ kind, target }) => `${kind}:${target}`)).toEqual(Array(3).fill('endpoint_isolation:WS-042'));
  expect(wished.map((one) => one.desired)).toEqual([
    { ...desired, state: 'contained', isolation: 'full' },
    { ...desired, state: 'contained', isolation: 'selective' },
    { ...desired, state: 'released' },
  ]);
});

test('what was applied names its record, and what nobody looked at', async () => {
  expect(await responder('active').call('contain_endpoint', order)).toEqual({
    applied: true,
    mode: 'active',
    effect_key: 'endpoint_isolation:WS-042',
    approval_id: 'approval_1',
    action_id: 'action_1',
    summary: 'WS-042 contained (full): ordered, and the order was accepted',
    desired: { endpoint_id: 'WS-042', state: 'contained', isolation: 'full' },
    done: ['WS-042 contained (full): ordered from the effect driver'],
    not_done: [],
    evidence: [{ source: 'log of actions', locator: 'action_1', excerpt: 'endpoint_isolation:WS-042' }],
    not_checked: [{ what: 'whether WS-042 is contained by now', why: 'the endpoint itself was not asked' }],
  });
});

test.each(['dry_run', 'monitor'] as const)(
  'in %s it says that nothing was done, and claims no record',
  async (mode) => {
    expect(await responder(mode).call('contain_endpoint', order)).toMatchObject({
      applied: false,
      mode,
      done: [],
      not_done: [{ what: 'WS-042 contained (full)', why: `in mode ${mode} nothing outside is called` }],
      evidence: [],
    });
  },
);

test('a refused effect is no result', async () => {
  const refuse = () => Promise.reject(new AuroraError(4032));
  const { call } = callerOf(incidentResponder, { effects: { apply: refuse } });
  await expect(call('contain_endpoint', order)).rejects.toMatchObject({ code: 4032 });
});

test.each(['*', '', 'WS 042', '../x', 'a\nb', 'a/b', '-rf', 'x'.repeat(129), ['WS-1', 'WS-2']])(
  'the endpoint %j is none (ATK-F4)',
  async (endpoint_id) => {
    const { call, wished } = responder('active');
    await expect(call('contain_endpoint', { ...order, endpoint_id })).rejects.toMatchObject({ code: -32602 });
    expect(wished).toEqual([]);
  },
);

test('a plan is the same to the byte, wishes nothing of anybody, and takes the result of a specialist as it is', async () => {
  const { call, wished } = responder('active');
  const { call: assess } = callerOf(endpointSecurity);
  const investigation = await assess('assess_endpoint', endpointSecurity.skills[3]!.examples![0]);
  const plan = await call('plan_response', { investigation });
  const { steps } = ResponsePlan.parse(plan);
  expect(steps.slice(0, 2)).toMatchObject([
    { step: 'S1', target: 'ws-042' },
    { step: 'S2', react: { id: 'RA3102' }, justified_by: ['process-1', 'process-2'] },
  ]);
  expect(JSON.stringify(await call('plan_response', { investigation }))).toBe(JSON.stringify(plan));
  expect(wished).toEqual([]);
});

test.each([
  ['nothing', {}],
  [
    'findings without evidence',
    { investigation: { findings: [{ id: 'a', title: 'a', severity: 'high', evidence: [] }] } },
  ],
  ['a list', { investigation: [] }],
  ['a verdict that nobody knows', { investigation: { verdict: 'evil' } }],
  ['too many findings', { investigation: { findings: Array(1_001).fill({}) } }],
  [
    'a technique that is none',
    { investigation: { techniques: [{ id: '../x', name: '', attack_version: '', evidence: [] }] } },
  ],
  ['an asset without a name', { investigation: {}, assets: [{ name: '' }] }],
])('%s cannot be planned for (-32602)', async (_name, params) => {
  await expect(responder().call('plan_response', params)).rejects.toMatchObject({ code: -32602 });
});

test('its card says what its skills may do, and to what', () => {
  const { skills } = readCard(cardOf(incidentResponder, 'ws://127.0.0.1:9014'));
  expect(skills.get('contain_endpoint')).toMatchObject({
    effect: 'idempotent',
    action_class: 'high',
    targets: ['/endpoint_id'],
    effect_kinds: ['endpoint_isolation'],
  });
  expect(skills.get('release_endpoint')).toMatchObject({
    action_class: 'medium',
    targets: ['/endpoint_id'],
    effect_kinds: ['endpoint_isolation'],
  });
  expect(skills.get('plan_response')).toMatchObject({
    effect: 'read',
    action_class: 'read',
    routable: true,
    targets: [],
  });
  expect(skills.get('analyze_threat')).toMatchObject({ effect: 'read', routable: false, targets: [] });
});
