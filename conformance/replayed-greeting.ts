/** The greeting of a replay: what was recorded, with keys, challenges and proofs of its own where those of then were honest. */
import { randomBytes } from 'node:crypto';
import { isFrame, type Frame } from './answers.ts';
import type { Exchanged } from './exchange.ts';
import { isProof, makeKey, prove, publicKeyOf, type Key } from './identity.ts';
import { dialledOf } from './subject.ts';

/** Says hello as it was said then. */
export interface ReplayedGreeting {
  /** Our hello, anew. Undefined when the recorded text is none. */
  hello(text: string): string | undefined;
  /** Our answer to the peer's hello, anew. */
  answer(text: string, connection: number, hello_now: Frame): string | undefined;
}

/** Greets as `key` where the recording greeted as it; whoever else greeted then is a stranger now as then. */
export function createReplayedGreeting(
  { url, exchanged }: { url: string; exchanged: readonly Exchanged[] },
  { key, url_now }: { key: Key | undefined; url_now: string },
): ReplayedGreeting {
  const keys = new Map<string, Key>();
  const knows_key = key !== undefined && exchanged.some(({ text }) => text.includes(publicKeyOf(key)));
  const keyOf = ({ agent_id, public_key }: Frame): Key => {
    const id = String(agent_id);
    if (key?.id === id && (!knows_key || public_key === publicKeyOf(key))) return key;
    const name = String(public_key);
    const stranger = keys.get(name) ?? makeKey(id);
    keys.set(name, stranger);
    return stranger;
  };
  /** The body of a hello with the public key of now. */
  const introduce = (body: Frame): { body: Frame; key: Key | undefined } => {
    if (!isFrame(body['agent'])) return { body, key: undefined };
    const own = keyOf(body['agent']);
    const agent = { ...body['agent'], ...('public_key' in body['agent'] && { public_key: publicKeyOf(own) }) };
    return { body: { ...body, agent }, key: own };
  };
  const challengeOf = (connection: number): unknown => {
    const theirs = exchanged
      .filter((note) => note.connection === connection && note.kind === 'received')
      .map(({ text }) => toFrame(text))
      .find((frame) => frame?.['method'] === 'mesh/hello');
    return isFrame(theirs?.['params']) ? theirs['params']['challenge'] : undefined;
  };

  return {
    hello(text) {
      const frame = toFrame(text);
      if (!frame || !isFrame(frame['params'])) return undefined;
      const { body } = introduce(frame['params']);
      const challenge = CHALLENGE.test(String(body['challenge'])) ? randomBytes(32).toString('base64url') : undefined;
      return JSON.stringify({ ...frame, params: { ...body, ...(challenge !== undefined && { challenge }) } });
    },
    answer(text, connection, hello_now) {
      const frame = toFrame(text);
      const id = hello_now['id'];
      if (!frame || !isFrame(frame['result'])) return frame && JSON.stringify({ ...frame, id });
      const said = frame['result'];
      const { body, key: own } = introduce(said);
      const asked = isFrame(hello_now['params']) ? hello_now['params'] : {};
      const was_honest = isHonest(said, challengeOf(connection), url);
      if (!was_honest || !own || typeof asked['challenge'] !== 'string') {
        return JSON.stringify({ ...frame, id, result: body });
      }
      const { instance_id } = agentOf(body);
      const connection_id = `kit-${randomBytes(8).toString('hex')}`;
      const subject = { challenge: asked['challenge'], agent_id: own.id, instance_id, connection_id };
      const proof = prove(own, { ...subject, dialled: dialledOf(url_now) });
      return JSON.stringify({ ...frame, id, result: { ...body, connection_id, proof } });
    },
  };
}

/** Whether the proof of then was one: a false proof is sent as it was. */
function isHonest(result: Frame, challenge: unknown, url: string): boolean {
  const { agent_id, instance_id, public_key } = agentOf(result);
  const { connection_id, proof } = result;
  if (typeof challenge !== 'string' || typeof connection_id !== 'string' || typeof proof !== 'string') return false;
  return isProof(public_key, { challenge, agent_id, instance_id, connection_id, dialled: dialledOf(url) }, proof);
}

function agentOf(body: Frame): { agent_id: string; instance_id: string; public_key: string } {
  const agent = isFrame(body['agent']) ? body['agent'] : {};
  const of = (name: string): string => {
    const value = agent[name];
    return typeof value === 'string' ? value : '';
  };
  return { agent_id: of('agent_id'), instance_id: of('instance_id'), public_key: of('public_key') };
}

function toFrame(text: string): Frame | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFrame(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** 32 bytes in base64url. */
const CHALLENGE = /^[\w-]{43}$/;
