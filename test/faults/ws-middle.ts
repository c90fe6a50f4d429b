/** A man in the middle who understands frames: each one may be dropped, doubled, delayed, replayed or rewritten (promises.md D6). */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { HistoryEvent } from './history.ts';

/** A frame on its way; `up` goes to the agent. */
export interface Passing {
  direction: 'up' | 'down';
  text: string;
  frame: Record<string, unknown>;
  /** Counts frames of this direction on this link, from 0. */
  place: number;
  link: string;
}

/** What leaves instead. */
export interface Leaving {
  text: string;
  after_ms?: number;
  /** Where to; onwards unless said. */
  direction?: 'up' | 'down';
}

/** Judges every frame; one that it lets pass answers the text alone. */
export type FrameRule = (passing: Passing) => readonly Leaving[];

/** A running man in the middle. */
export interface WsMiddle {
  port: number;
  set(rule: FrameRule): void;
  /** What the asking end asked and was answered, in the checker's words; as it was sent by the agent, before the rule. */
  readonly frames: readonly HistoryEvent[];
  readonly links: number;
  /** Close codes of links that the asking end closed. */
  readonly closes: readonly { code: number; reason: string }[];
  close(): Promise<void>;
}

/** Stands before `target_port`, as it were that process: WebSockets frame by frame, HTTP as it comes. */
export async function startWsMiddle(target_port: number): Promise<WsMiddle> {
  let rule: FrameRule = ({ text }) => [{ text }];
  let links = 0;
  const frames: HistoryEvent[] = [];
  const closes: { code: number; reason: string }[] = [];
  const open = new Set<WebSocket>();

  const server = createServer((asked, answer) => passHttp(asked, answer, target_port));
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first ?? false });
  server.on('upgrade', (asked, socket, head) => {
    const protocol = asked.headers['sec-websocket-protocol'];
    const target = new WebSocket(`ws://127.0.0.1:${target_port}`, protocol === undefined ? [] : [protocol], {
      headers: { host: asked.headers.host ?? '' }, // the agent proves the address that was dialled
      perMessageDeflate: false,
    });
    const early: string[] = [];
    target.on('message', (data: Buffer) => early.push(data.toString()));
    target.once('error', () => socket.destroy());
    target.once('open', () => sockets.handleUpgrade(asked, socket, head, (client) => join(client, target, early)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function join(client: WebSocket, target: WebSocket, early: readonly string[]): void {
    const link = `link-${++links}`;
    const ends = { up: target, down: client };
    const places = { up: 0, down: 0 };
    for (const end of [client, target]) open.add(end);
    const send = ({ text, after_ms = 0, direction }: Leaving & { direction: 'up' | 'down' }) => {
      const out = () => {
        if (ends[direction].readyState === WebSocket.OPEN) ends[direction].send(text);
      };
      if (after_ms > 0) setTimeout(out, after_ms);
      else out();
    };
    const pass = (direction: 'up' | 'down') => (data: string | Buffer) => {
      const text = data.toString();
      const frame = JSON.parse(text) as Record<string, unknown>;
      note(frames, link, direction, frame);
      const leaving = rule({ direction, text, frame, place: places[direction]++, link });
      for (const one of leaving) send({ ...one, direction: one.direction ?? direction });
    };
    const down = pass('down');
    target.removeAllListeners('message');
    target.on('message', down);
    client.on('message', pass('up'));
    early.forEach(down);
    client.on('close', (code, reason) => {
      closes.push({ code, reason: reason.toString() });
      frames.push({ who: 'link', kind: 'closed', link });
      end(target, code);
    });
    target.on('close', (code) => end(client, code));
    for (const socket of [client, target]) socket.on('error', () => socket.terminate());
  }

  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => void (rule = next),
    frames,
    get links() {
      return links;
    },
    closes,
    async close() {
      for (const socket of open) socket.terminate();
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** What `kit.start` is given for a man in the middle before each agent; `middles` is filled then, in their order. */
export function createMiddles(): { middles: WsMiddle[]; between: (target_port: number) => Promise<WsMiddle> } {
  const middles: WsMiddle[] = [];
  const between = async (target_port: number) => {
    const middle = await startWsMiddle(target_port);
    middles.push(middle);
    return middle;
  };
  return { middles, between };
}

/** Passes everything on unchanged. */
export const passOn: FrameRule = ({ text }) => [{ text }];

/** True for the answer to a call. */
export const isAnswer = (frame: Record<string, unknown>): boolean => 'result' in frame || 'error' in frame;

/** True for work: a skill of a double. */
export const isWork = ({ method }: Record<string, unknown>): boolean =>
  typeof method === 'string' && method.startsWith('double_');

function note(frames: HistoryEvent[], link: string, direction: 'up' | 'down', frame: Record<string, unknown>): void {
  const id = JSON.stringify(frame['id']);
  if (direction === 'up' && 'method' in frame && 'id' in frame) frames.push({ who: 'link', kind: 'request', link, id });
  if (direction === 'down' && isAnswer(frame)) frames.push({ who: 'link', kind: 'response', link, id });
}

function end(socket: WebSocket, code: number): void {
  if (code >= 1_000 && code < 5_000 && ![1_004, 1_005, 1_006, 1_015].includes(code)) socket.close(code);
  else socket.terminate();
}

function passHttp(asked: IncomingMessage, answer: ServerResponse, port: number): void {
  const { method, url: path, headers } = asked;
  const onward = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  asked.pipe(onward);
}
