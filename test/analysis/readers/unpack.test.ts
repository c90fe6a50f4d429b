/** Unpacking: what was packed comes out, and what was packed to harm does not. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BOUNDS, collect, openSingle, unpack, type Bounds } from '../../../analysis/readers/index.ts';
import { streamOf, tarOf, zipOf } from './packed.ts';

async function filesIn(bytes: Uint8Array | string, bounds: Partial<Bounds> = {}, piece?: number) {
  const found: [string, string][] = [];
  for await (const file of unpack({ name: 'in', bytes: streamOf(bytes, piece) }, { ...BOUNDS, ...bounds })) {
    found.push([file.name, (await collect(file.bytes, 1_000_000_000)).toString('utf8')]);
  }
  return found;
}

test.each([1, 7, 65_536])('files come out of every kind of packing, in pieces of %i bytes', async (piece) => {
  const two = [
    { name: 'a.json', bytes: 'one' },
    { name: 'sub/b.json', bytes: 'two' },
  ];
  expect(await filesIn('plain', {}, piece)).toEqual([['in', 'plain']]);
  expect(await filesIn(gzipSync('packed'), {}, piece)).toEqual([['in', 'packed']]);
  const expected = [
    ['in/a.json', 'one'],
    ['in/sub/b.json', 'two'],
  ];
  expect(await filesIn(zipOf(two), {}, piece)).toEqual(expected);
  expect(await filesIn(tarOf(two), {}, piece)).toEqual(expected);
  expect(await filesIn(gzipSync(tarOf(two)), {}, piece)).toEqual(expected);
});

test('archives in archives are opened to a depth, and no deeper (ATK-H2)', async () => {
  const inner = zipOf([{ name: 'x', bytes: 'deep' }]);
  const middle = zipOf([{ name: 'inner.zip', bytes: inner }]);
  const outer = zipOf([{ name: 'middle.zip', bytes: middle }]);
  expect(await filesIn(outer)).toEqual([['in/middle.zip/inner.zip/x', 'deep']]);
  await expect(filesIn(zipOf([{ name: 'outer.zip', bytes: outer }]))).rejects.toMatchObject({ code: 4130 });
});

const zeros = Buffer.alloc(20_000_000);
const bomb = { name: 'zeros', bytes: zeros };

test.each([
  ['a gzip of which a thousand bytes come out for each', gzipSync(zeros), 4130],
  ['a zip that promises a thousand bytes for each', zipOf([bomb]), 4130],
  ['a zip that hides how much comes out', zipOf([{ ...bomb, declared_size: 10 }]), 4220],
  ['a zip that hides it within a gzip', gzipSync(zipOf([bomb])), 4130],
  ['a zip with a link', zipOf([{ name: 'link', bytes: '/etc/passwd', mode: 0o120777 }]), 4220],
  ['a tar with a symbolic link', tarOf([{ name: 'link', type: '2' }]), 4220],
  ['a tar with a hard link', tarOf([{ name: 'link', type: '1' }]), 4220],
  [
    'a zip with two files of one name',
    zipOf([
      { name: 'A', bytes: '1' },
      { name: 'a', bytes: '2' },
    ]),
    4220,
  ],
  ['a tar with two files of one name', tarOf([{ name: 'a' }, { name: 'A' }]), 4220],
  ['a name that leads out', zipOf([{ name: '../../x', bytes: '' }]), 4220],
  ['an absolute name', zipOf([{ name: '/etc/cron.d/x', bytes: '' }]), 4220],
  ['a name with backslashes', zipOf([{ name: '..\\x', bytes: '' }]), 4220],
  ['an encrypted file', zipOf([{ name: 'a', bytes: 'x', flags: 0x801 }]), 4220],
  ['an unknown method', zipOf([{ name: 'a', bytes: 'x', method: 99 }]), 4220],
  ['a file longer than the directory says', zipOf([{ name: 'a', bytes: 'xyz', declared_size: 2 }]), 4220],
  ['a file shorter than the directory says', zipOf([{ name: 'a', bytes: 'xyz', declared_size: 4 }]), 4220],
  ['another checksum', zipOf([{ name: 'a', bytes: 'x', crc: 1 }]), 4220],
  ['more files than may be', zipOf([{ name: 'a', bytes: 'x' }], 20_000), 4130],
  ['a directory that ends in the middle', zipOf([{ name: 'a', bytes: 'x' }], 2), 4220],
  ['a zip without its end', zipOf([{ name: 'a', bytes: 'x' }]).subarray(0, 40), 4220],
  ['a gzip without its end', gzipSync('packed').subarray(0, 20), 4220],
  ['a gzip with another checksum', Buffer.concat([gzipSync('packed').subarray(0, -8), Buffer.alloc(8)]), 4220],
  ['a tar with a broken header', tarOf([{ name: 'a' }]).fill(0x41, 0, 100), 4220],
])('%s is refused (ATK-H2)', async (_, bytes, code) => {
  await expect(filesIn(bytes)).rejects.toMatchObject({ code });
});

test.each([
  ['a line break', '\n'],
  ['that of Windows', '\r\n'],
  ['as many blanks as are forgiven', ' \t\n'.padEnd(16)],
])('a zip that a tool for text ended with %s is whole', async (_, tail) => {
  const zip = zipOf([{ name: 'a', bytes: 'x' }]);
  expect(await filesIn(Buffer.concat([zip, Buffer.from(tail)]))).toEqual([['in/a', 'x']]);
});

test.each([
  ['more blanks than a tool leaves', ' '.repeat(17)],
  ['one letter', 'x'],
  ['a letter behind blanks', ' \nx'],
  ['zeros', '\0\0'],
  ['another end record', zipOf([]).toString('latin1')],
])('a zip with %s behind its end is refused: nobody says what that is (ATK-H2)', async (_, tail) => {
  const zip = zipOf([{ name: 'a', bytes: 'x' }]);
  await expect(filesIn(Buffer.concat([zip, Buffer.from(tail, 'latin1')]))).rejects.toMatchObject({ code: 4220 });
});

test('all layers and files share one budget', async () => {
  const file = (name: string) => ({ name, bytes: 'x'.repeat(600) });
  const bounds = { unpacked_bytes_max: 1_000 };
  await expect(filesIn(zipOf([file('a'), file('b')]), bounds)).rejects.toMatchObject({ code: 4130 });
  await expect(filesIn(tarOf([file('a'), file('b')]), bounds)).rejects.toMatchObject({ code: 4130 });
  await expect(filesIn(gzipSync('x'.repeat(1_001)), bounds)).rejects.toMatchObject({ code: 4130 });
  await expect(filesIn(zipOf([file('a')]), bounds)).resolves.toHaveLength(1);
  await expect(filesIn(zipOf([file('a')]), { archive_bytes_max: 20 })).rejects.toMatchObject({ code: 4130 });
});

test('a fault of the stream itself stays what it is', async () => {
  const broken = async function* () {
    yield gzipSync('packed').subarray(0, 15);
    throw new Error('the link was lost');
  };
  const reading = async () => {
    for await (const file of unpack({ name: 'in', bytes: broken() })) await collect(file.bytes, 100);
  };
  await expect(reading()).rejects.toThrow('the link was lost');
});

async function single(bytes: Uint8Array | string, name: string) {
  const file = await openSingle({ name, bytes: streamOf(bytes) });
  return [file.name, (await collect(file.bytes, 1_000_000_000)).toString('utf8')];
}

test('a single file comes out of its gzip or zip, and its name says what it lay in', async () => {
  expect(await single('plain', 'a.log')).toEqual(['a.log', 'plain']);
  expect(await single(gzipSync('packed'), 'a.log.gz')).toEqual(['a.log in a.log.gz', 'packed']);
  expect(await single(gzipSync('packed'), 'stdin')).toEqual(['what lies in stdin', 'packed']);
  expect(await single(zipOf([{ name: 'b.log', bytes: 'zipped' }]), 'a.zip')).toEqual(['a.zip/b.log', 'zipped']);
});

test.each([
  ['a bomb', gzipSync(Buffer.alloc(40_000_000)), 4130, /as out of a bomb/],
  ['what is packed twice', gzipSync(gzipSync('x')), 4130, /packed again/],
  ['a gzip that is cut short', gzipSync('text '.repeat(100)).subarray(0, 20), 4220, /damaged or cut short/],
  ['several files', zipOf(['a', 'b'].map((name) => ({ name, bytes: name }))), 4220, /several files/],
  ['no file', zipOf([]), 4220, /no file in it/],
])('%s is refused as a single file, with the reason (ATK-H2)', async (_name, bytes, code, message) => {
  await expect(single(bytes, 'in.gz')).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });
});
