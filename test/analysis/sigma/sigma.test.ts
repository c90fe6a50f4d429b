/** Sigma: what rules mean, against naive models and the words of the specification. */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test, vi } from 'vitest';
import { normalizeEvent, type LogEvent } from '../../../analysis/events/index.ts';
import { createAutomaton } from '../../../analysis/literals/index.ts';
import { parseCondition } from '../../../analysis/sigma/condition.ts';
import { createCorrelator, createEngine, explain, lintSigma, parseSigma } from '../../../analysis/sigma/index.ts';
import { compilePattern, parsePieces } from '../../../analysis/sigma/pattern.ts';
import { compileRegex, literalOf } from '../../../analysis/sigma/regex.ts';
import { TooMuchWork, Work } from '../../../analysis/sigma/work.ts';
import { openRecording } from '../../../analysis/recordings/index.ts';
import { packIn } from '../../../score/sigma-pack.ts';
import { sigma as sigmaFolder } from '../../../score/folders/sigma.ts';
import { dataPath, describeWithData } from '../../support/data.ts';

const event = (fields: object): LogEvent =>
  normalizeEvent({ Channel: 'Security', EventID: 1, ...fields }, 'line 1', undefined)!;
const ruleOf = (detection: string, head = ''): string =>
  `title: t\nid: r\n${head}logsource: {product: windows}\ndetection:\n${detection}\n`;
const matches = (selection: string, fields: object, placeholders = {}): boolean => {
  const { rules } = parseSigma(ruleOf(`  s: ${selection}\n  condition: s`), { placeholders });
  const [matched, explained] = [
    createEngine(rules).match(event(fields)).length === 1,
    explain(rules[0]!, event(fields)),
  ];
  // The explanation asks the same tests as the engine: the two never disagree.
  expect(explained.matched).toBe(matched);
  return matched;
};

test.each<[string, object, boolean]>([
  [`{a: Value}`, { a: 'vALUE' }, true],
  [`{a: Value}`, { a: 'values' }, false],
  [`{a|cased: Value}`, { a: 'value' }, false],
  [`{a: 'v*e?'}`, { a: 'vxyze1' }, true],
  [`{a: 'v\\*e'}`, { a: 'v*e' }, true],
  [`{a: 'v\\*e'}`, { a: 'vxe' }, false],
  [`{a: 'C:\\Temp\\x'}`, { a: 'C:\\Temp\\x' }, true],
  [`{a: 4625}`, { a: '4625' }, true],
  [`{a: null}`, {}, true],
  [`{a: null}`, { a: 'x' }, false],
  [`{a: ''}`, { a: '' }, true],
  [`{a: ''}`, {}, false],
  [`{a: [x, y]}`, { a: 'y' }, true],
  [`{a|contains: b}`, { a: ['x', 'abc'] }, true],
  [`{a|contains|all: [b, d]}`, { a: 'abc' }, false],
  [`{a|contains|all: [b, d]}`, { a: 'abcd' }, true],
  [`{a|startswith: ab}`, { a: 'ABc' }, true],
  [`{a|endswith: bc}`, { a: 'aBC' }, true],
  [`{a|exists: true}`, { a: '' }, true],
  [`{a|exists: false}`, { a: 'x' }, false],
  [`{a|neq: x}`, { a: 'y' }, true],
  [`{a|neq: x}`, { a: 'x' }, false],
  [`{a|windash|contains: ' -enc '}`, { a: 'p /enc x' }, true],
  [`{a|windash|contains: ' -enc '}`, { a: 'p \u2014enc x' }, true],
  [`{a|re: '^ab+$'}`, { a: 'abbb' }, true],
  [`{a|re: '^AB+$'}`, { a: 'abbb' }, false],
  [`{a|re|i: '^AB+$'}`, { a: 'abbb' }, true],
  [`{a|re|s: 'a.b'}`, { a: 'a\nb' }, true],
  [`{a|base64: 'foo'}`, { a: 'Zm9v' }, true],
  [`{a|base64offset|contains: 'http://'}`, { a: Buffer.from('xxhttp://a').toString('base64') }, true],
  [`{a|wide|base64offset|contains: 'ping'}`, { a: Buffer.from('a ping', 'utf16le').toString('base64') }, true],
  [`{a|gte: 10}`, { a: '10' }, true],
  [`{a|lt: 10}`, { a: 'ten' }, false],
  [`{a|cidr: 10.0.0.0/8}`, { a: '::ffff:10.1.2.3' }, true],
  [`{a|cidr: 'fe80::/10'}`, { a: 'fe80::1' }, true],
  [`{a|cidr: 10.0.0.0/8}`, { a: '11.0.0.1' }, false],
  [`{a|fieldref: b}`, { a: 'x', b: 'X' }, true],
  [`{a|fieldref|endswith: b}`, { a: 'xyz', b: 'yz' }, true],
  [`{a|hour: 14}`, { a: '2026-01-05T14:10:00Z' }, true],
  [`{a|week: 53}`, { a: '2026-12-31T00:00:00Z' }, true],
  [`[one, two]`, { z: 'has two in it' }, true],
  [`{'|all': [one, two]}`, { y: 'one', z: 'two' }, true],
  [`{'|all': [one, two]}`, { y: 'one' }, false],
  [`[{a: x}, {b: y}]`, { b: 'y' }, true],
  [`{a: [&x one, &x two], b: *x}`, { a: 'one', b: 'two' }, true],
  [`{a: &l [&x one], c: &x two, d: *l, b: *x}`, { a: 'one', c: 'two', d: 'one', b: 'two' }, true],
])('%s on %o is %s', (selection, fields, expected) => {
  expect(matches(selection, fields)).toBe(expected);
});

test('a placeholder takes the values it is given; without any the rule is not evaluable, and says so', () => {
  expect(matches(`{a|expand: '%admins%'}`, { a: 'eve' }, { admins: ['adam', 'eve'] })).toBe(true);
  const { rules } = parseSigma(ruleOf(`  s: {a|expand: '%admins%'}\n  condition: s`));
  expect(createEngine(rules).not_evaluable.map(({ not_evaluable }) => not_evaluable)).toEqual([
    ['the placeholder %admins% has no value here'],
  ]);
});

test('wildcards mean what a naive reading of them means', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '\\', 'Ä'), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\', 'ä'), maxLength: 10 });
  const naive = (pieces: ReturnType<typeof parsePieces>, rest: string): boolean => {
    const [first, ...others] = pieces;
    if (first === undefined) return rest === '';
    if (typeof first === 'string') {
      return rest.startsWith(first.toLowerCase()) && naive(others, rest.slice(first.length));
    }
    if (first.description === '?') return rest !== '' && naive(others, rest.slice(1));
    return Array.from({ length: rest.length + 1 }).some((_, skipped) => naive(others, rest.slice(skipped)));
  };
  fc.assert(
    fc.property(letters, text, (pattern, value) => {
      const pieces = parsePieces(pattern);
      const compiled = compilePattern(pieces, false);
      const does_match = compiled.matches(value, new Work());
      expect(does_match).toBe(naive(pieces, value));
      if (does_match) expect(value).toContain(compiled.literal);
    }),
    { numRuns: 2_000, seed: 4 },
  );
});

test('a condition means what it would mean with every parenthesis written', () => {
  const names = ['s1', 's2', 'f1'];
  interface Tree {
    text: string;
    value: (on: Record<string, boolean>) => boolean;
  }
  const { tree } = fc.letrec<{ tree: Tree; leaf: Tree }>((tie) => ({
    leaf: fc.oneof(
      fc.constantFrom(...names).map((name): Tree => ({ text: name, value: (on) => on[name] ?? false })),
      fc.constant<Tree>({ text: '1 of s*', value: (on) => (on['s1'] ?? false) || (on['s2'] ?? false) }),
      fc.constant<Tree>({ text: 'all of them', value: (on) => names.every((name) => on[name]) }),
      fc.constant<Tree>({ text: '2 of them', value: (on) => names.filter((name) => on[name]).length >= 2 }),
    ),
    tree: fc.oneof(
      { maxDepth: 4 },
      tie('leaf'),
      tie('tree').map((one): Tree => ({ text: `not (${one.text})`, value: (on) => !one.value(on) })),
      fc.tuple(tie('tree'), tie('tree')).map(([one, other]): Tree => ({
        text: `(${one.text}) and (${other.text})`,
        value: (on) => one.value(on) && other.value(on),
      })),
      fc.tuple(tie('tree'), tie('tree')).map(([one, other]): Tree => ({
        text: `(${one.text}) or (${other.text})`,
        value: (on) => one.value(on) || other.value(on),
      })),
    ),
  }));
  const on = fc.record({ s1: fc.boolean(), s2: fc.boolean(), f1: fc.boolean() });
  fc.assert(
    fc.property(tree, on, (condition, values) => {
      const detection = names.map((name) => `  ${name}: {${name}: y}`).join('\n');
      const { rules } = parseSigma(ruleOf(`${detection}\n  condition: ${condition.text}`));
      const fields = Object.fromEntries(Object.entries(values).map(([name, is_on]) => [name, is_on ? 'y' : 'n']));
      expect(createEngine(rules).match(event(fields)).length === 1).toBe(condition.value(values));
    }),
    { numRuns: 300, seed: 4 },
  );
  const at = { line: 1, column: 1, path: '', is_exact: true };
  expect(parseCondition('s1 or s2 and not f1', names, at)).toMatchObject({
    kind: 'or',
    of: [{ name: 's1' }, { kind: 'and' }],
  });
});

test.each([1, 4])(
  'the automaton finds exactly the texts that are there, whatever their case, of %i characters and more',
  (minLength) => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'k'), minLength, maxLength: minLength + 3 });
    const letter = fc.constantFrom('a', 'b', 'k', 'A', 'B', '\u212a', 'x', '\u00e4');
    // Words are spread in, as texts at random would hardly hold a long one.
    const piece = fc.oneof(letter, word);
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 6 }), fc.array(piece), (words, pieces) => {
        for (const haystack of [pieces.join(''), pieces.join(words[0])]) {
          const found = new Set<number>();
          createAutomaton(words.map((text, owner) => ({ text, owner }))).scan(haystack, (owner) => found.add(owner));
          const expected = words.flatMap((each, owner) => (haystack.toLowerCase().includes(each) ? [owner] : []));
          expect([...found].sort()).toEqual(expected);
        }
      }),
      { numRuns: 1_000, seed: 4 },
    );
  },
);

const engineFor = (line: string) => createEngine(parseSigma(ruleOf(`  s: ${line}\n  condition: s`)).rules);

test('a rule for characters outside ASCII is asked about texts that have some, and about no others', () => {
  const engine = engineFor("{CommandLine|contains: ['\u{1f600}', '1\ufe0f\u20e3']}");
  const hits = (CommandLine: string) => engine.match(event({ CommandLine })).length;
  expect(hits('dir 1 2 3')).toBe(0);
  expect(engine.counts.asked).toBe(0);
  expect(hits('dir \u{1f600}')).toBe(1);
  expect(hits('dir 1\ufe0f\u20e3')).toBe(1);
  expect(hits('dir \u00e4')).toBe(0);
  expect(engine.counts.asked).toBe(3);
});

test.each([
  ['the dot of a capital I, which only lower-casing makes a character', "{a|contains: '\u0307'}", 'D\u0130R'],
  ['a long s, which is an s where case does not matter', "{a|re: '(?i)\u017f'}", 'S'],
  ['a text of a pattern that ends in an emoji which may be missing', "{a|re: 'abc\u{1f600}?'}", 'abc'],
])('%s is still found', (_, line, a) => {
  expect(engineFor(line).match(event({ a }))).toHaveLength(1);
});

test.each([
  ['abc.*defg', 'defg'],
  ['(?i)power(shell)?', 'power'],
  ['a|b', ''],
  ['x{0,3}yz', 'yz'],
  ['colou?r', 'colo'],
  ['\\\\temp\\\\', '\\temp\\'],
  ['[abc]def\\d+gh', 'def'],
])('what every match of %s contains is %s', (source, literal) => {
  expect(literalOf(source)).toBe(literal);
});

describe('hostile rules (ATK-H5)', () => {
  const rule = (line: string) => ruleOf(`  s: ${line}\n  condition: s`);
  const nine_hundred = Array.from({ length: 900 }, (_, at) => `  s${at}: {a: 1}\n`).join('');
  let bomb = 'a0: &a0 [x,x,x,x,x,x,x,x,x]\n';
  for (let index = 1; index < 12; index++)
    bomb += `a${index}: &a${index} [${Array(9)
      .fill(`*a${index - 1}`)
      .join(',')}]\n`;
  test.each<[string, string]>([
    ['a pattern of 10 KB', rule(`{a|re: '${'a'.repeat(10_240)}'}`)],
    ['a repetition of repetitions', rule(`{a|re: '(a{1000}){1000}'}`)],
    [
      '10 000 selections',
      ruleOf(`${Array.from({ length: 10_000 }, (_, at) => `  s${at}: {a: x}`).join('\n')}\n  condition: 1 of them`),
    ],
    ['anchors that unfold without end', bomb + rule('{a: 1}')],
    ['a tag of JavaScript', rule('{a: !!js/function "x"}')],
    ['an alias of itself', ruleOf('  s: &s {a: *s}\n  condition: s')],
    ['a key that stands there twice', rule('{a: 1, a: 2}')],
    ['brackets without end', '['.repeat(100_000)],
    ['lists without end', `${'- '.repeat(50_000)}x`],
    [
      'one condition of ten thousand that stand for all selections',
      ruleOf(`${nine_hundred}  condition: ${'1 of s* or '.repeat(10_000)}s1`),
    ],
    [
      'six thousand conditions of all selections',
      ruleOf(`${nine_hundred}  condition:\n${'    - all of them\n'.repeat(6_000)}`),
    ],
    ['parentheses without end', ruleOf(`  s: {a: 1}\n  condition: ${'('.repeat(5_000)}s`)],
    ['half a megabyte and more', `#${'x'.repeat(600_000)}`],
  ])('%s is 4222 with a place', (_name, text) => {
    expect(() => parseSigma(text)).toThrow(
      expect.objectContaining({ code: 4222, message: expect.stringMatching(/^\d+:\d+ /) as string }),
    );
  });

  test.each(['(a+)+$', '(a|a)*$', '(x+x+)+y', '(.*a){20}$'])('%s is matched in linear time', (pattern) => {
    const { rules } = parseSigma(rule(`{a|re: '${pattern}'}`));
    /** How often the characters of a text are read, in which nothing matches before its end. */
    const readsOf = (length: number) => {
      const engine = createEngine(rules);
      const read = vi.spyOn(String.prototype, 'charCodeAt');
      engine.match(event({ a: `y${'a'.repeat(length)}${'x'.repeat(length)}!` }));
      const reads = read.mock.calls.length;
      read.mockRestore();
      expect(engine.counts.asked).toBe(1);
      return reads;
    };
    const [once, twice] = [readsOf(20_000), readsOf(40_000)];
    expect(once).toBeGreaterThan(10_000);
    expect(twice / once).toBeLessThan(2.2);
  });

  test.each(['((a{9}){9}){9}', '(a?){500}a{500}', '(abcdefghi){99}'])(
    'as many patterns like %s as a call may bring are given up after a bounded number of steps',
    (pattern) => {
      const many = Math.floor(120_000 / (pattern.length + 12));
      const lines = Array.from({ length: many }, (_, at) => `    - '${pattern}${at}'`);
      const compile = vi.spyOn(RE2JS, 'compile');
      expect(() => parseSigma(ruleOf(`  s:\n   a|re:\n${lines.join('\n')}\n  condition: s`))).toThrow(
        expect.objectContaining({
          code: 4222,
          detail: {
            problems: expect.arrayContaining([
              expect.objectContaining({ message: 'the regular expressions take more than 50000 steps' }),
            ]) as unknown,
          },
        }),
      );
      const steps = compile.mock.results.map(({ value }) => (value as RE2JS).programSize());
      compile.mockRestore();
      expect(steps.length).toBeLessThan(many);
      expect(steps.reduce((sum, size) => sum + size, 0)).toBeLessThan(50_000 + 10_000);
    },
  );

  test('what only a backtracking engine can match is not evaluable, never run', () => {
    const { rules } = parseSigma(rule(`{a|re: '(?=a)(a+)+b'}`));
    expect(rules[0]?.not_evaluable).toEqual(['a regular expression with lookaround or a backreference']);
    expect(createEngine(rules).match(event({ a: 'aab' }))).toEqual([]);
  });
});

test('a rule that runs into the bound on one field is written down, and the next rule runs (ATK-H6)', () => {
  const { rules } = parseSigma(
    [
      `title: hungry\nid: hungry\nlogsource: {product: windows}\ndetection:\n  s: {a|re: '(a?){500}a{500}'}\n  condition: s\n`,
      `title: next\nid: next\nlogsource: {product: windows}\ndetection:\n  s: {a|startswith: aaa}\n  condition: s\n`,
    ].join('---\n'),
  );
  const engine = createEngine(rules);
  expect(engine.match(event({ a: 'a'.repeat(65_536) })).map(({ id }) => id)).toEqual(['next']);
  expect([...engine.counts.bounded]).toEqual([['hungry', 1]]);
});

describe('one rule on one event has one bound of work, whatever its values are (ATK-H5, ATK-H6)', () => {
  const glob = `*${'a?'.repeat(250)}b*`;
  const numbered = (count: number, valueOf: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => valueOf(at));
  const fileOf = (modifiers: string, values: readonly string[], count = 1) =>
    [
      ...numbered(count, (at) => {
        const lines = values.map((value) => `    - '${value}'`).join('\n');
        return `title: hungry\nid: hungry${at}\nlogsource: {product: windows}\ndetection:\n  s:\n   a${modifiers}:\n${lines}\n  condition: s\n`;
      }),
      `title: next\nid: next\nlogsource: {product: windows}\ndetection:\n  s: {b: zz}\n  condition: s\n`,
    ].join('---\n');
  const long = 'a'.repeat(65_536);
  let seed = 1;
  const mixed = numbered(65_536, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) > 2 ** 30 ? 'a' : 'b')).join(
    '',
  );

  test.each<[string, string, string[], unknown]>([
    ['many globs', '', numbered(20, (at) => `${glob}${at}`), long],
    ['many globs on many values', '', numbered(20, (at) => `${glob}${at}`), Array(8).fill(long)],
    [
      'texts that are compared from every place',
      '|contains',
      numbered(500, (at) => `${'a'.repeat(at)}ba${'a'.repeat(300)}`),
      long,
    ],
    ['short texts that begin everywhere', '|contains', numbered(5_000, (at) => `aab${at}`), long],
    ['a regular expression of endless states', '|re', ['(a|b)*a(a|b){20}[cd]'], mixed],
    ['one of many states at once', '|re', ['(a|b)*a(a|b){300}[cd]'], mixed],
    ['numbers', '|lt', numbered(3_000, String), '9'.repeat(65_536)],
    ['networks', '|cidr', numbered(3_000, () => '10.0.0.1'), '9.'.repeat(32_768)],
  ])('%s', (_name, modifiers, values, a) => {
    const { rules } = parseSigma(fileOf(modifiers, values));
    const engine = createEngine(rules);
    const one = event({ a, b: 'zz' });
    expect(engine.match(one).map(({ id }) => id)).toEqual(['next']);
    expect([...engine.counts.bounded]).toEqual([['hungry0', 1]]);
    expect(explain(rules[0]!, one).matched).toBe(false);
  });

  test('rules that are all hungry let others have a turn between them, and the answer is the same', async () => {
    const { rules } = parseSigma(
      fileOf(
        '',
        numbered(3, (at) => `${glob}${at}`),
        6,
      ),
    );
    const one = event({ a: long, b: 'zz' });
    let turns = 0;
    const count = () => void (turns++, (next = setImmediate(count)));
    let next = setImmediate(count);
    const asked = createEngine(rules).matchInTurns(one);
    expect(asked).toBeInstanceOf(Promise);
    expect((await asked).map(({ id }) => id)).toEqual(['next']);
    clearImmediate(next);
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(createEngine(rules).matchInTurns(event({ b: 'zz' }))).toHaveLength(1);
  });

  test('a rule that asks for a length is answered without a state for each character', () => {
    for (const [line, a, is_met] of [
      ["{a|re: '.{1000,}'}", 'x'.repeat(1_000), true],
      ["{a|re: '.{1000,}'}", `${'x'.repeat(600)}\n${'x'.repeat(600)}`, false],
      ["{a|re|s: '.{1000,}'}", `${'x'.repeat(600)}\n${'x'.repeat(600)}`, true],
      ["{a|re: '.{1000,}'}", '\u{1f600}'.repeat(999), false],
    ] as const)
      expect(matches(line, { a })).toBe(is_met);
  });
});

describe('the bound of work is one of time, and the same on every run (ATK-H6)', () => {
  const numbered = (count: number, valueOf: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => valueOf(at));
  const valuesOf = (modifiers: string, values: readonly string[]) =>
    ruleOf(`  s:\n   a${modifiers}:\n${values.map((value) => `    - '${value}'`).join('\n')}\n  condition: s`);
  const filterOf = (values: readonly string[]) =>
    `---\ntitle: known\nid: known\nlogsource: {product: windows}\nfilter:\n  rules: any\n  s:\n   a|contains:\n${values
      .map((value) => `    - '${value}'`)
      .join('\n')}\n  condition: not s\n`;
  let seed = 5;
  const mixed = (length: number) =>
    numbered(length, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) > 2 ** 30 ? 'a' : 'b')).join('');

  test.each([8, 9, 10, 11, 12, 13])(
    'what an expression learnt from one text does not decide another: %i characters back',
    (back) => {
      const one = event({ a: `${mixed(20_000)}a${'b'.repeat(back)}c` });
      const other = event({ a: mixed(20_000) });
      const told = (...events: LogEvent[]) => {
        const { rules } = parseSigma(valuesOf('|re', [`(a|b)*a(a|b){${back}}c`]));
        return events.map((each) => {
          const engine = createEngine(rules);
          const hits = engine.match(each).map(({ id }) => id);
          return JSON.stringify([hits, [...engine.counts.bounded], explain(rules[0]!, each)]);
        });
      };
      const [first, ...rest] = told(one, one, one);
      expect(rest).toEqual([first, first]);
      expect(told(other, other, one)[2]).toBe(first);
    },
  );

  /** What is left of a bound: taken in halves until nothing is. */
  const leftOf = (work: Work) => {
    let left = 0;
    for (let part = 2 ** 25; part >= 1; part /= 2) {
      try {
        work.spend(part);
        left += part;
      } catch {
        continue;
      }
    }
    return left;
  };

  test('a text that another rule had counted costs the next one as much', () => {
    const work = new Work();
    const long = 'a'.repeat(65_536);
    const [first, second] = [1, 2].map(() => {
      work.begin();
      work.spend(1_500_000);
      work.scan(long, long.length, 'ba');
      return leftOf(work);
    });
    expect(first).toBeLessThan(18_500_000 - 65_536);
    expect(second).toBe(first);
  });

  test('counting characters and lines is charged for what it takes', () => {
    const work = new Work();
    const before = leftOf(work);
    work.begin();
    const outcome = compileRegex('.{1000,}', new Set());
    expect(outcome.kind === 'pattern' && outcome.pattern.matches('\n'.repeat(65_536), work)).toBe(false);
    expect(before - leftOf(work)).toBeGreaterThan(65_536 * 20);
  });

  test('an empty text does not end the counting', () => {
    const work = new Work();
    work.spend(19_500_000);
    work.scan('', 0, 'a');
    expect(() => work.spend(1_000_000)).toThrow(TooMuchWork);
  });

  const words = numbered(20, (at) => `aa${String.fromCharCode(98 + at)}${'abc'[at % 3] ?? ''}`);
  const letters = numbered(900, (at) => String.fromCodePoint(0x400 + at * 3)).join('');
  const beyond = numbered(65_000, (at) => String.fromCodePoint(0x100 + ((at * 7_919) % 40_000)))
    .join('')
    .replace(/[\ud800-\udfff]/g, 'x');
  test.each<[string, string, string[], string | string[]]>([
    [
      'literals, each of which is looked for alone',
      '|re',
      numbered(48, (at) => `zqzqzqzqzq.*${words.join('.*')}[${'cdefgh'[at % 6] ?? ''}${at}]`),
      `${'a'.repeat(65_000)}${[...words].reverse().join(' ')}zqzqzqzqzq`,
    ],
    [
      'a text spelled so that no literal is seen',
      '|re',
      numbered(400, (at) => `\\x62${'\\x61'.repeat(100)}\\x62${at % 10}`),
      'a'.repeat(65_536),
    ],
    ['more characters told apart than states can be kept', '|re', [`(a|b)*a(a|b){9}[${letters}]x`], mixed(65_536)],
    ['classes of many letters', '|re', numbered(60, (at) => `(?i)ſ[kK]{3}ß[a-z]*İ${at}`), beyond],
    ['what looks behind', '|re', numbered(20, () => '(?<=\\p{L}b?)(\\p{L}\\p{Lu}?){20}c'), beyond],
    ['lengths', '|re', numbered(45, () => '.{1000,}'), Array<string>(250).fill('\u{1f600}'.repeat(999))],
    ['many short texts', '|contains', numbered(12_000, (at) => `k${at}`), numbered(3_000, (at) => `q${at}`)],
    [
      'short texts in many expressions',
      '|re',
      numbered(300, (at) => `[xy]${at}[ab]`),
      numbered(3_000, (at) => `q${at}`),
    ],
  ])('%s take no more than their bound of 20 ms', (_name, modifiers, values, a) => {
    const { rules } = parseSigma(valuesOf(modifiers, values));
    const engine = createEngine(rules);
    const one = event({ a });
    const times = [1, 2, 3].map(() => {
      const from = process.cpuUsage();
      expect(engine.match(one)).toEqual([]);
      const { user, system } = process.cpuUsage(from);
      return (user + system) / 1_000;
    });
    // Of processor time, with room for a slow machine and for code that is not warm.
    expect(Math.min(...times)).toBeLessThan(140);
  });

  test.each<[string, unknown]>([
    ['keeps its program elsewhere', undefined],
    ['has another program', { prog: {} }],
  ])('an engine that %s is charged by length, and its rules still run', (_name, re2Input) => {
    const compile = RE2JS.compile.bind(RE2JS);
    const spy = vi
      .spyOn(RE2JS, 'compile')
      .mockImplementation((source, flags) => Object.assign(compile(source, flags), { re2Input }));
    try {
      // What is asked of it from outside goes on as before.
      const inner = compile('ab[cd]');
      vi.spyOn(RE2JS.prototype, 'test').mockImplementation((text) => inner.matcher(text).find());
      vi.spyOn(RE2JS.prototype, 'programSize').mockReturnValue(6);
      const { rules } = parseSigma(valuesOf('|re', ['ab[cd]']));
      const engine = createEngine(rules);
      expect(engine.match(event({ a: 'xabc' }))).toHaveLength(1);
      expect(engine.match(event({ a: `${'ab '.repeat(20_000)}abc` }))).toEqual([]);
      expect([...engine.counts.bounded]).toEqual([['r', 1]]);
    } finally {
      spy.mockRestore();
      vi.restoreAllMocks();
    }
  });

  test('an engine whose steps are not seen is charged by length', async () => {
    vi.resetModules();
    const compile = RE2JS.compile.bind(RE2JS);
    vi.spyOn(RE2JS, 'compile').mockImplementation((source, flags) => {
      const inlined = compile(source, flags);
      return Object.assign(compile(source, flags), { test: (text: string) => inlined.test(text) });
    });
    try {
      const fresh = await import('../../../analysis/sigma/index.ts');
      const { rules } = fresh.parseSigma(valuesOf('|re', ['ab[cd]']));
      const engine = fresh.createEngine(rules);
      expect(engine.match(event({ a: 'xabc' }))).toHaveLength(1);
      expect(engine.match(event({ a: `${'ab '.repeat(20_000)}abc` }))).toEqual([]);
      expect([...engine.counts.bounded]).toEqual([['r', 1]]);
    } finally {
      vi.restoreAllMocks();
      vi.resetModules();
    }
  });

  test.each([
    ['a filter of as many', 500, 500, 400],
    ['nothing left for it', 1_300, 1_300, 600],
    ['a rule and a filter that together are too much', 3_000, 3_000, 400],
  ])('an explanation says what the engine does: a rule of many values and %s', (_name, own, others, length) => {
    const values = numbered(own, (at) => `k${at}x`);
    const filters = filterOf(numbered(others, (at) => `n${at}x`));
    const file = parseSigma(`${valuesOf('|contains', [...values, 'the end'])}${filters}`);
    const engine = createEngine(file.rules, file.filters);
    const one = event({ a: `${'nk'.repeat(length / 2)}the end` });
    const is_hit = engine.match(one).length === 1;
    const { matched, why } = explain(file.rules[0]!, one, file.filters);
    expect([engine.counts.bounded.size, matched]).toEqual([is_hit ? 0 : 1, is_hit]);
    expect(why).toMatch(is_hit ? /^It matches by s\.$/ : /given up at the bound of work/);
  });
});

test.each([
  ['  s: {a|contians: 1}\n  condition: s', '5:7 detection.s.a|contians'],
  ['  s: {a: 1}\n  condition: s and nope', '6:20 detection.condition'],
  ['  s: {a|re: "("}\n  condition: s', '5:13 detection.s.a|re'],
  ['  s: {a: 1}', '4:1 detection.condition'],
  ['  s: {a: 1}\n  condition: s | count() > 5', '6:16 detection.condition'],
])('a mistake is told with line, column and path: %s', (detection, place) => {
  const [first] = lintSigma(ruleOf(detection));
  expect(`${first?.line}:${first?.column} ${first?.path}`).toBe(place);
});

test('a filter takes hits away from the rules it names', () => {
  const file = parseSigma(
    `${ruleOf('  s: {a: x}\n  condition: s')}---\ntitle: known\nlogsource: {product: windows}\nfilter:\n  rules: [r]\n  selection: {user: backup}\n  condition: not selection\n`,
  );
  const engine = createEngine(file.rules, file.filters);
  expect(engine.match(event({ a: 'x', user: 'eve' }))).toHaveLength(1);
  expect(engine.match(event({ a: 'x', user: 'backup' }))).toHaveLength(0);
});

describe('correlations', () => {
  const base =
    'title: base\nname: base\nid: base\nlogsource: {product: windows}\ndetection:\n  s: {EventID: 1}\n  condition: s\n';
  const run = (correlation: string, events: object[]) => {
    const { rules, correlations } = parseSigma(`${base}---\n${correlation}`);
    const engine = createEngine(rules);
    const correlator = createCorrelator(correlations, rules);
    for (const [second, fields] of events.entries()) {
      const at = `2026-01-05T10:00:${String(second).padStart(2, '0')}Z`;
      const one = event({ '@timestamp': at, ...fields });
      for (const rule of engine.match(one)) correlator.observe(rule, one);
    }
    return correlator.finish().map(({ rule, group }) => [rule.id, group]);
  };
  const of = (id: string, body: string) =>
    `title: ${id}\nid: ${id}\ncorrelation:\n  rules: [base]\n  timespan: 1m\n${body}`;
  test.each<[string, string, object[], unknown[]]>([
    [
      'a sum',
      of('c', '  type: value_sum\n  group-by: [u]\n  condition: {field: n, gt: 5}\n'),
      [
        { u: 'a', n: 3 },
        { u: 'a', n: 4 },
      ],
      [['c', { u: 'a' }]],
    ],
    [
      'an average',
      of('c', '  type: value_avg\n  group-by: [u]\n  condition: {field: n, gte: 4}\n'),
      [
        { u: 'a', n: 3 },
        { u: 'a', n: 4 },
      ],
      [],
    ],
    [
      'a share',
      of('c', '  type: value_percentile\n  group-by: [u]\n  condition: {field: i, lte: 30}\n'),
      [
        { u: 'a', i: 'x' },
        { u: 'a', i: 'x' },
        { u: 'a', i: 'x' },
        { u: 'a', i: 'y' },
      ],
      [['c', { u: 'a' }]],
    ],
    [
      'a range',
      of('c', '  type: event_count\n  group-by: [u]\n  condition: {gte: 2, lte: 3}\n'),
      [{ u: 'a' }, { u: 'a' }, { u: 'b' }],
      [['c', { u: 'a' }]],
    ],
    [
      'an alias',
      of('c', '  type: event_count\n  group-by: [who]\n  aliases: {who: {base: u}}\n  condition: {gte: 2}\n'),
      [{ u: 'a' }, { u: 'a' }],
      [['c', { who: 'a' }]],
    ],
    [
      'a chain',
      `${of('c', '  type: event_count\n  group-by: [u]\n  condition: {gte: 2}\n')}---\ntitle: d\nid: d\ncorrelation:\n  type: event_count\n  rules: [c]\n  group-by: [u]\n  timespan: 1m\n  condition: {gte: 2}\n`,
      [{ u: 'a' }, { u: 'a' }, { u: 'a' }, { u: 'a' }],
      [['d', { u: 'a' }]],
    ],
  ])('%s', (_name, correlation, events, expected) => {
    expect(run(correlation, events)).toEqual(expected);
  });
});

describeWithData('the whole rule pack', () => {
  test('compiles, matches what it must, and differs from a second implementation only for reasons', async () => {
    const outcome = await sigmaFolder.score(dataPath('sigma'), { fast: true, signal: new AbortController().signal });
    expect(outcome.measures.filter(({ result, target }) => result !== target)).toEqual([]);
  }, 120_000);

  test('meets no bound of work on what was recorded', async () => {
    const pack = await packIn(dataPath('sigma'));
    const engine = createEngine(pack?.rules ?? [], pack?.filters);
    const name = readdirSync(dataPath('mordor')).find((each) => each.endsWith('.zip')) ?? '';
    const bytes = createReadStream(join(dataPath('mordor'), name));
    for await (const batch of openRecording({ name, bytes }).batches) for (const one of batch) engine.match(one);
    expect(engine.counts.asked).toBeGreaterThan(1_000);
    expect([...engine.counts.bounded]).toEqual([]);
  }, 120_000);
});
