/** What is damaged is refused with its place, and what is good beside it is taken. */
import { expect, test } from 'vitest';
import { gatherContent } from '../../../analysis/content/index.ts';

const gathered = (name: string, text: string) =>
  gatherContent(
    (async function* () {
      yield await Promise.resolve({
        name,
        bytes: (async function* () {
          yield await Promise.resolve(Buffer.from(text));
        })(),
      });
    })(),
  );
const yara = async (text: string): Promise<string | undefined> => {
  const { packs, refused } = await gathered('a.yar', text);
  expect(packs.length + refused.length).toBe(1);
  return refused[0]?.why;
};

test.each<[string, string]>([
  ['rule x { strings: $a = "x" condition: $b', 'line 1: the condition refers to $b, and no string is called $b'],
  ['rule x { strings: $a = "x" condition: $a', 'line 1: the rule x is not closed: } is missing'],
  ['rule x {\n strings:\n  $a = "x"\n}', 'line 1: the rule x has no condition'],
  ['rule x {\n strings:\n  $a = "x\n condition: $a }', 'line 3: the text is not closed'],
  ['rule x { condition: (true }', 'line 1: ( is not closed'],
  ['rule x { condition: true ) }', 'line 1: ) closes nothing'],
  ['rule x { condition: }', 'line 1: the condition of x is empty'],
  ['rule x { condition: true }\nrule x { condition: true }', 'line 2: there are two rules x'],
  ['rule x { strings: $a = { 4D 5 } condition: $a }', 'line 1: each byte has two digits'],
  ['rule x { strings: $a = { 4D ZZ } condition: $a }', 'line 1: bytes are written with hexadecimal digits'],
  ['rule x { strings: $a = /ab condition: $a }', 'line 1: the regular expression is not closed'],
  ['rule x { strings: $a = "1" $b = "2" condition: $a }', 'line 1: $b is not used in the condition'],
  ['rule x { condition: any of them }', 'line 1: them: the rule has no strings'],
  [
    'rule x { strings: $a = "1" condition: any of ($b*) }',
    'line 1: the condition refers to $b*, and no string is called $b*',
  ],
  ['/* rule x { condition: true }', 'line 1: the comment is not closed'],
  ['rule { condition: true }', 'line 1: the rule has no name'],
  ['hello world', 'line 1: a rule was expected, not hello'],
  ['// nothing', 'no rule in it'],
])('%j is refused', async (text, why) => {
  expect(await yara(text)).toBe(why);
});

test('texts, expressions and comments of megabytes are read, and what never ends is refused', async () => {
  const long = '\\\\x'.repeat(2_000_000);
  const blank = '// x\n'.repeat(500_000);
  expect(await yara(`${blank}rule x { strings: $a = "${long}" condition: $a }`)).toBeUndefined();
  expect(await yara(`rule x { strings: $a = /${long}/is condition: $a }`)).toBeUndefined();
  expect(await yara(`rule x { strings: $a = "${long}`)).toBe('line 1: the text is not closed');
});

test.each([
  'rule a { condition: true }',
  'import "pe"\nprivate global rule a : tag other { meta: a = "b" c = -1 d = true condition: pe.is_dll() and filesize != 10 }',
  'rule a { strings: $ = "x" $b = /a\\/"[{]b/is wide $c = { 4D ?? [2-4] ( 5A | 5B )\n // a } in a comment\n ~00 /* } */ } private // }\n condition: any of them }',
  'rule a { strings: $a = "}\\"" xor(1-255) nocase $_unused = "x" condition: #a*2 > 3 and @a[1] < 0x10 and !a[1] == 1 and for all i in (1..#a) : ( @a[i] < 10 ) }',
  'rule a { strings: $x1 = "1" $x2 = "2" condition: uint16(0) == 0x5A4D and 1 of ($x*) and for any of ($*) : ( $ at 0 or # > 2 ) }',
])('%j is taken', async (text) => {
  expect(await yara(text)).toBeUndefined();
});

test('an indicator that is not of its type is refused with its line, and those beside it are taken', async () => {
  const text = `{
  "note": ["indicators", {"indicators": []}],
  "indicators": [
    {"type": "ip", "value": "192.0.2.1", "source": "us"},
    {"type": "ip", "value": "999.1.1.1", "source": "us"}, {"type": "sha256", "value": "zz", "source": "us"},
    {
      "type": "domain", "value": "evil.example.com", "source": "us", "techniques": ["T1071", "}"]
    },
    {"type": "horoscope", "value": "x", "source": "us"},
    {"type": "md5", "value": "${'a'.repeat(64)}", "source": "us"},
    "ip",
    {"type": "ip", "value": "192.0.2.2"}
  ]
}`;
  const { packs, refused } = await gathered('feed.json', text);
  expect(packs).toMatchObject([{ kind: 'intel', items: 2 }]);
  expect(JSON.stringify(packs[0]?.data)).toContain('evil.example.com');
  expect(refused.map(({ path, why }) => [path, why])).toEqual([
    ['feed.json', 'line 5: "999.1.1.1" is not of the type "ip"'],
    ['feed.json', 'line 5: "zz" is not of the type "sha256"'],
    ['feed.json', 'line 9: the type "horoscope" is not one that indicators are matched by'],
    ['feed.json', `line 10: "${'a'.repeat(64)}" is not of the type "md5"`],
    ['feed.json', 'line 11: an indicator has type, value and source, all texts'],
    ['feed.json', 'line 12: an indicator has type, value and source, all texts'],
  ]);
});

test('thousands of bad indicators are counted, and a list of nothing else makes no pack', async () => {
  const indicators = Array.from({ length: 1_500 }, () => ({ type: 'ip', value: 'x', source: 'us' }));
  const { packs, refused } = await gathered('feed.json', JSON.stringify({ indicators }));
  expect([packs, refused.length, refused.at(-1)?.why]).toEqual([[], 1_001, '500 more indicators']);
});
