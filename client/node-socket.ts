/** The WebSocket of a Node process: `ws`, loaded when the first stream is opened, and with headers. */
import type { Platform } from './platform.ts';

/** What Node 20 lacks. */
export const nodeSocket: Pick<Platform, 'openSocket' | 'socket_headers'> = {
  socket_headers: true,
  async openSocket(url, headers, hears) {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(url, { headers, maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false });
    let is_over = false;
    const end: typeof hears.onEnd = (how) => {
      if (is_over) return;
      is_over = true;
      hears.onEnd(how);
    };
    socket.on('message', (data, is_binary) => {
      if (!is_binary && Buffer.isBuffer(data)) hears.onText(data.toString('utf8'));
    });
    socket.on('unexpected-response', (_request, response) => {
      const { statusCode: status = 0, headers: given } = response;
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body = (body + text).slice(0, REFUSAL_CHARS_MAX);
      });
      response.once('close', () => {
        end({ code: 1006, refused: { status, headers: new Headers(flat(given)), body } });
        socket.terminate();
      });
    });
    socket.on('error', () => undefined); // a close follows, and that is told
    socket.on('close', (code) => end({ code }));
    return {
      close() {
        // The other side may be gone without a word: nothing is waited for.
        socket.close(1000);
        socket.terminate();
      },
    };
  },
};

const flat = (headers: Record<string, string | string[] | undefined>): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []));

const FRAME_BYTES_MAX = 4_194_304;
const REFUSAL_CHARS_MAX = 65_536;
