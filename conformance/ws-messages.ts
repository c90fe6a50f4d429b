/** Puts the messages of a WebSocket together out of frames, and tells what they break of RFC 6455. */
import { OPCODE, type WireFrame } from './ws-frames.ts';

/** What came. `fault` tells what a frame broke of RFC 6455. */
export type Received =
  | { kind: 'text'; text: string }
  | { kind: 'binary'; bytes: Buffer }
  | { kind: 'ping' | 'pong'; bytes: Buffer }
  | { kind: 'close'; code: number | undefined; reason: string }
  | { kind: 'fault'; what: WireFault; about: string }
  | { kind: 'end' };

/** Rules of framing that a peer may break; `unmasked` is a client's. */
export type WireFault = 'masked' | 'unmasked' | 'reserved' | 'close_code' | 'utf8' | 'fragments';

/**
 * A reader that takes one frame after another, and gives what each completes and what is wrong with it; throws when
 * fragments exceed `HELD_BYTES_MAX`. The end that was dialled reads with `is_server`: it expects masked frames.
 */
export function createAssembler(is_server: boolean): (frame: WireFrame) => Received[] {
  let parts: Buffer[] | undefined;
  let parts_bytes = 0;
  let opcode = 0;
  return (frame) => {
    const faults = faultsOf(frame, is_server);
    if (frame.opcode === OPCODE.ping) return [...faults, { kind: 'ping', bytes: frame.payload }];
    if (frame.opcode === OPCODE.pong) return [...faults, { kind: 'pong', bytes: frame.payload }];
    if (frame.opcode === OPCODE.close) return [...faults, ...toClose(frame.payload)];
    if (frame.opcode === OPCODE.continuation) {
      if (!parts) return [...faults, { kind: 'fault', what: 'fragments', about: 'a continuation of nothing' }];
      parts.push(frame.payload);
    } else {
      if (parts) faults.push({ kind: 'fault', what: 'fragments', about: 'a message within a message' });
      parts = [frame.payload];
      parts_bytes = 0;
      opcode = frame.opcode;
    }
    parts_bytes += frame.payload.length + ENTRY_BYTES;
    if (parts_bytes > HELD_BYTES_MAX) throw new Error(`the peer sent fragments of more than ${HELD_BYTES_MAX} bytes`);
    if (!frame.fin) return faults;
    const whole = Buffer.concat(parts);
    parts = undefined;
    return [...faults, ...(opcode === OPCODE.text ? toMessage(whole) : [{ kind: 'binary' as const, bytes: whole }])];
  };
}

function faultsOf({ opcode, rsv, masked, fin, payload }: WireFrame, is_server: boolean): Received[] {
  const faults: Received[] = [];
  if (masked && !is_server) faults.push({ kind: 'fault', what: 'masked', about: 'a frame of the server is masked' });
  if (!masked && is_server)
    faults.push({ kind: 'fault', what: 'unmasked', about: 'a frame of the client is not masked' });
  if (rsv !== 0) faults.push({ kind: 'fault', what: 'reserved', about: `reserved bits ${rsv} are set` });
  if (opcode > OPCODE.binary && (opcode < OPCODE.close || opcode > OPCODE.pong)) {
    faults.push({ kind: 'fault', what: 'reserved', about: `the opcode ${opcode} is unknown` });
  }
  if (opcode >= OPCODE.close && (!fin || payload.length > CONTROL_BYTES_MAX)) {
    faults.push({ kind: 'fault', what: 'fragments', about: 'a control frame in fragments, or over 125 bytes' });
  }
  return faults;
}

function toMessage(bytes: Buffer): Received[] {
  try {
    return [{ kind: 'text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }];
  } catch {
    return [{ kind: 'fault', what: 'utf8', about: 'a text message that is not UTF-8' }];
  }
}

function toClose(payload: Buffer): Received[] {
  if (payload.length === 0) return [{ kind: 'close', code: undefined, reason: '' }];
  if (payload.length === 1) return [{ kind: 'fault', what: 'close_code', about: 'a close frame of one byte' }];
  const code = payload.readUInt16BE(0);
  const close = { kind: 'close' as const, code, reason: payload.subarray(2).toString('utf8') };
  if (isSendable(code)) return [close];
  return [{ kind: 'fault', what: 'close_code', about: `a close frame with the code ${code}` }, close];
}

/** What it takes to hold on to it, bytes, about. */
export function bytesOf(received: Received): number {
  if (received.kind === 'text') return received.text.length + ENTRY_BYTES;
  return ('bytes' in received ? received.bytes.length : 0) + ENTRY_BYTES;
}

/** RFC 6455, 7.4: codes that may stand in a close frame. */
const isSendable = (code: number): boolean =>
  code >= 1000 && code <= 4999 && ![1004, 1005, 1006].includes(code) && (code <= 1014 || code >= 3000);

/** In one line, for the recording. */
export function toText(received: Received): string {
  switch (received.kind) {
    case 'text':
      return received.text;
    case 'close':
      return `closed ${received.code ?? 'without a code'}${received.reason === '' ? '' : ` (${received.reason})`}`;
    case 'fault':
      return `broke the framing: ${received.about}`;
    case 'end':
      return 'the connection ended';
    case 'binary':
    case 'ping':
    case 'pong':
      return `a ${received.kind} of ${received.bytes.length} bytes`;
  }
}

/** Payload of a control frame (RFC 6455, 5.5). */
const CONTROL_BYTES_MAX = 125;
/** Largest frame that is read from a peer. */
export const FRAME_BYTES_MAX = 33_554_432;
/** What is held of one connection: fragments of a message, and what nobody heard yet; one whole frame goes in. */
export const HELD_BYTES_MAX = FRAME_BYTES_MAX + 1_024;
/** What an entry costs beside its bytes, about. */
const ENTRY_BYTES = 128;
