/** One HTTP request as bytes, and what came back. */
import { connect } from 'node:net';

/** Sends bytes; answers the head, and the body as far as it was announced. */
export function ask(port: number, request: string): Promise<{ head: string[]; body: string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`no whole answer: ${text}`)));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      const is_chunked = /^transfer-encoding: chunked/im.test(head);
      if (!text.includes('\r\n\r\n') || body.length < length || (is_chunked && !body.endsWith('0\r\n\r\n'))) return;
      resolve({ head: head.split('\r\n'), body: is_chunked ? unchunked(body) : body });
      socket.destroy();
    });
  });
}

/** A header is like another whatever the case of its name; `…` is anything. */
export function isLike(got: string, wanted: string): boolean {
  const escaped = wanted.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`, 'i').test(got);
}

/** A body that came in chunks, in one. */
const unchunked = (body: string): string =>
  [...body.matchAll(/([0-9a-f]+)\r\n/g)].length === 0
    ? body
    : body.replace(/(?:^|\r\n)[0-9a-f]+\r\n/g, '').replace(/\r\n$/, '');
