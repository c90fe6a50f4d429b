/** A skill is checked on its way in and on its way out, by the compiler as far as that sees and by its schemas beyond. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  AuroraError,
  invalidParams,
  route,
  Severity,
  skill,
  type RouteContext,
  type SkillContext,
} from '../../protocol/index.ts';

const ctx = {} as unknown as SkillContext; // no handler here looks at it
const context = {} as unknown as RouteContext; // no act here looks at it
const analyze = skill({
  id: 'analyze_text',
  title: 'Analyze',
  description: 'Analyzes a text.',
  tags: [],
  effect: 'read',
  params: z.object({ text: z.string(), items: z.array(z.object({ value: z.string() })).default([]) }),
  result: z.object({ severity: Severity, note: z.string() }),
});
const show = route({
  method: 'GET',
  path: '/api/v1/things/{thing_id}',
  permission: 'alerts:read',
  summary: 'Show a thing.',
  keeps: [],
  input: z.object({ thing_id: z.string() }),
  output: z.object({ severity: Severity, note: z.string() }),
});

describe('what does not compile (house.md 3, the trap)', () => {
  test('a handler of a skill that returns a wrong literal, or forgets a field', async () => {
    // @ts-expect-error 'bogus' is no severity
    const wrong = analyze.implement(() => ({ severity: 'bogus', note: 'x' }));
    // @ts-expect-error note is missing
    const forgetful = analyze.implement(async () => ({ severity: 'high' }));
    // @ts-expect-error params have no such field
    const curious = analyze.implement(({ secret }) => ({ severity: 'high', note: String(secret) }));
    for (const implementation of [wrong, forgetful]) {
      await expect(implementation.invoke({ text: 'x' }, ctx)).rejects.toMatchObject({ code: -32603 });
    }
    expect(await curious.invoke({ text: 'x' }, ctx)).toEqual({ severity: 'high', note: 'undefined' });
  });

  test('an act of a route that returns a wrong literal, or forgets a field', async () => {
    // @ts-expect-error 'bogus' is no severity
    const wrong = show.implement(() => ({ severity: 'bogus', note: 'x' }));
    // @ts-expect-error note is missing
    const forgetful = show.implement(async () => ({ severity: 'high' }));
    for (const bound of [wrong, forgetful]) {
      await expect(bound.act({ thing_id: 't' }, context)).rejects.toBeInstanceOf(z.ZodError);
    }
  });

  test('right ones compile, in both spellings', async () => {
    const quick = analyze.implement(({ text }) => ({ severity: 'high', note: text }));
    const slow = analyze.implement(async ({ text }) => ({ severity: 'info', note: text }));
    expect(await quick.invoke({ text: 'x' }, ctx)).toEqual({ severity: 'high', note: 'x' });
    expect(await slow.invoke({ text: 'x' }, ctx)).toEqual({ severity: 'info', note: 'x' });
    const bound = show.implement(({ thing_id }) => ({ severity: 'low', note: thing_id }));
    expect(await bound.act({ thing_id: 't' }, context)).toEqual({ severity: 'low', note: 't' });
  });
});

describe('params', () => {
  const echo = analyze.implement(({ text, items }) => ({ severity: 'info', note: `${text}${items.length}` }));
  const refusalOf = async (params: unknown): Promise<AuroraError> => {
    const reason: unknown = await echo.invoke(params, ctx).catch((thrown: unknown) => thrown);
    return reason instanceof AuroraError ? reason : expect.unreachable();
  };

  test('defaults are filled in, fields nobody knows are left out', async () => {
    expect(await echo.invoke({ text: 'x', more: 1 }, ctx)).toEqual({ severity: 'info', note: 'x0' });
  });

  test.each([
    [{}, '/text'],
    [{ text: 'x', items: [{ value: 'a' }, { value: 1 }] }, '/items/1/value'],
    [[], '/'],
    [undefined, '/'],
    [null, '/'],
  ])('%j is -32602 and names %s', async (params, path) => {
    const error = await refusalOf(params);
    expect([error.code, error.message]).toEqual([
      -32602,
      expect.stringContaining(`Invalid params: ${path} `) as string,
    ]);
  });

  test('of many mistakes at most twenty are listed, and no value of the caller is among them', async () => {
    const items = Array.from({ length: 500 }, () => ({ value: { secret: 'hunter2' } }));
    const { detail, message } = await refusalOf({ text: 'x', items });
    expect((detail as { issues: unknown[] }).issues).toHaveLength(20);
    expect(JSON.stringify([detail, message])).not.toContain('hunter2');
  });
});

test('a refusal of params is said under the code and the words that its caller gives', () => {
  const parsed = z.object({ text: z.string() }).safeParse({});
  const wrong = parsed.error ?? expect.unreachable();
  const issues = [{ path: '/text', message: wrong.issues[0]?.message ?? '' }];
  const said = (error: AuroraError) => [error.code, error.message.split(' /')[0], error.detail];
  expect(said(invalidParams(wrong))).toEqual([-32602, 'Invalid params:', { issues }]);
  expect(said(invalidParams(wrong, { code: 4220 }))).toEqual([4220, 'Validation failed:', { issues }]);
  const own = invalidParams([{ path: '/to', message: 'name whom' }], {
    code: 4220,
    what: 'No order',
    detail: { skills: [] },
  });
  expect([own.message, own.detail]).toEqual([
    'No order: /to name whom',
    { issues: [{ path: '/to', message: 'name whom' }], skills: [] },
  ]);
});

test.each(['Analyze', 'analyze-text', '_a', 'a_', 'a__b', '__proto__', 'rpc.discover', '', 'a b'])(
  '%j is no skill id',
  (id) => {
    expect(() => skill({ ...analyze, id })).toThrow('snake_case');
  },
);
