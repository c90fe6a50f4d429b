/** The framing of WebSocket: what is read, and what ends the connection. */
import { demand, fail, show, skip, verifies, type Check } from '../check.ts';
import { within } from '../clock.ts';
import type { Probe } from '../probe.ts';
import type { RequirementId } from '../requirements.ts';
import { NO_METHOD, type End } from '../talk.ts';
import type { Received } from '../ws-messages.ts';
import { closePayload, OPCODE, type FrameSpec } from '../ws-frames.ts';

/** The checks of WS. WS-03 and WS-15 to WS-17 are watched over the whole run. */
export const websocketChecks = [
  verifies('WS-01', async (probe) => {
    const talk = await probe.talk();
    const payload = Buffer.from(`ping ${probe.chance.token()}`);
    talk.wire.sendFrame({ opcode: OPCODE.ping, payload });
    const pongs = () => talk.beats.filter(({ kind }) => kind === 'pong');
    const pong = await talk.until(() => pongs().find((beat) => beat.payload.equals(payload)));
    demand(
      pong !== undefined,
      `no pong of ${show(String(payload))}, but ${show(pongs().map((beat) => String(beat.payload)))}`,
    );
  }),
  verifies('WS-02', async (probe) => {
    const heard = await after(probe, { opcode: OPCODE.close, payload: closePayload(1000) });
    demand(
      heard.some(({ kind }) => kind === 'close'),
      'the connection ended without a close frame',
    );
  }),
  verifies('WS-04', async (probe) => {
    const talk = await probe.talk();
    const bytes = Buffer.from(request('parts', 'é'));
    const middle = bytes.indexOf(0xc3) + 1; // between the two bytes of a letter
    talk.wire.sendFrame({ opcode: OPCODE.text, payload: bytes.subarray(0, middle), fin: false });
    talk.wire.sendFrame({ opcode: OPCODE.ping, payload: Buffer.from('between') });
    talk.wire.sendFrame({ opcode: OPCODE.continuation, payload: bytes.subarray(middle, middle + 3), fin: false });
    talk.wire.sendFrame({ opcode: OPCODE.continuation, payload: bytes.subarray(middle + 3) });
    await talk.answerTo('parts');
  }),
  alone('WS-05', async (probe) => {
    await ends(probe, text({ masked: false }));
  }),
  alone('WS-06', async (probe) => {
    await ends(probe, text({ rsv: 4 }));
  }),
  alone('WS-07', async (probe) => {
    await ends(probe, text({ opcode: 3 }));
  }),
  alone('WS-08', async (probe) => {
    await ends(probe, { opcode: OPCODE.ping, payload: Buffer.alloc(126) });
  }),
  alone('WS-09', async (probe) => {
    await ends(probe, { opcode: OPCODE.ping, payload: Buffer.from('half'), fin: false });
  }),
  alone('WS-10', async (probe) => {
    await ends(probe, text({ opcode: OPCODE.continuation }));
  }),
  alone('WS-11', async (probe) => {
    await ends(probe, text({ fin: false }), text({}));
  }),
  alone('WS-12', async (probe) => {
    const payload = Buffer.concat([Buffer.from('"'), Buffer.from([0xc3, 0x28]), Buffer.from('"')]);
    expectCode(await ends(probe, text({ payload })), 1007);
  }),
  alone('WS-13', async (probe) => {
    expectCode(await ends(probe, text({ opcode: OPCODE.binary })), 1003);
  }),
  alone('WS-14', async (probe) => {
    const payload = Buffer.from(request('large', 'x'.repeat(MESSAGE_BYTES_MAX)));
    expectCode(await ends(probe, text({ payload })), 1009);
  }),
  alone('WS-18', async (probe) => {
    for (const payload of [closePayload(1005), closePayload(999), closePayload(1015), Buffer.from([3])]) {
      const heard = await after(probe, { opcode: OPCODE.close, payload });
      const wrong = heard.find((received) => !isVerdict(received));
      demand(!wrong, `a close frame of the bytes ${show(payload.toString('hex'))} was answered with ${show(wrong)}`);
    }
  }),
  alone('WS-19', async (probe) => {
    const talk = await probe.talk();
    const bytes = Buffer.from(request('thousand', '').padEnd(FRAGMENTS, ' '));
    for (let at = 0; at < FRAGMENTS; at++) {
      const opcode = at === 0 ? OPCODE.text : OPCODE.continuation;
      talk.wire.sendFrame({ opcode, payload: bytes.subarray(at, at + 1), fin: at === FRAGMENTS - 1 });
    }
    await talk.answerTo('thousand').catch(() => demand(talk.end !== undefined, 'neither answered nor closed'));
    await (await probe.talk()).ask(NO_METHOD);
  }),
  verifies('WS-20', async (probe) => {
    const talk = await probe.talk();
    for (const bytes of [200, 65_536]) {
      const id = `of ${bytes} bytes`;
      talk.sayText(request(id, '').padEnd(bytes, ' '));
      await talk.answerTo(id);
    }
  }),
  alone('WS-21', async (probe) => {
    if (probe.subject.token !== undefined) skip('who shows a token is no stranger: it is tried without --token');
    const payload = Buffer.from(request('large', 'x'.repeat(2 * STRANGERS_BYTES_MAX)));
    expectCode(await ends(probe, text({ payload })), 1009);
  }),
];

/** Beside no other check: a peer may die of it, and then it is known of what. */
function alone(id: RequirementId, run: (probe: Probe) => Promise<void>): Check {
  return verifies(id, run, { phase: 'hard' });
}

/** Sends frames, and waits for the connection to end. Throws a Failure when it stands. */
async function ends(probe: Probe, ...frames: FrameSpec[]): Promise<End> {
  const talk = await probe.talk();
  for (const frame of frames) talk.wire.sendFrame(frame);
  return talk.ended();
}

/** Sends a close frame and waits for the very end. Answers what came before it that speaks of closing. */
async function after(probe: Probe, frame: FrameSpec): Promise<Received[]> {
  const talk = await probe.talk();
  const heard: Received[] = [];
  talk.wire.hear((received) => {
    if (heard.length < HEARD_MAX) heard.push(received);
    if (received.kind === 'end') onEnd();
  });
  let onEnd: () => void = () => undefined;
  const ended = new Promise<true>((resolve) => (onEnd = () => resolve(true)));
  talk.wire.sendFrame(frame);
  const { answer_ms_max } = probe.subject.limits;
  if (!(await within(answer_ms_max, ended))) fail(`the connection still stood ${answer_ms_max} ms after a close frame`);
  return heard.filter(({ kind }) => kind === 'close' || kind === 'fault');
}

/** 1002, or no code at all. */
const isVerdict = (received: Received): boolean =>
  received.kind === 'close' && (received.code === undefined || received.code === 1002);

function expectCode({ code, reason }: End, due: number): void {
  demand(code === due, `the connection ended with ${code ?? 'no close code'} ${show(reason)}, not with ${due}`);
}

const request = (id: string, about: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: NO_METHOD, params: { about } });

const text = (other: Partial<FrameSpec>): FrameSpec => ({
  opcode: OPCODE.text,
  payload: Buffer.from(request('frame', '')),
  ...other,
});

const MESSAGE_BYTES_MAX = 4_194_304;
const STRANGERS_BYTES_MAX = 65_536;
const FRAGMENTS = 1_000;
const HEARD_MAX = 1_000;
