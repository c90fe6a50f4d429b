/** Handoffs as they are asked for, and as tools that a planner is given. */
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import { HandoffRequest, HandoffTool, handoffToolOf, Meta, paramsSchemaOf, Routing } from '../../protocol/index.ts';

const routing = {
  handoff_id: 'h',
  task_id: 't',
  root_id: 'r',
  from: 'orchestrator',
  to: 'threat-intel',
  hop: 1,
  path: ['threat-intel'],
  mode: 'monitor',
  priority: 5,
  attempt: 1,
  fence: 1,
  deadline: '2026-01-01T00:01:00.000Z',
  budget_ms: 60_000,
  actor: { sub: 'operator:ann', scopes: ['*'], tenant: 'default' },
};

describe('routing metadata', () => {
  test('unknown keys are kept when forwarded, beside handoff and inside it', () => {
    const meta = { traceparent: 'tp', 'com.example/x': 1, handoff: { ...routing, later: { a: 1 } } };
    expect(Meta.parse(meta)).toEqual(meta);
  });

  test.each([
    ['priority', 0],
    ['priority', 11],
    ['mode', 'live'],
    ['hop', -1],
    ['attempt', 0],
    ['fence', 1.5],
    ['deadline', 'tomorrow'],
    ['budget_ms', -1],
    ['path', Array.from({ length: 17 }, () => 'x')],
    ['actor', { sub: 'x' }],
  ])('%s of %j is refused', (key, value) => {
    expect(Routing.safeParse(routing).success).toBe(true);
    expect(Routing.safeParse({ ...routing, [key]: value }).success).toBe(false);
  });
});

describe('asking for a handoff', () => {
  test.each([
    [{ to: { agent_id: 'a' }, method: 'm' }],
    [{ to: { skill: 's' }, params: { a: 1 } }],
    [{ to: { tags: ['t'], skill: 's' } }],
    [{ task: 'look at this' }],
  ])('%j is one', (asked) => {
    expect(HandoffRequest.parse(asked)).toMatchObject({ wait: 'result', options: {} });
  });

  test.each([
    [{ to: {} }],
    [{ to: { skill: 's', tags: ['t'], agent_id: 'a' } }],
    [{ to: { tags: [] } }],
    [{ to: { skill: 's' }, params: [] }],
    [{ to: { skill: 's' }, wait: 'forever' }],
    [{ to: { skill: 's' }, options: { deadline_ms: 900_001 } }],
    [{ to: { skill: 's' }, options: { mode: 'live' } }],
    [{ task: '' }],
    [{ task: 'x'.repeat(65_537) }],
  ])('%j is none', (asked) => {
    expect(HandoffRequest.safeParse(asked).success).toBe(false);
  });
});

describe('HandoffTool (REQ-M06)', () => {
  test.each(Object.keys(agents))(
    '%s is one tool: named after it, with its own description, typed by its skills',
    async (id) => {
      const agent = await agents[id]!();
      const skills = agent.skills.map((skill) => ({ ...skill, params_schema: paramsSchemaOf(skill) }));
      const tool = HandoffTool.parse(handoffToolOf({ agent_id: agent.id, description: agent.description, skills }));
      expect([tool.name, tool.description]).toEqual([`handoff_${id.replaceAll('-', '_')}`, agent.description]);

      const fits = new Ajv({ strict: false, validateFormats: false }).compile(tool.input_schema);
      const [first] = agent.skills.filter(({ examples }) => examples?.length);
      expect(fits({ skill: first!.id, params: first!.examples![0] })).toBe(true);
      expect(fits({ task: 'is 192.0.2.7 bad?' })).toBe(true);
      expect(fits({ skill: 'isolate_host', params: {} })).toBe(false);
      expect(fits({ skill: first!.id })).toBe(false);
      expect(fits({})).toBe(false);
    },
  );
});
