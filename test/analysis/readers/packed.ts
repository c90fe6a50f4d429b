/** Archives for the tests, made byte by byte: good ones, and those that nobody's tool would make. */
import { crc32, deflateRawSync } from 'node:zlib';

/** What one file of a zip says of itself, honest unless said. */
export interface ZipFileSpec {
  name: string;
  bytes: Uint8Array | string;
  /** Upper half of the external attributes, e.g. 0o120777 for a link. */
  mode?: number;
  flags?: number;
  method?: number;
  declared_size?: number;
  crc?: number;
}

/** A zip of these files. `count` is how many its end record claims. */
export function zipOf(files: readonly ZipFileSpec[], count = files.length): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, mode = 0o100644, flags = 0x800, method = 8, declared_size, crc } of files) {
    const raw = Buffer.from(bytes);
    const packed = method === 8 ? deflateRawSync(raw) : raw;
    const label = Buffer.from(name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(flags, 2);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(crc ?? crc32(raw), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(declared_size ?? raw.length, 18);
    shared.writeUInt16LE(label.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, label, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), shared, tail, label]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** A tar of these files; `type` is the type flag, `0` for a file, `2` for a link. */
export function tarOf(files: readonly { name: string; bytes?: Uint8Array | string; type?: string }[]): Buffer {
  const blocks = files.flatMap(({ name, bytes = '', type = '0' }) => {
    const raw = Buffer.from(bytes);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${raw.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    if (type !== '0') header.write('/etc/passwd', 157);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, raw, Buffer.alloc((512 - (raw.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A stream of these bytes in pieces of that size. */
export async function* streamOf(bytes: Uint8Array | string, piece = 65_536): AsyncGenerator<Uint8Array> {
  const whole = Buffer.from(bytes);
  for (let at = 0; at < whole.length; at += piece) yield whole.subarray(at, at + piece);
}
