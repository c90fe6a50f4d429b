/** The table of a dispatch against a model that is written another way, over random lives. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRefusal, isTerminal, RECEIVED, transition, type Standing } from '../../store/index.ts';
import { ARROWS, PHASES, type Happening, type Phase } from '../../store/transition.ts';

const happening: fc.Arbitrary<Happening> = fc.record({
  type: fc.constantFrom(...ARROWS),
  fence: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
});
const life = fc.array(happening, { maxLength: 40 });

/** The states of a life, one after each thing that was not refused. */
function live(happenings: readonly Happening[]): { standing: Standing; by: Happening }[] {
  const states: { standing: Standing; by: Happening }[] = [];
  let standing = RECEIVED;
  for (const by of happenings) {
    const next = transition(standing, by);
    if (isRefusal(next)) continue;
    standing = next;
    states.push({ standing, by });
  }
  return states;
}

test('the plain road and the road over an approval', () => {
  const road = (happenings: Happening[]) => live(happenings).map(({ standing }) => standing.phase);
  expect(
    road([{ type: 'accepted' }, { type: 'queued' }, { type: 'leased', fence: 1 }, { type: 'succeeded', fence: 1 }]),
  ).toEqual(['ACCEPTED', 'QUEUED', 'LEASED', 'SUCCEEDED']);
  expect(road([{ type: 'accepted' }, { type: 'approval_asked' }, { type: 'approval_granted' }])).toEqual([
    'ACCEPTED',
    'WAITING_APPROVAL',
    'QUEUED',
  ]);
  expect(road([{ type: 'accepted' }, { type: 'approval_asked' }, { type: 'leased', fence: 1 }])).not.toContain(
    'LEASED',
  );
});

test('INV13 INV7: an effect is recorded only while its lease is the newest and the task is open', () => {
  const working = live([{ type: 'accepted' }, { type: 'queued' }, { type: 'leased', fence: 1 }]).at(-1)!.standing;
  const consume = (standing: Standing, fence?: number) => transition(standing, { type: 'approval_consumed', fence });
  expect(consume(working, 1)).toEqual(working);
  expect([consume(working), consume(working, 2)]).toEqual(['stale_fence', 'stale_fence']);
  expect(consume({ phase: 'QUEUED', fence: 1 }, 1)).toBe('not_from_here');
  expect(consume({ phase: 'WAITING_APPROVAL', fence: 1 }, 1)).toBe('not_from_here');
  expect(consume({ phase: 'CANCELLED', fence: 1 }, 1)).toBe('final');
});

test('a question in the middle of work leaves the lease where it is, under its own fence only', () => {
  const working: Standing = { phase: 'LEASED', fence: 2 };
  expect(transition(working, { type: 'approval_asked', fence: 2 })).toEqual(working);
  expect(transition(working, { type: 'approval_asked', fence: 1 })).toBe('stale_fence');
  expect(transition(working, { type: 'approval_granted' })).toEqual(working);
  expect(transition({ phase: 'QUEUED', fence: 2 }, { type: 'approval_granted' })).toBe('not_from_here');
});

test('every phase can be reached, and every arrow changes or notes something somewhere', () => {
  const reached = new Set<Phase>(['RECEIVED']);
  const used = new Set<string>();
  const seen = new Set<string>();
  const look = (standing: Standing, depth: number): void => {
    const name = `${standing.phase} ${standing.fence} ${depth}`;
    if (depth > 6 || seen.has(name)) return;
    seen.add(name);
    for (const type of ARROWS) {
      for (const fence of [undefined, standing.fence, standing.fence + 1]) {
        const next = transition(standing, { type, fence });
        if (isRefusal(next)) continue;
        reached.add(next.phase);
        used.add(type);
        look(next, depth + 1);
      }
    }
  };
  look(RECEIVED, 0);
  expect([...reached].sort()).toEqual([...PHASES].sort());
  expect([...used].sort()).toEqual([...ARROWS].sort());
});

test('PROM-P5 INV4: after a terminal only late results and audit notes happen, and they change nothing', () => {
  fc.assert(
    fc.property(life, (happenings) => {
      const states = live(happenings);
      const end = states.findIndex(({ standing }) => isTerminal(standing.phase));
      if (end < 0) return;
      for (const { standing, by } of states.slice(end + 1)) {
        expect(standing).toEqual(states[end]!.standing);
        expect(['late_result', 'audit']).toContain(by.type);
      }
    }),
  );
});

test('INV7 INV10: fences count 1, 2, 3 without a gap, and only the newest one succeeds or is given back', () => {
  fc.assert(
    fc.property(life, (happenings) => {
      let leases = 0;
      for (const { standing, by } of live(happenings)) {
        if (by.type === 'leased') leases += 1;
        expect(standing.fence).toBe(leases);
        if (by.type === 'succeeded' || by.type === 'released') expect(by.fence).toBe(leases);
      }
    }),
  );
});

test('a task is accepted first, leased from its queue only, and succeeds only once it was queued', () => {
  fc.assert(
    fc.property(life, (happenings) => {
      const states = live(happenings);
      if (states[0]) expect(states[0].by.type).toBe('accepted');
      states.forEach(({ standing }, index) => {
        if (standing.phase === 'SUCCEEDED') {
          expect(states.slice(0, index).some((earlier) => earlier.standing.phase === 'QUEUED')).toBe(true);
        }
        if (standing.phase === 'LEASED' && states[index - 1]?.standing.phase !== 'LEASED') {
          expect(states[index - 1]?.standing.phase).toBe('QUEUED');
        }
      });
    }),
  );
});

test('it is a function of its input alone', () => {
  fc.assert(
    fc.property(life, happening, (happenings, next) => {
      const standing = Object.freeze(live(happenings).at(-1)?.standing ?? RECEIVED);
      expect(transition(standing, next)).toEqual(transition({ ...standing }, { ...next }));
    }),
  );
});
