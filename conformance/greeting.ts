/** Hello, as the dialler says it: the kit proves its key, and keeps what the peer said of itself. */
import { randomBytes } from 'node:crypto';
import { isFrame, type Frame } from './answers.ts';
import { demand, show } from './check.ts';
import { now } from './clock.ts';
import { prove, publicKeyOf, type Key } from './identity.ts';
import type { Talk } from './talk.ts';

/** What hello needs of a conversation. */
export type GreetingTalk = Pick<Talk, 'serve' | 'answerTo'> & { wire: Pick<Talk['wire'], 'sendText'> };

/** How the kit greets. */
export interface GreetingOptions {
  key: Key;
  instance_id: string;
  /** `host:port` as it was dialled. */
  dialled: string;
  /** Members of hello that are other than usual; undefined leaves one away. */
  hello?: Frame;
  /** Members of the answer to the peer's own hello that are other than usual. */
  answer?: Frame;
}

/** What was said. */
export interface Greeted {
  /** The peer's answer to our hello, result or error. */
  answer: Frame;
  /** Our challenge. */
  challenge: string;
}

/** A conversation whose hello was said. */
export type Greeting = Talk & { readonly greeted: Greeted };

/** Answers the peer's hello from now on, with a proof. */
export function answerHello(talk: GreetingTalk, { key, instance_id, dialled, answer }: GreetingOptions): void {
  talk.serve('mesh/hello', (params) => {
    const challenge = isFrame(params) ? params['challenge'] : undefined;
    const connection_id = `kit-${randomBytes(8).toString('hex')}`;
    const subject = { agent_id: key.id, instance_id, dialled, connection_id };
    return {
      ...introductionOf(key, instance_id),
      version: 'mesh.v1',
      connection_id,
      server_time: new Date(now()).toISOString(),
      ...(typeof challenge === 'string' && { proof: prove(key, { ...subject, challenge }) }),
      ...answer,
    };
  });
}

/** Says hello and waits for the answer. Throws a Failure when none comes. */
export async function sayHello(talk: GreetingTalk, options: GreetingOptions): Promise<Greeted> {
  answerHello(talk, options);
  const challenge = randomBytes(32).toString('base64url');
  const params = {
    ...introductionOf(options.key, options.instance_id),
    versions: ['mesh.v1'],
    challenge,
    ...options.hello,
  };
  const id = HELLO_ID;
  const answered = talk.answerTo(id);
  talk.wire.sendText(JSON.stringify({ jsonrpc: '2.0', id, method: 'mesh/hello', params }), true);
  return { answer: await answered, challenge };
}

/** The id of our hello. */
const HELLO_ID = 'kit-hello';

/** What the peer said of itself. Throws a Failure when it refused. */
export function introducedIn({ answer }: Greeted): Frame {
  demand(isFrame(answer['result']), `hello was answered ${show(answer)}`);
  return answer['result'];
}

/** How the kit introduces itself in hello. */
export function introductionOf(key: Key, instance_id: string): Frame {
  return {
    agent: { agent_id: key.id, instance_id, name: 'Conformance kit', version: '1', public_key: publicKeyOf(key) },
    capabilities: { cancel: true, progress: true, approvals: true, resume: false, batch_max: 32 },
    limits: LIMITS,
    heartbeat_ms: 7_000,
    in_flight: [],
  };
}

/** What the kit takes, unless a check says otherwise. */
export const LIMITS = { frame_bytes_max: 4_194_304, in_flight_max: 64, depth_max: 64 };
