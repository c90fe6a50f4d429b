/** Mapping a text to techniques: by id, by name, by likeness to labelled sentences; silence where nothing is near. */
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { learn, mapText } from '../../../analysis/attack-text/index.ts';
import { literalContent } from '../../../seams/index.ts';
import { dataPath, describeWithData } from '../../support/data.ts';

const nothing = literalContent();
const map = (text: string, content = nothing) => mapText(text, { source: 'report', content });
const places = ({ mapped }: ReturnType<typeof map>) => mapped.map(({ technique, how }) => `${how} ${technique}`);

const sentences = [
  ['dumps credentials from the memory of lsass with mimikatz', 'T1003.001'],
  ['used mimikatz against lsass to get passwords', 'T1003.001'],
  ['creates a scheduled task that starts the loader', 'T1053.005'],
  ['a scheduled task runs each hour', 'T1053.005'],
  ['logs the keys that are pressed', 'T1056.001'],
  ['a keylogger writes keys to a file', 'T1056.001'],
].map(([text = '', technique = ''], index) => ({ text, technique, doc: `report ${index}` }));
const mounted = literalContent([{ name: 'attack-text', version: 'test 1', data: sentences }]);

test('without labelled sentences only ids and names are found, and that is said', () => {
  const result = map('They used HTML Smuggling, not process injection (T1055.012x is none, T1190 is one) and Python.');
  expect(places(result)).toEqual(['name T1027.006', 'id T1190']);
  expect(result.verdict).toBe('inconclusive');
  expect(result.not_checked.map(({ what }) => what)).toContain('what the sentences mean');
});

test('content of another shape is a gap, not a crash', () => {
  const broken = literalContent([{ name: 'attack-text', version: '1', data: [{ text: 1 }] }]);
  expect(
    map('Nothing.', broken)
      .not_checked.map(({ why }) => why)
      .join(),
  ).toContain('another shape');
});

test('a sentence like a labelled one is mapped, with its place, the sentence it is like and the words that carry it', () => {
  const text = 'First line.\nThen it logs the keys that were pressed to a file. Later it rained.';
  const result = map(text, mounted);
  expect(result.mapped).toMatchObject([
    {
      technique: 'T1056.001',
      how: 'sentence',
      line: 2,
      nearest: { doc: expect.stringMatching(/report [45]/) as string },
    },
  ]);
  const [place] = result.mapped;
  expect(text.slice(place!.offset, place!.offset + place!.length)).toBe(
    'Then it logs the keys that were pressed to a file.',
  );
  expect(place!.terms!.length).toBeGreaterThan(0);
  expect(result).toMatchObject({ severity: 'info', confidence: 0.2 });
  expect(result.data_versions['attack-text']).toBe('test 1');
  expect(result.checked[0]!.control).toContain('T1003.001');
});

test('a text is one witness: many techniques do not make it surer, and nothing it tells is a verdict about here', () => {
  const result = map(
    'It dumps lsass with mimikatz. A scheduled task runs. A keylogger logs the keys pressed.',
    mounted,
  );
  expect(result.findings).toHaveLength(3);
  expect(result).toMatchObject({ confidence: 0.2, verdict: 'inconclusive', severity: 'info' });
});

test('markup is no text, and places behind it stay true', () => {
  const html =
    '<style>p { color: T1190 }</style>\n<p class="x">See <b>T1055</b></p><script>T1053</script><!-- T1110 -->';
  const result = map(html);
  expect(places(result)).toEqual(['id T1055']);
  expect(html.slice(result.mapped[0]!.offset, result.mapped[0]!.offset + 5)).toBe('T1055');
  expect(result.mapped[0]!.line).toBe(2);
});

test('text of the report and of the labelled sentences reaches the result without control and bidi characters (ATK-F3)', () => {
  const hostile = literalContent([
    {
      name: 'attack-text',
      version: '1',
      data: sentences.map((row) => ({ ...row, doc: '\u001b[31m\u202e', text: `${row.text}\u200b` })),
    },
  ]);
  const result = map('it logs the keys that were pressed \u001b[2J\u202e\u{e0041}', hostile);
  expect(result.mapped).toHaveLength(1);
  expect(JSON.stringify([result.findings, result.mapped])).not.toMatch(/\\u001b|\u202e|\u200b|\u{e0041}/u);
});

test('what is long or built to be slow is read within bounds', () => {
  for (const text of [
    '\n'.repeat(1_000_000),
    '<script>'.repeat(100_000),
    '<p '.repeat(300_000),
    'a. '.repeat(300_000),
    '. '.repeat(400_000),
  ]) {
    const result = map(text, mounted);
    expect(result.mapped).toEqual([]);
    expect(result.verdict).toBe('inconclusive');
  }
  expect(map('Some words here. '.repeat(3_000)).checked[0]!.corpus).toEqual({
    sha256: expect.any(String) as string,
    items: 2_001,
    items_read: 2_000,
  });
});

test('the same sentences learn the same, in one order or twice', () => {
  expect(learn(sentences).rank('a task with lsass')).toEqual(learn([...sentences]).rank('a task with lsass'));
  expect(learn(sentences).rank('entirely unknown words')).toBeUndefined();
});

describeWithData('labelled sentences at hand', () => {
  test('ordinary letters are hardly ever taken for techniques', () => {
    const rows = gunzipSync(readFileSync(dataPath('attack-text', 'sentences.jsonl.gz')))
      .toString('utf8')
      .split('\n')
      .filter(Boolean);
    const content = literalContent([
      { name: 'attack-text', version: 'data', data: rows.map((row) => JSON.parse(row) as unknown) },
    ]);
    const letters = [
      'Thank you for the flowers. We arrived on Sunday and the weather is fine.',
      'The meeting is on Tuesday at ten. Please bring the minutes of the last one.',
      'I still wait for the book you promised. Shall we meet at the station?',
    ];
    expect(letters.flatMap((letter) => map(letter, content).mapped)).toEqual([]);
    expect(places(map('The attackers used Mimikatz to dump credentials from LSASS memory.', content))).toContain(
      'sentence T1003.001',
    );
  });
});

test.each([
  ['sentences', 'They waited. '.repeat(2_001), '2000 sentences are read at once', 2_001],
  ['characters', `They waited. ${' '.repeat(1_048_576)}`, '1048576 characters are read at once', 2],
])(
  'where the bound of %s cuts a text, that bound is said, and the rest counts as not read',
  (_bound, text, why, items) => {
    const result = map(text);
    expect(result.not_checked).toContainEqual({ what: 'the rest of the text', why });
    expect(result.checked[0]?.corpus).toMatchObject({ items, items_read: items - 1 });
  },
);
