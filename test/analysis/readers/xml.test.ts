/** XML and tables: what is well formed is read, what could grow or reach out is refused. */
import { expect, test } from 'vitest';
import { childrenOf, readTsv, readXml } from '../../../analysis/readers/index.ts';
import { streamOf } from './packed.ts';

test('an event as Windows writes it is a tree', () => {
  const event = readXml(
    `\ufeff<?xml version="1.0"?><Event xmlns="urn:x"><System><EventID>4688</EventID></System><EventData><Data Name="A">x &amp; &lt;y&gt; &#65;</Data><Data Name="B"/><!-- no text --></EventData></Event>`,
  );
  const [data] = childrenOf(event, 'EventData');
  expect(data && childrenOf(data, 'Data').map(({ attributes, text }) => [attributes['Name'], text])).toEqual([
    ['A', 'x & <y> A'],
    ['B', ''],
  ]);
});

test.each([
  ['entities of its own', '<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'],
  ['an external entity', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
  ['an element that is not closed', '<a><b></a>'],
  ['an end without a start', '<a></a></b>'],
  ['two elements', '<a/><b/>'],
  ['text beside it', '<a/>text'],
  ['nothing', ''],
  ['an entity that nobody declared', '<a>&xxe;</a>'],
  ['depth', `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`],
  ['breadth', `<a>${'<b/>'.repeat(100_001)}</a>`],
])('XML with %s is refused', (_, text) => {
  expect(() => readXml(text)).toThrow(expect.objectContaining({ code: 4220 }));
});

test('rows of a table keep their line, and say when they were cut', async () => {
  const rows = [];
  for await (const row of readTsv(streamOf('a\tb\n\nc\td\te\n'), { fields_max: 2 })) rows.push(row);
  expect(rows).toEqual([
    { line: 1, fields: ['a', 'b'], cut: false },
    { line: 3, fields: ['c', 'd'], cut: true },
  ]);
});
