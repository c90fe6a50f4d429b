/** JSON records: read however they are written, counted when they cannot be read. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRecordReader, type JsonBounds } from '../../../analysis/readers/index.ts';
import { streamOf } from './packed.ts';

async function read(text: string | Uint8Array, bounds: Partial<JsonBounds> = {}, piece = 65_536) {
  const reader = createRecordReader(streamOf(text, piece), bounds);
  const records = [];
  for await (const batch of reader.batches) records.push(...batch);
  return { records, ...reader.receipt() };
}

const events = [{ id: 1, text: 'a "quoted\\" {brace' }, { id: 2, nested: { list: [{ x: ']}' }] } }, { id: 3 }];
const forms: [string, string][] = [
  ['one a line', events.map((event) => JSON.stringify(event)).join('\n')],
  ['one a line, with returns and empty lines', events.map((event) => `${JSON.stringify(event)}\r\n\r\n`).join('')],
  ['one array', JSON.stringify(events)],
  ['one array over many lines', JSON.stringify(events, null, 2)],
  ['one after another over many lines', events.map((event) => JSON.stringify(event, null, 4)).join('\n')],
  ['behind a byte order mark', `\ufeff${events.map((event) => JSON.stringify(event)).join('\n')}`],
];

test.each(forms)('the records are the same when written %s', async (_, text) => {
  for (const piece of [1, 5, 65_536]) {
    const { records, items, items_read, unread } = await read(text, {}, piece);
    expect(records.map(({ value }) => value)).toEqual(events);
    expect({ items, items_read, unread }).toEqual({ items: 3, items_read: 3, unread: [] });
  }
});

test('records are where their locator says', async () => {
  expect((await read('{"a":1}\n\n{"a":2}')).records.map(({ locator }) => locator)).toEqual(['line 1', 'line 3']);
  expect((await read('[{"a":1},{"a":2}]')).records.map(({ locator }) => locator)).toEqual(['record 1', 'record 2']);
});

test('what cannot be read is counted and said, and what follows is read', async () => {
  const deep = `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`;
  const text = ['{"id":1}', '{"id":', '[1]', '"text"', deep, `{"long":"${'x'.repeat(300)}"}`, '{"id":2}'].join('\n');
  const { records, items, items_read, unread } = await read(text, { record_bytes_max: 600 });
  expect(records.map(({ value }) => value['id'])).toEqual([1, undefined, 2]);
  expect({ items, items_read }).toEqual({ items: 7, items_read: 3 });
  expect(unread).toEqual([
    { locator: 'line 2', why: 'it is no valid JSON' },
    { locator: 'line 3', why: 'it is no object' },
    { locator: 'line 4', why: 'it is no object' },
    { locator: 'line 5', why: 'it is nested deeper than 64' },
  ]);
  const cut = await read(text, { record_bytes_max: 200 });
  expect(cut.unread.at(-1)).toEqual({ locator: 'line 6', why: 'it is longer than 200 bytes, or broken off' });
});

test('an array that is broken off gives what was whole, and says that something was not', async () => {
  const { records, items, items_read } = await read(JSON.stringify(events).slice(0, -10));
  expect(records).toHaveLength(2);
  expect({ items, items_read }).toEqual({ items: 3, items_read: 2 });
});

test('records beyond the bound are counted, not read', async () => {
  const { items, items_read, unread } = await read('{}\n'.repeat(12), { records_max: 10 });
  expect({ items, items_read }).toEqual({ items: 12, items_read: 10 });
  expect(unread[0]?.why).toBe('only the first 10 records are read');
});

test('nesting without end ends neither the process nor the reading (ATK-A9)', async () => {
  const nested = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const { items, items_read } = await read(`${nested}\n{"id":1}\n`);
  expect({ items, items_read }).toEqual({ items: 2, items_read: 1 });
  expect((await read(`[${nested},{"id":1}]`)).items_read).toBe(1);
});

test('a key that would change what objects are is taken out (ATK-A11)', async () => {
  const { records } = await read('{"__proto__":{"role":"admin"},"a":{"__proto__":{"x":1}}}');
  expect(JSON.stringify(records[0]?.value)).toBe('{"a":{}}');
});

test('nothing, and what is no JSON at all, give counts and no records', async () => {
  expect(await read('')).toMatchObject({ records: [], items: 0, items_read: 0 });
  expect(await read('some\nlines\n')).toMatchObject({ records: [], items: 2, items_read: 0 });
});

test('any objects come back, in any form and any pieces', async () => {
  const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(objects, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (given, piece, is_array) => {
      const plain = JSON.parse(JSON.stringify(given).replaceAll('"__proto__"', '"proto"')) as object[];
      const text = is_array ? JSON.stringify(plain) : plain.map((each) => JSON.stringify(each)).join('\n');
      const { records } = await read(text, {}, piece);
      expect(records.map(({ value }) => value)).toEqual(plain);
    }),
    { numRuns: 200, seed: 1 },
  );
});
