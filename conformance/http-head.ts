/** Reads the head of an HTTP answer off a socket, and leaves what follows it. */
import type { Socket } from 'node:net';

/** A head that was read. */
export interface HttpHead {
  /** 0 when the connection ended before the head did, or the head has no end. */
  status: number;
  /** Names in small letters. */
  headers: Record<string, string>;
  /** What came behind the head: of a refusal, the beginning of its body. */
  rest: Buffer;
}

/** The head of the answer that comes next; never rejects, and waits as long as the socket is open. */
export function readHead(socket: Socket): Promise<HttpHead> {
  return new Promise((resolve) => {
    const kept = Buffer.alloc(HEAD_BYTES_MAX);
    let size = 0;
    let end = -1;
    const settle = (more: Buffer) => {
      socket.off('data', onData);
      socket.off('close', onClose);
      if (end === -1) resolve({ status: 0, headers: {}, rest: Buffer.alloc(0) });
      else resolve(parseHead(headIn(kept, end), Buffer.concat([kept.subarray(end + 4, size), more])));
    };
    const onClose = () => settle(Buffer.alloc(0));
    const onData = (chunk: Buffer) => {
      const searched = Math.max(0, size - 3);
      const taken = chunk.copy(kept, size);
      size += taken;
      if (end === -1) end = kept.subarray(0, size).indexOf('\r\n\r\n', searched);
      if (end === -1 && size < HEAD_BYTES_MAX) return;
      if (end !== -1 && headIn(kept, end).startsWith('HTTP/1.1 101')) settle(chunk.subarray(taken));
      // A refusal may have a body: it is whole when the other end closes, which a refusal does.
      else if (size >= wholeOf(kept, end)) settle(Buffer.alloc(0));
    };
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

const headIn = (bytes: Buffer, end: number): string => bytes.subarray(0, end).toString('latin1');

/** How many bytes of a refusal are waited for. */
function wholeOf(bytes: Buffer, end: number): number {
  const length = end === -1 ? undefined : /^content-length: *(\d+)/im.exec(headIn(bytes, end))?.[1];
  return length === undefined ? HEAD_BYTES_MAX : Math.min(HEAD_BYTES_MAX, end + 4 + Number(length));
}

function parseHead(head: string, rest: Buffer): HttpHead {
  const [first = '', ...lines] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(first.split(' ')[1] ?? 0), headers, rest: Buffer.from(rest) };
}

/** Of an answer; the body of a refusal too. */
const HEAD_BYTES_MAX = 65_536;
