/** Recordings: where an event stands is said once, whatever the input was packed in. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openRecording } from '../../../analysis/recordings/index.ts';
import { streamOf, tarOf, zipOf } from '../readers/packed.ts';

const line = `${JSON.stringify({ Channel: 'Security', EventID: 4624 })}\n`;
const files = [
  { name: 'y.json', bytes: line + line },
  { name: 'day/z.json', bytes: line },
];
const inside = ['y.json, line 1', 'y.json, line 2', 'day/z.json, line 1'];

test.each<[string, Uint8Array | string, string[]]>([
  ['x.json', line, ['line 1']],
  ['x.json.gz', gzipSync(line), ['line 1']],
  ['x.json.gz.gz', gzipSync(gzipSync(line)), ['line 1']],
  ['x.zip', zipOf(files), inside],
  ['x.zip.gz', gzipSync(zipOf(files)), inside],
  ['x.tgz', gzipSync(tarOf(files)), inside],
  ['x.tar.gz', gzipSync(tarOf(files)), inside],
  ['x.zip', zipOf([{ name: 'x.zip', bytes: zipOf(files) }]), inside.map((place) => `x.zip/${place}`)],
])('an event in %s is placed inside it, without its name once more', async (name, bytes, expected) => {
  const locators: string[] = [];
  for await (const batch of openRecording({ name, bytes: streamOf(bytes) }).batches) {
    locators.push(...batch.map(({ locator }) => locator));
  }
  expect(locators).toEqual(expected);
});

test('what macOS packs beside a file is passed over, and nothing else under its name', async () => {
  const fork = Buffer.concat([Buffer.from('0005160700020000', 'hex'), Buffer.from('Mac OS X        ')]);
  const reportOf = async (bytes: Buffer | string) => {
    const packed = zipOf([...files, { name: '__MACOSX/day/._z.json', bytes }]);
    const recording = openRecording({ name: 'x.zip', bytes: streamOf(packed) });
    let events = 0;
    for await (const batch of recording.batches) events += batch.length;
    return { events, ...recording.report() };
  };
  expect(await reportOf(fork)).toMatchObject({ events: 3, unread: [], unread_count: 0 });
  expect(await reportOf(line)).toMatchObject({ events: 4, unread: [] });
  expect(await reportOf(Buffer.from('MZ\0\0\0\0\0\0'))).toMatchObject({ events: 3, unread_count: 1 });
});
