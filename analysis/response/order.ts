/** What has to come before what: a topological order over declared constraints, the same for the same steps. */
import { compareText } from '../order/index.ts';
import { placeOf, type ActionKind } from './actions.ts';

/** What the order looks at. */
export interface Orderable {
  kind: ActionKind;
  target: string;
}

/** Of two steps the first comes before the second. */
export interface Constraint {
  why: string;
  before: (step: Orderable) => boolean;
  after: (step: Orderable) => boolean;
  /** Only where both are aimed at the same. */
  same_target?: boolean;
}

/** A step in its place, with the steps that have to be done before it, as places in the order. */
export type Placed<S> = S & { after: number[] };

/** The rules of every plan. */
export const CONSTRAINTS: readonly Constraint[] = [
  {
    why: 'evidence is preserved before anything is cleaned',
    before: ({ kind }) => kind.id === 'preserve_evidence' || kind.id === 'collect_mail',
    after: ({ kind }) => kind.destroys === true,
    same_target: true,
  },
  {
    why: 'who holds a mail is known before it is taken away',
    before: ({ kind }) => kind.id === 'search_mailboxes',
    after: ({ kind }) => kind.id === 'quarantine_mail',
    same_target: true,
  },
  {
    why: 'the intruder is contained before anything is cleaned',
    before: ({ kind }) => kind.stage === 'containment',
    after: ({ kind }) => kind.stage === 'eradication',
  },
  {
    why: 'nothing goes back to work before it is clean',
    before: ({ kind }) => kind.stage === 'eradication' || kind.stage === 'containment',
    after: ({ kind }) => kind.stage === 'recovery',
  },
  {
    why: 'a host is made anew before it is released',
    before: ({ kind }) => kind.id === 'reinstall_host' || kind.id === 'restore_data',
    after: ({ kind }) => kind.id === 'release_host',
    same_target: true,
  },
  {
    why: 'lessons are learned from all of it',
    before: ({ kind }) => kind.stage !== 'lessons_learned',
    after: ({ kind }) => kind.stage === 'lessons_learned',
  },
  {
    why: 'the report is what is gone through',
    before: ({ kind }) => kind.id === 'write_report',
    after: ({ kind }) => kind.id === 'learn_lessons',
  },
];

/**
 * Orders steps: by the constraints, then by stage and the order of the kinds, then by target. Steps that are done together stand side
 * by side. Of more than `STEPS_MAX` the first are taken, `beyond` are the others. Throws when the constraints contradict one another.
 */
export function orderSteps<S extends Orderable>(
  steps: readonly S[],
  constraints: readonly Constraint[] = CONSTRAINTS,
): { steps: Placed<S>[]; beyond: number } {
  const bundles = bundlesOf(steps);
  const before = bundles.map((bundle) =>
    bundles.flatMap((other, nth) => (other !== bundle && comesBefore(other, bundle, constraints) ? [nth] : [])),
  );
  const ordered: S[] = [];
  const done = new Set<number>();
  while (done.size < bundles.length) {
    // They are sorted: the first that waits for nobody is the next one.
    const next = bundles.findIndex((_, nth) => !done.has(nth) && before[nth]?.every((each) => done.has(each)));
    if (next < 0) throw new Error('the constraints of the plan contradict one another');
    done.add(next);
    ordered.push(...(bundles[next] ?? []));
  }
  const taken = ordered.slice(0, STEPS_MAX);
  return {
    steps: taken.map((step) => ({ ...step, after: predecessors(step, taken, constraints) })),
    beyond: ordered.length - taken.length,
  };
}

/** Steps that are done together, and each other one alone, sorted. */
function bundlesOf<S extends Orderable>(steps: readonly S[]): S[][] {
  const bundles = new Map<string, S[]>();
  for (const step of [...steps].sort(byPlace)) {
    const { together, id } = step.kind;
    const key = JSON.stringify([together ?? id, step.target, together === undefined ? bundles.size : '']);
    bundles.set(key, [...(bundles.get(key) ?? []), step]);
  }
  return [...bundles.values()];
}

const byPlace = (left: Orderable, right: Orderable): number =>
  placeOf(left.kind) - placeOf(right.kind) || compareText(left.target, right.target);

const comesBefore = (
  first: readonly Orderable[],
  second: readonly Orderable[],
  constraints: readonly Constraint[],
): boolean => first.some((one) => second.some((other) => isBefore(one, other, constraints)));

const isBefore = (one: Orderable, other: Orderable, constraints: readonly Constraint[]): boolean =>
  constraints.some(
    ({ before, after, same_target }) =>
      before(one) && after(other) && (same_target !== true || one.target === other.target),
  );

/** Those that no other one of them stands for already. */
function predecessors(step: Orderable, all: readonly Orderable[], constraints: readonly Constraint[]): number[] {
  const earlier = all.flatMap((other, nth) => (isBefore(other, step, constraints) ? [nth] : []));
  const isImplied = (nth: number) =>
    earlier.some((later) => later !== nth && isBefore(all[nth] ?? step, all[later] ?? step, constraints));
  return earlier.filter((nth) => !isImplied(nth));
}

/** Steps of one plan: who has more to do needs people who plan. */
export const STEPS_MAX = 100;
