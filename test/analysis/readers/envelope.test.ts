/** Records in the envelope that a cloud or a search engine puts around them: streamed one by one, and nothing else taken for one. */
import { expect, test } from 'vitest';
import { createRecordReader, envelopeOf, type JsonBounds } from '../../../analysis/readers/index.ts';
import { streamOf } from './packed.ts';

async function read(text: string, bounds: Partial<JsonBounds> = {}, piece = 65_536) {
  const reader = createRecordReader(streamOf(text, piece), bounds);
  const records = [];
  for await (const batch of reader.batches) records.push(...batch);
  return { records, ...reader.receipt() };
}

const events = [
  { id: 1, text: 'a "quoted\\" ]}[{' },
  { id: 2, Records: [{ x: ']}' }], hits: { hits: [{}] } },
  { id: 3 },
];
const hits = events.map((_source, nth) => ({ _index: 'logs', _id: String(nth), _source }));
const forms: [string, object][] = [
  ['CloudTrail', { Records: events }],
  ['Azure Monitor', { records: events }],
  [
    'Microsoft Graph',
    { '@odata.context': 'https://x/$metadata#a', '@odata.count': 3, value: events, '@odata.nextLink': 'https://x' },
  ],
  ['PowerShell', { value: events, Count: 3 }],
  [
    'Elasticsearch',
    {
      took: 3,
      timed_out: false,
      _shards: { total: 1, hits: 1 },
      hits: { total: { value: 3, relation: 'eq' }, max_score: null, hits },
    },
  ],
];

test.each(forms)('the records of %s are streamed, however they are cut and written', async (_who, value) => {
  for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2), `\ufeff ${JSON.stringify(value)}\n`])
    for (const piece of [1, 7, 65_536]) {
      const { records, items, items_read, unread } = await read(text, {}, piece);
      expect(records.map((record) => record.value)).toEqual(events);
      expect(records.map(({ locator }) => locator)).toEqual(['record 1', 'record 2', 'record 3']);
      expect({ items, items_read, unread }).toEqual({ items: 3, items_read: 3, unread: [] });
    }
});

test('the bounds are those of each record: an envelope may be of any size, on one line', async () => {
  const text = JSON.stringify({ Records: Array.from({ length: 3_000 }, (_, id) => ({ id, text: 'x'.repeat(400) })) });
  expect(text.length).toBeGreaterThan(1_048_576);
  expect(await read(text)).toMatchObject({ items: 3_000, items_read: 3_000, unread: [] });
  const few = await read(text, { records_max: 10 });
  expect({ items: few.items, items_read: few.items_read }).toEqual({ items: 3_000, items_read: 10 });
  const long = await read(JSON.stringify({ Records: [{ a: 'x'.repeat(300) }, { b: 1 }] }), { record_bytes_max: 200 });
  expect(long).toMatchObject({ items: 2, items_read: 1, records: [{ value: { b: 1 } }] });
});

test('several envelopes, and a record without one between them, are all read', async () => {
  const text =
    '{"Records":[{"id":1}],"more":{"Records":[{"no":1}]}}\n{"id":2}\n{"a":1,"Records":[{"id":3},{"id":4}]}\n';
  for (const piece of [1, 65_536])
    expect((await read(text, {}, piece)).records.map(({ value }) => value['id'])).toEqual([1, 2, 3, 4]);
});

test.each([
  ['a second list of one name', '{"Records":[],"x":[{"no":1}],"Records":[{"id":1},{"id":2}]}'],
  [
    'lists in hits of one name',
    '{"hits":{"hits":[{"id":1}],"hits":[]},"x":{"hits":[{"no":1}]},"hits":{"hits":[{"id":2}]}}',
  ],
])('%s is read too: who keeps the last would see nothing else', async (_what, text) => {
  for (const piece of [1, 65_536])
    expect((await read(text, {}, piece)).records.map(({ value }) => value['id'])).toEqual([1, 2]);
});

test('an envelope that is broken off says so, and an empty one holds nothing', async () => {
  const cut = await read('{"Records":[{"id":1},{"id":2');
  expect({ items: cut.items, items_read: cut.items_read }).toEqual({ items: 2, items_read: 1 });
  expect(await read('{"Records":[]}')).toMatchObject({ items: 0, records: [] });
});

test.each([
  ['an event with a list of its own', '{"eventName":"x","Records":[{"a":1}]}'],
  ['an event that has a value', '{"name":"x","value":[{"a":1}]}'],
  ['a list of numbers', '{"value":[1,2]}'],
  ['an object under the name', '{"Records":{"a":[{}]}}'],
  ['hits that are counted', '{"hits":{"total":3}}'],
])('%s is a record itself', async (_what, text) => {
  expect(envelopeOf(text)).toBeUndefined();
  expect((await read(text)).records.map(({ value }) => value)).toEqual([JSON.parse(text)]);
});

test('a head made to be tried again and again ends', () => {
  for (const text of [
    `{${'"@odata.a":"\\"",'.repeat(2_000)}`,
    `{"_shards":${'{'.repeat(20_000)}`,
    `{${' '.repeat(60_000)}"value"${' '.repeat(60_000)}`,
    `{"took":1,${'"took":1,'.repeat(3_000)}"hits":{"total":1,`,
  ])
    expect(envelopeOf(text)).toBeUndefined();
});
