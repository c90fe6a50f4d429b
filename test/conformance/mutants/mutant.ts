/** What a wrong agent is: a name, the sentences it breaks, and the lie that breaks them. */
import type { Key, Profile, RequirementId } from '../../../conformance/index.ts';
import { isJson, type Json, type Lie } from './middle.ts';

/** What a lie may need to know: who the kit is to the agent, and where it dials. */
export interface Known {
  orchestrator: Key;
  address: string;
}

/** A wrong agent. */
export interface Mutant {
  /** What it does, as a sentence about an agent. */
  does: string;
  /** Under which profile it is tried. */
  profile: Profile;
  /** Exactly the sentences that it must fail. */
  breaks: readonly RequirementId[];
  lie: (known: Known) => Lie;
}

/** Declares one. */
export const mutant = (
  does: string,
  profile: Profile,
  breaks: readonly RequirementId[],
  lie: Lie | ((known: Known) => Lie),
): Mutant => ({ does, profile, breaks, lie: typeof lie === 'function' ? lie : () => lie });

/** A lie about the answers to some requests. */
export const answering = (is: (request: Json) => boolean, instead: (answer: Json, request: Json) => unknown): Lie => ({
  said(message, line) {
    const request = isAnswer(message) ? line.asked.get(JSON.stringify(message['id'])) : undefined;
    return request && is(request) ? instead(message, request) : message;
  },
});

/** A lie about requests: what the agent hears instead. */
export const hearing = (instead: (message: Json) => unknown): Lie => ({
  heard: (message) => (isJson(message) ? instead(message) : message),
});

/** A lie about errors of some code, in every answer that stands alone. */
export const erring = (code: number, instead: (error: Json, answer: Json) => unknown): Lie => ({
  said(message) {
    const error = message['error'];
    return isJson(error) && error['code'] === code ? instead(error, message) : message;
  },
});

/** A lie about the result of a method. */
export const resulting = (method: string, instead: (result: Json) => unknown): Lie =>
  answering(
    (request) => request['method'] === method,
    (answer) => (isJson(answer['result']) ? { ...answer, result: instead(answer['result']) } : answer),
  );

/** A lie about the routing of handed-over work, before the agent hears it. */
export const routing = (instead: (handoff: Json, message: Json) => Json | undefined): Lie =>
  hearing((message) => {
    const params = isJson(message['params']) ? message['params'] : {};
    const meta = isJson(params['_meta']) ? params['_meta'] : {};
    if (!isJson(meta['handoff'])) return message;
    const handoff = instead(meta['handoff'], message);
    return { ...message, params: { ...params, _meta: { ...meta, handoff } } };
  });

/** A lie about the card. */
export const carding = (instead: (card: Json) => unknown): Lie => ({
  http(answer, request) {
    if (request.url !== '/.well-known/agent-card.json' || answer.status !== 200 || answer.body === '') return answer;
    return { ...answer, body: JSON.stringify(instead(JSON.parse(answer.body) as Json)) };
  },
});

export const isAnswer = (message: Json): boolean => !('method' in message) && 'id' in message;
export const isRequest = (message: unknown): message is Json =>
  isJson(message) && 'method' in message && 'id' in message;
export const isNotification = (message: unknown): message is Json =>
  isJson(message) && typeof message['method'] === 'string' && !('id' in message);
/** An error as bare has it. */
export const errorOf = (id: unknown, code: number): Json => ({
  jsonrpc: '2.0',
  id,
  error: { code, message: code === -32601 ? 'Method not found' : 'no' },
});

/** An error as mesh.v1 has it. */
export const meshErrorOf = (id: unknown, code: number): Json => ({
  jsonrpc: '2.0',
  id,
  error: {
    code,
    message: 'no',
    data: {
      code: code < 0 ? `JSONRPC${code}` : `AURORA-${code}`,
      message: 'no',
      timestamp: new Date(0).toISOString(),
      request_id: `x-${String(id)}`,
    },
  },
});
