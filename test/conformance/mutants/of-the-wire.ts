/** Wrong agents: how a connection begins, and how WebSocket is framed. */
import { closePayload, OPCODE, type FrameSpec } from '../../../conformance/ws-frames.ts';
import type { Json, Lie } from './middle.ts';
import { errorOf, mutant } from './mutant.ts';

const EXTENSION = 'Sec-WebSocket-Extensions: permessage-deflate';
const withHeader = (head: string, header: string): string => head.replace(/\r\n\r\n$/, `\r\n${header}\r\n\r\n`);
const isAgreed = (head: string): boolean => head.startsWith('HTTP/1.1 101');

/** A lie about each frame of the kit. */
const taking = (instead: (frame: FrameSpec) => readonly FrameSpec[]): Lie => ({ received: (frame) => instead(frame) });
/** A lie about each frame of the agent. */
const sending = (instead: (frame: FrameSpec) => readonly FrameSpec[]): Lie => ({ sent: (frame) => instead(frame) });
/** A lie about a close code. */
const closing = (codes: readonly number[], instead: number): Lie =>
  sending((frame) =>
    frame.opcode === OPCODE.close && codes.includes(codeOf(frame))
      ? [{ ...frame, payload: closePayload(instead) }]
      : [frame],
  );
const codeOf = ({ payload }: FrameSpec): number =>
  payload && payload.length >= 2 ? Buffer.from(payload).readUInt16BE() : 0;

/** A ping that keeps the rules. */
const isPing = ({ opcode, fin, payload }: FrameSpec): boolean =>
  opcode === OPCODE.ping && fin === true && (payload?.length ?? 0) <= 125;

export const mutantsOfTheWire = [
  mutant('agrees on compression', 'mesh.v1', ['UP-10'], {
    upgraded: (head, request) =>
      isAgreed(head) && request.headers['sec-websocket-extensions'] !== undefined ? withHeader(head, EXTENSION) : head,
  }),
  mutant('agrees on an extension that nobody offered', 'bare', ['UP-09'], {
    upgraded: (head, request) =>
      isAgreed(head) && request.headers['sec-websocket-extensions'] === undefined ? withHeader(head, EXTENSION) : head,
  }),
  mutant('computes another accept', 'bare', ['UP-01'], {
    upgraded: (head) => head.replace(/^(sec-websocket-accept: *).*$/im, '$1AAAAAAAAAAAAAAAAAAAAAAAAAAA='),
  }),
  mutant('takes WebSocket of version 8', 'bare', ['UP-02'], {
    asking: (head) => head.replace(/^(sec-websocket-version: *)\S*/im, '$113'),
  }),
  mutant('does not say which version it speaks', 'bare', ['UP-03'], {
    upgraded: (head) => head.replace(/^sec-websocket-version: .*\r\n/im, ''),
  }),
  mutant('takes whatever subprotocol', 'mesh.v1', ['UP-07'], {
    asking: (head) => (/mesh\.v1/.test(head) ? head : head.replace(/^sec-websocket-protocol: .*\r\n/im, '')),
  }),
  mutant('gives a subprotocol to who offered none', 'bare', ['UP-06'], {
    upgraded: (head, request) =>
      isAgreed(head) && request.headers['sec-websocket-protocol'] === undefined
        ? withHeader(head, 'Sec-WebSocket-Protocol: mesh.v1')
        : head,
  }),
  mutant('finds mesh.v1 only where it stands alone', 'mesh.v1', ['UP-08'], {
    upgrading: ({ headers }) =>
      /,/.test(headers['sec-websocket-protocol'] ?? '')
        ? 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'
        : undefined,
  }),
  mutant('lets pages of any origin in', 'mesh.v1', ['UP-11', 'UP-16'], {
    asking: (head) => head.replace(/^origin: .*\r\n/im, ''),
  }),
  mutant('lets pages in that have no origin of their own', 'mesh.v1', ['UP-16'], {
    asking: (head) => head.replace(/^origin: null\r\n/im, ''),
  }),
  mutant('answers for hosts that begin like its own', 'mesh.v1', ['UP-15'], {
    asking: (head) => head.replace(/^(host: *127\.0\.0\.1:\d+).*$/im, '$1'),
  }),
  mutant('answers for hosts that end like its own', 'mesh.v1', ['UP-15'], {
    asking: (head) => head.replace(/^(host: *).*\.(127\.0\.0\.1:\d+)$/im, '$1$2'),
  }),
  mutant('answers for any host', 'mesh.v1', ['UP-12', 'UP-15'], {
    asking: (head, { socket }) => head.replace(/^(host: *)(?!127\.0\.0\.1).*$/im, `$1127.0.0.1:${socket.localPort}`),
  }),
  mutant(
    'forgets to pong',
    'bare',
    ['WS-01'],
    taking((frame) => (isPing(frame) ? [] : [frame])),
  ),
  mutant(
    'pongs something else',
    'bare',
    ['WS-01'],
    sending((frame) => (frame.opcode === OPCODE.pong ? [{ ...frame, payload: Buffer.from('else') }] : [frame])),
  ),
  mutant('never says goodbye', 'bare', ['WS-02'], {
    received(frame, { notes }) {
      if (frame.opcode === OPCODE.close && codeOf(frame) === 1000) notes.set('leaves', true);
      return [frame];
    },
    sent: (frame, { notes }) => (frame.opcode === OPCODE.close && notes.has('leaves') ? [] : [frame]),
    left: ({ notes }) => notes.has('leaves'),
  }),
  mutant('closes with a code that may not be sent', 'bare', ['WS-03', 'WS-18'], closing([1002], 1006)),
  mutant('closes with a code out of this world', 'bare', ['WS-03', 'WS-18'], closing([1002], 5999)),
  mutant(
    'takes frames without a mask',
    'bare',
    ['WS-05'],
    taking((frame) => [{ ...frame, masked: true }]),
  ),
  mutant(
    'takes reserved bits',
    'bare',
    ['WS-06'],
    taking((frame) => [{ ...frame, rsv: 0 }]),
  ),
  mutant(
    'passes over opcodes it does not know',
    'bare',
    ['WS-07'],
    taking((frame) => ([3, 4, 5, 6, 7, 11, 12, 13, 14, 15].includes(frame.opcode) ? [] : [frame])),
  ),
  mutant(
    'takes long control frames',
    'bare',
    ['WS-08'],
    taking((frame) =>
      frame.opcode >= 8 ? [{ ...frame, payload: Buffer.from(frame.payload ?? []).subarray(0, 125) }] : [frame],
    ),
  ),
  mutant('takes control frames in fragments', 'bare', ['WS-09'], {
    received: (frame, { notes }) => {
      if (frame.opcode >= 8 && !frame.fin) {
        notes.set('control', true);
        return [{ ...frame, fin: true }];
      }
      if (frame.opcode === OPCODE.continuation && notes.delete('control')) return [];
      return [frame];
    },
  }),
  mutant('passes over a continuation of nothing', 'bare', ['WS-10'], {
    received(frame, { notes }) {
      if (frame.opcode === OPCODE.continuation && !notes.has('open')) return [];
      if (frame.opcode < 8) {
        if (frame.fin) notes.delete('open');
        else notes.set('open', true);
      }
      return [frame];
    },
  }),
  mutant('passes over a message within a message', 'bare', ['WS-11'], {
    received(frame, { notes }) {
      if ((frame.opcode === OPCODE.text || frame.opcode === OPCODE.binary) && notes.has('open')) return [];
      if (frame.opcode < 8) {
        if (frame.fin) notes.delete('open');
        else notes.set('open', true);
      }
      return [frame];
    },
  }),
  mutant('cannot read messages in fragments', 'bare', ['WS-04', 'WS-10', 'WS-11', 'WS-19'], {
    received: (frame) =>
      (frame.opcode === OPCODE.text && !frame.fin) || frame.opcode === OPCODE.continuation ? [] : [frame],
  }),
  mutant(
    'mends text that is no UTF-8',
    'bare',
    ['WS-12'],
    taking((frame) =>
      frame.opcode === OPCODE.text && frame.fin === true && frame.rsv === 0
        ? [{ ...frame, payload: Buffer.from(Buffer.from(frame.payload ?? []).toString('utf8')) }]
        : [frame],
    ),
  ),
  mutant('closes 1011 over text that is no UTF-8', 'bare', ['WS-12'], closing([1007], 1011)),
  mutant(
    'takes binary messages',
    'bare',
    ['WS-13'],
    taking((frame) => (frame.opcode === OPCODE.binary ? [{ ...frame, opcode: OPCODE.text }] : [frame])),
  ),
  mutant('closes 1000 over a binary message', 'mesh.v1', ['WS-13'], closing([1003], 1000)),
  mutant('closes 1000 over a message too large', 'bare', ['WS-14', 'WS-21'], closing([1009], 1000)),
  mutant('takes a megabyte of a stranger', 'bare', ['WS-21'], {
    received(frame, line) {
      if (frame.opcode !== OPCODE.text || frame.payload.length <= 65_536 || frame.payload.length > 1_048_576)
        return [frame];
      line.say(errorOf((JSON.parse(String(frame.payload)) as Json)['id'], -32601));
      return [];
    },
  }),
  mutant(
    'masks what it sends',
    'bare',
    ['WS-15', 'WS-18'],
    sending((frame) => [{ ...frame, masked: true }]),
  ),
  mutant(
    'sets a reserved bit',
    'mesh.v1',
    ['WS-16'],
    sending((frame) => (frame.opcode === OPCODE.text ? [{ ...frame, rsv: 4 }] : [frame])),
  ),
  mutant('prefaces what it says with a word', 'bare', ['WS-17'], {
    said(message, line) {
      line.sayText('Well,');
      return message;
    },
  }),
];
