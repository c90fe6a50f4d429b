/** Regular expressions under the bound of work: what the engine does is counted while it does it. */
import { RE2JS } from 're2js';
import type { Pattern } from './pattern.ts';
import type { Work } from './work.ts';

/** What is asked of a compiled expression; what is in it is looked at before it is used. */
type Compiled = Pick<RE2JS, 'test' | 'programSize'> & { re2Input?: unknown };

/**
 * Asks the engine, and counts the steps of the program that it reads. It learns the states of an expression on its way and would keep
 * them: then a text that was given up would be answered once others had gone before it. So each text finds it without any, and the same text
 * comes to the same end. The ways on which nothing is counted are closed; the last of them, which knows no states, is charged as a whole.
 */
export function metered(compiled: Compiled): Pattern['matches'] {
  const inside = insideOf(compiled);
  is_counted ??= isCounted();
  if (!inside || !is_counted) return byLength(compiled);
  const meter = meterOf(inside);
  // The characters that the program tells apart are sorted when it is first asked; every text is charged for that, the first like the last.
  const count = inside.prog.inst.reduce((sum, { runes }) => sum + 1 + runes.length, 0);
  const begin_cost = BEGIN_COST + count * MARK_COST;
  const wide_cost = CHAR_COST + Math.ceil(Math.log2(count + 1)) * HALVING_COST;
  return (text, work) => {
    work.spend(begin_cost + text.length * (BEYOND_LATIN.test(text) ? wide_cost : CHAR_COST));
    const states = inside.dfa;
    meter.begin(text, work);
    try {
      return compiled.test(text);
    } finally {
      meter.end();
      states.clearCache();
    }
  };
}

/** Puts a meter into an expression, and closes the ways around it. */
function meterOf(inside: Inside) {
  const { prog } = inside;
  let [chars, work, reads] = [0, undefined as Work | undefined, 0];
  const read = prog.getInst.bind(prog);
  prog.getInst = (at) => {
    reads++;
    work?.spend(STEP_COST);
    return read(at);
  };
  const runWithoutStates = inside.doExecuteNFA.bind(inside);
  inside.doExecuteNFA = (...given) => {
    reads++;
    work?.spend((chars + 1) * prog.numInst() * STATELESS_COST);
    return runWithoutStates(...given);
  };
  Object.assign(inside, { prefilter: null, onepass: null, prefix: '', prefixComplete: false });
  return {
    begin: (text: string, given: Work) => void ([chars, work, reads] = [text.length, given, 0]),
    end: () => void (work = undefined),
    reads: () => reads,
  };
}

/** What the library keeps for itself. Its version is pinned; where it comes in another shape all the same, nobody relies on this one. */
interface Inside {
  prog: {
    inst: readonly { runes: ArrayLike<number> }[];
    getInst(at: number): unknown;
    numInst(): number;
  };
  readonly dfa: { clearCache(): void };
  doExecuteNFA(...given: unknown[]): unknown;
}

function insideOf({ re2Input }: Compiled): Inside | undefined {
  const inside = re2Input as Partial<Inside> | null | undefined;
  const { prog } = inside ?? {};
  const is_known =
    typeof prog?.getInst === 'function' &&
    typeof prog.numInst === 'function' &&
    Array.isArray(prog.inst) &&
    (prog.inst as Partial<Inside['prog']['inst'][number]>[]).every(({ runes }) => typeof runes?.length === 'number') &&
    typeof inside?.doExecuteNFA === 'function' &&
    'dfa' in inside &&
    ['prefilter', 'onepass', 'prefix', 'prefixComplete'].every((name) => Object.hasOwn(inside, name));
  return is_known ? (inside as Inside) : undefined;
}

/** Whether the meter sees anything at all: each of these would be matched on another of the ways that are closed. */
function isCounted(): boolean {
  return ['ab', '^a[bc]d$', 'ab.*[cd]e', '(?<=a)b'].every((source) => {
    const compiled = RE2JS.compile(source, RE2JS.LOOKBEHINDS);
    const inside = insideOf(compiled);
    if (typeof inside?.dfa.clearCache !== 'function') return false;
    const meter = meterOf(inside);
    compiled.test('xyz');
    return meter.reads() > 0;
  });
}
let is_counted: boolean | undefined;

/** Charges the worst that a program of its size may do to a text of its length. */
const byLength = (compiled: Compiled): Pattern['matches'] => {
  const char_cost = compiled.programSize() * STEP_COST;
  return (text, work) => {
    work.spend((text.length + 1) * char_cost);
    return compiled.test(text);
  };
};

const BEYOND_LATIN = /[^\0-\xff]/;
/** Nanoseconds of a character whose next state is known, beyond Latin for each halving of the characters told apart besides. */
const CHAR_COST = 6;
const HALVING_COST = 3;
/** Of a step of the program that is read, of one where no state is ever known, and of one mark where characters begin to differ. */
const STEP_COST = 80;
const STATELESS_COST = 25;
const MARK_COST = 40;
/** Of what is forgotten for each text. */
const BEGIN_COST = 5_000;
