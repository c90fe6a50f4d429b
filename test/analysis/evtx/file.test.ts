/** Event logs on the way in: sound ones are read whole, damaged ones as far as they go, and nothing is lost in silence. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEvtxReader, NotEvtx, type EvtxRecord, type EvtxReport } from '../../../analysis/evtx/index.ts';
import { parseEventXml } from '../../../analysis/evtx/event.ts';
import { dataPath, describeWithData } from '../../support/data.ts';

test('what is no event log is refused with its reason', async () => {
  for (const [bytes, reason] of [
    [Buffer.alloc(0), 'it is empty'],
    [Buffer.from('MZ and so on'), 'it does not begin like an event log'],
    [Buffer.from('ElfFile\0'), 'it ends inside its header'],
    [header({ chunks: 0, major: 2 }), 'its format is version 2; version 3 is read'],
  ] as const) {
    const reading = readAll(bytes);
    await expect(reading).rejects.toThrow(NotEvtx);
    await expect(reading).rejects.toThrow(reason);
  }
});

test('an empty log is an empty log, and one that lost its chunks says so', async () => {
  expect(await readAll(header({ chunks: 0 }))).toMatchObject({ records: [], report: { unread: [], damaged_count: 0 } });
  expect(await readAll(header({ chunks: 3 }))).toMatchObject({
    records: [],
    report: { unread: [{ what: '3 of 3 declared chunks', why: 'the file ends before them' }] },
  });
});

test('a chunk of anything is damage, with its place', async () => {
  const { report } = await readAll(Buffer.concat([header({ chunks: 1 }), Buffer.alloc(65_536, 0xa5)]));
  expect(report.damaged).toEqual([{ chunk: 1, offset: 4096, damage: ['it has no chunk header'] }]);
});

test('names and texts of an event are data, whatever they are called (ATK-F2)', () => {
  const event = parseEventXml(
    '<Event><System><EventID Qualifiers="">1</EventID></System><EventData><Data Name="__proto__">x</Data>' +
      '<Data Name="a">&lt;b&gt;&#27;[31m</Data><Data Name="a">2</Data></EventData></Event>',
  );
  expect(Object.getPrototypeOf(event.EventData)).toBe(Object.prototype);
  expect(Object.entries(event.EventData ?? {})).toEqual([
    ['__proto__', 'x'],
    ['a', ['<b>\u001b[31m', '2']],
  ]);
  expect(() => parseEventXml(`<Event>${'<a>'.repeat(100)}`)).toThrow('nested deeper');
  expect(() => parseEventXml(`<Event>${'<a/>'.repeat(5_000)}`)).toThrow('more than 4096');
  expect(() => parseEventXml('<Event/>')).toThrow('no System');
});

describeWithData('real event logs', () => {
  const log = gunzipSync(readFileSync(dataPath('evtx', 'CA_sysmon_hashdump_cmd_meterpreter.evtx.gz')));

  test('records come as plain records with their place, the same however the bytes are cut', async () => {
    const whole = await readAll(log);
    const [first] = whole.records;
    expect(first).toMatchObject({
      chunk: 1,
      offset: 4096 + 512,
      channel: 'Microsoft-Windows-Sysmon/Operational',
      event: { System: { Computer: 'IEWIN7', EventID: first?.event_id }, EventData: expect.anything() as object },
    });
    expect(first?.time).toMatch(/^2019-.*\.\d{7}Z$/);
    for (const size of [1_000, 65_535, 1_000_000]) expect(await readAll(log, size)).toEqual(whole);
  });

  test('a damaged chunk loses what is damaged and says what', async () => {
    const bytes = Buffer.from(log);
    bytes.fill(0xff, 4096 + 512 + 0x18, 4096 + 512 + 0x40);
    const { records, report } = await readAll(bytes);
    expect(report.damaged[0]?.damage).toContain('its checksums do not fit');
    expect(records.length).toBeLessThan(report.declared);
    expect(records.length).toBeGreaterThan(0);
  });

  test('a cut log gives what stands before the cut', async () => {
    const { records, report } = await readAll(log.subarray(0, 4096 + 30_000));
    expect(records).toEqual([]);
    expect(report.unread).toContainEqual({ what: 'the last 30000 bytes', why: expect.any(String) as string });
  });

  test('whatever bytes are flipped, reading ends and accounts for every declared record', async () => {
    const flip = fc.tuple(fc.integer({ min: 4096, max: log.length - 1 }), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 40 }), async (flips) => {
        const bytes = Buffer.from(log);
        for (const [at, value] of flips) bytes[at] = value;
        const { records, report } = await readAll(bytes);
        expect(report.records).toBe(records.length);
        if (records.length < report.declared) expect(report.damaged_count).toBe(1);
        expect(() => JSON.stringify(records)).not.toThrow();
      }),
      { seed: 7, numRuns: 40 },
    );
  }, 60_000);
});

async function readAll(bytes: Buffer, size = 65_536): Promise<{ records: EvtxRecord[]; report: EvtxReport }> {
  const reader = createEvtxReader(piecesOf(bytes, size));
  const records: EvtxRecord[] = [];
  for await (const batch of reader.records) records.push(...batch);
  return { records, report: reader.report() };
}

async function* piecesOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function header({ chunks, major = 3 }: { chunks: number; major?: number }): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write('ElfFile\0', 'latin1');
  bytes.writeUInt16LE(1, 0x24);
  bytes.writeUInt16LE(major, 0x26);
  bytes.writeUInt16LE(0x1000, 0x28);
  bytes.writeUInt16LE(chunks, 0x2a);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 0x78)), 0x7c);
  return bytes;
}

/** Written apart from the product's, bit by bit from the polynomial. */
function crc32(bytes: Uint8Array): number {
  let rest = ~0;
  for (const byte of bytes)
    for (let bit = 0; bit < 8; bit += 1) rest = ((rest ^ (byte >> bit)) & 1 ? 0xedb88320 : 0) ^ (rest >>> 1);
  return ~rest >>> 0;
}
