/** The kit proven on orchestrators: each wrong one fails exactly the sentences that it breaks, and the product's own fails none. */
import { describe, expect, test } from 'vitest';
import { conform, type ConformOptions, type Report, type RequirementId } from '../../conformance/index.ts';
import { startGoodOrchestrator } from './mutants/good-orchestrator.ts';
import { isJson, openMiddle, type Lie } from './mutants/middle.ts';
import { quick, failed, whyOf } from './mutants/outcome.ts';
import { wrongOrchestrators, type WrongOrchestrator } from './mutants/of-orchestrators.ts';
import { mutantsOfTrust } from './mutants/of-trust.ts';

test.each(['monitor', 'active'] as const)('the orchestrator of the product breaks nothing in mode %s', async (mode) => {
  const report = await tried({ does: 'all as it should', breaks: [], mode });
  expect(failed(report), whyOf(report)).toEqual([]);
  expect(report.conforms).toBe(true);
});

describe.concurrent('a wrong orchestrator fails what it breaks, and nothing else', () => {
  test.each([...wrongOrchestrators, ...mutantsOfTrust].map((wrong) => [wrong.does, wrong] as const))(
    '%s',
    async (_does, wrong) => {
      const report = await tried(wrong);
      expect(failed(report), whyOf(report)).toEqual([...wrong.breaks].sort());
    },
  );
});

test('whoever hangs up on a foreign Host has told it nothing, and refused it', async () => {
  const lie = (): Lie => ({ http: (answer) => (answer.status < 400 ? answer : undefined) });
  expect((await tried({ does: 'hangs up', breaks: [], lie }, { only: ['HTTP-06'] })).counts).toMatchObject({ pass: 1 });
});

test('what needs no hello is asked before anything else: the time until hello is short', async () => {
  const heard: unknown[] = [];
  const lie = (): Lie => ({
    heard: (message) => {
      if (isJson(message)) heard.push(message['method']);
      return message;
    },
  });
  await tried({ does: 'counts', breaks: [], lie }, { only: ['DISC-09'] });
  expect(heard.indexOf('agent/leave')).toBeGreaterThan(-1);
  expect(heard.indexOf('agent/leave')).toBeLessThan(heard.indexOf('task/get'));
});

test('a bare stranger has no token', async () => {
  const seen: unknown[] = [];
  const lie = (): Lie => ({
    upgrading: ({ headers }) => {
      if (headers['sec-websocket-protocol'] === undefined) seen.push(headers['authorization']);
      return undefined;
    },
  });
  await tried({ does: 'looks', breaks: [], lie }, { only: ['TASK-09'], token: 'of-the-operator' });
  expect(seen).toContain(undefined);
});

test.each([
  ['answers other questions than it asked', 'approval_id', ['APPR-01', 'APPR-02', 'APPR-04']],
  ['judges nobody', 'nothing', []],
])('people are left with no question when an orchestrator %s', async (does, member, breaks) => {
  const [asked, cancelled] = [new Set<unknown>(), new Set<unknown>()];
  const lie = (): Lie => ({
    heard: (message) => {
      const params = isJson(message) && isJson(message['params']) ? message['params'] : {};
      if (isJson(message) && message['method'] === 'task/cancel') cancelled.add(params['task_id']);
      return message;
    },
    said(message) {
      const { error } = message;
      const data = isJson(error) && isJson(error['data']) ? error['data'] : {};
      if (!isJson(error) || error['code'] !== 4032 || !isJson(data['detail'])) return message;
      asked.add(data['detail']['task_id']);
      const detail = { ...data['detail'], [member]: undefined };
      return { ...message, error: { ...error, data: { ...data, detail } } };
    },
  });
  const only: RequirementId[] = ['APPR-01', 'APPR-02', 'APPR-04', 'IDEM-05'];
  const report = await tried({ does, breaks: [], lie, mode: 'active' }, { only });
  expect(failed(report), whyOf(report)).toEqual(breaks);
  expect(asked.size).toBeGreaterThan(3);
  expect([...asked].filter((task_id) => !cancelled.has(task_id))).toEqual([]);
});

/** Runs the kit against an orchestrator that lies to who asks it, or to its agents. */
async function tried(
  { breaks, lie, said, misheard, mode }: WrongOrchestrator,
  asked: Pick<ConformOptions, 'only' | 'token'> = { only: quick(breaks) },
): Promise<Report> {
  const middle = await openMiddle();
  const orchestrator = await startGoodOrchestrator(middle.address, { said: said?.(), misheard: misheard?.(), mode });
  middle.begin(orchestrator.port, lie?.() ?? {});
  const key = (id: keyof typeof orchestrator.keys) => ({ id, private_key: orchestrator.keys[id] });
  try {
    return await conform({
      url: `ws://${middle.address}`,
      profiles: ['orchestrator'],
      ...asked,
      key: key('operator:kit'),
      agent_key: key('conformance-agent'),
      peer_key: key('conformance-peer'),
      allow_effects: mode === 'active',
      seed: 7,
      runs: 5,
    });
  } finally {
    await middle.close();
    await orchestrator.close();
  }
}
