/** A WebSocket client of bytes: it sends what no library would. */
import { connect, type Socket } from 'node:net';

export interface Raw {
  socket: Socket;
  /** The head of the answer to the upgrade. */
  head: string;
  /** Opcodes of the frames that came. */
  opcodes: number[];
  /** The code of the server's close frame, or 1006 when the connection ended without one. */
  closed: Promise<number>;
}

/** What an upgrade request says besides the necessary. */
export function upgradeRequest(port: number, headers: Record<string, string> = {}, path = '/'): string {
  const lines = Object.entries({
    Host: `127.0.0.1:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Sends text and resolves with all that came back until the peer hung up. */
export function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
  });
}

/** Upgrades and resolves once the answer's head is there. */
export function openRaw(port: number, headers: Record<string, string> = {}, path = '/'): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(upgradeRequest(port, headers, path)));
    let settle: (code: number) => void = () => {};
    const raw: Raw = { socket, head: '', opcodes: [], closed: new Promise((done) => (settle = done)) };
    let bytes = Buffer.alloc(0);
    socket.on('error', reject); // after the upgrade it has no effect: the end is told by 'close'
    socket.on('close', () => settle(1006));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!raw.head) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        raw.head = bytes.subarray(0, end).toString('latin1');
        bytes = bytes.subarray(end + 4);
        resolve(raw);
      }
      for (let size = frameSize(bytes); size > 0; size = frameSize(bytes)) {
        const opcode = bytes.readUInt8(0) & 15;
        raw.opcodes.push(opcode);
        if (opcode === 8) settle(bytes.readUInt8(1) >= 2 ? bytes.readUInt16BE(2) : 1005);
        bytes = bytes.subarray(size);
      }
    });
  });
}

/** A client frame; every part can be wrong. */
export function frame(parts: {
  opcode: number;
  payload?: Buffer | string;
  fin?: boolean;
  rsv?: number;
  masked?: boolean;
  /** What the 64-bit length field claims instead of the truth. */
  claimed?: bigint;
}): Buffer {
  const { opcode, fin = true, rsv = 0, masked = true, claimed } = parts;
  const payload = Buffer.from(parts.payload ?? '');
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const mask_bit = masked ? 0x80 : 0;
  const long = claimed !== undefined || payload.length > 125;
  const head = Buffer.alloc(long ? 10 : 2);
  head.writeUInt8(first, 0);
  head.writeUInt8(mask_bit | (long ? 127 : payload.length), 1);
  if (long) head.writeBigUInt64BE(claimed ?? BigInt(payload.length), 2);
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), payload]); // masked with zeros: as written
}

/** Bytes of the server frame at the start, or 0 when it is not whole yet. */
function frameSize(bytes: Buffer): number {
  if (bytes.length < 2) return 0;
  const short = bytes.readUInt8(1) & 127;
  const head = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < head) return 0;
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  return bytes.length >= head + length ? head + length : 0;
}
