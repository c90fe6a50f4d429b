/** Wrong agents: methods, params, results and errors; what is told over HTTP; what is cancelled. */
import { isJson, type Json, type Lie } from './middle.ts';
import {
  answering,
  erring,
  errorOf,
  hearing,
  isAnswer,
  isNotification,
  isRequest,
  meshErrorOf,
  mutant,
  resulting,
} from './mutant.ts';

const SKILLS = new Set(['count_words', 'watch_text', 'ask_other', 'wipe_text']);
const isMissing = ({ method }: Json): boolean =>
  !SKILLS.has(String(method)) && !/^(rpc\.|mesh\/|\$\/)/.test(String(method));
const done = ({ id }: Json): Json => ({ jsonrpc: '2.0', id, result: { done: true } });
/** A lie about the data of every error. */
const withData = (other: Json): Lie => ({
  said: (message) => {
    const { error } = message;
    if (!isJson(error) || !isJson(error['data'])) return message;
    return { ...message, error: { ...error, data: { ...error['data'], ...other } } };
  },
});
/** Params that fit, whatever was said. */
const FITTING: Readonly<Record<string, Json>> = {
  count_words: { text: 'a', times: 1 },
  watch_text: { text: 'a', watch_ms: 0 },
};
const isWrong = (params: unknown): boolean =>
  !isJson(params) || typeof params['text'] !== 'string' || !['number', 'undefined'].includes(typeof params['times']);

export const mutantsOfCalls = [
  mutant(
    'calls a missing method done',
    'bare',
    ['CALL-01', 'CALL-02', 'CALL-03'],
    answering(isMissing, (answer) =>
      isJson(answer['error']) && answer['error']['code'] === -32601 ? done(answer) : answer,
    ),
  ),
  mutant(
    'finds methods in any letter case',
    'bare',
    ['CALL-02'],
    hearing((message) =>
      isRequest(message) && SKILLS.has(String(message['method']).trim().toLowerCase())
        ? { ...message, method: String(message['method']).trim().toLowerCase() }
        : message,
    ),
  ),
  mutant(
    'has the methods of every object',
    'bare',
    ['CALL-03'],
    answering(({ method }) => String(method) in {}, done),
  ),
  mutant(
    'has whatever begins with rpc.',
    'bare',
    ['CALL-04'],
    answering(
      ({ method }) => String(method).startsWith('rpc.') && !['rpc.ping', 'rpc.discover'].includes(String(method)),
      done,
    ),
  ),
  mutant(
    'does not look at params',
    'bare',
    ['CALL-06', 'CALL-09', 'CALL-10'],
    hearing((message) => {
      const fitting = FITTING[String(message['method'])];
      return isRequest(message) &&
        fitting &&
        typeof (message['params'] ?? {}) === 'object' &&
        isWrong(message['params']) &&
        message['params'] !== null
        ? { ...message, params: fitting }
        : message;
    }),
  ),
  mutant(
    'takes params by position',
    'bare',
    ['CALL-09'],
    hearing((message) =>
      isRequest(message) &&
      Array.isArray(message['params']) &&
      ['count_words', 'watch_text', 'ask_other'].includes(String(message['method']))
        ? { ...message, params: FITTING['count_words'], method: 'count_words' }
        : message,
    ),
  ),
  mutant(
    'takes missing params for empty ones that fit',
    'bare',
    ['CALL-10'],
    hearing((message) =>
      isRequest(message) && SKILLS.has(String(message['method'])) && !('params' in message)
        ? { ...message, params: FITTING['count_words'], method: 'count_words' }
        : message,
    ),
  ),
  mutant(
    'does not say which param is wrong',
    'mesh.v1',
    ['CALL-08', 'HELLO-04'],
    erring(-32602, (error, answer) => ({
      ...answer,
      error: {
        ...error,
        message: 'Invalid params',
        data: { ...(isJson(error['data']) ? error['data'] : {}), message: 'Invalid params', detail: null },
      },
    })),
  ),
  mutant(
    'returns what its schema does not allow',
    'bare',
    ['CALL-11'],
    resulting('count_words', (result) => ({ ...result, words: 'many' })),
  ),
  mutant('hands _meta on to its skills', 'bare', ['CALL-12'], {
    heard(message, line) {
      if (!isRequest(message) || !SKILLS.has(String(message['method']))) return message;
      const { params } = message;
      const meta = isJson(params) && isJson(params['_meta']) ? params['_meta'] : {};
      if (Object.keys(meta).every((key) => ['progress_token', 'handoff', 'traceparent', 'tracestate'].includes(key)))
        return message;
      line.say({
        ...errorOf(message['id'], -32602),
        error: { code: -32602, message: 'Invalid params: /_meta is unknown' },
      });
      return undefined;
    },
  }),
  mutant(
    'refuses params that fit',
    'bare',
    ['CALL-05', 'CALL-07'],
    answering(
      ({ method }) => method === 'count_words',
      ({ id, ...rest }) =>
        'result' in rest
          ? { jsonrpc: '2.0', id, error: { code: -32602, message: 'Invalid params: /text is not to my liking' } }
          : { id, ...rest },
    ),
  ),
  mutant('answers twice when much is asked', 'bare', ['CALL-13', 'CALL-21'], {
    said(message, line) {
      if (isAnswer(message) && line.asked.size >= MANY && line.asked.has(JSON.stringify(message['id'])))
        line.say(message);
      return message;
    },
  }),
  mutant('loses one question of many', 'bare', ['CALL-21'], () => ({
    opened: ({ notes }) => void notes.set('count', 0),
    heard(message, { notes }) {
      if (!isRequest(message)) return message;
      const count = Number(notes.get('count')) + 1;
      notes.set('count', count);
      return count === 60 ? undefined : message;
    },
  })),
  mutant(
    'refuses params with a code of its own',
    'bare',
    ['CALL-06', 'CALL-09', 'CALL-10', 'CALL-14'],
    erring(-32602, (error, answer) => ({ ...answer, error: { ...error, code: -32150 } })),
  ),
  mutant('tells errors without their data', 'mesh.v1', ['CALL-15'], {
    said: (message) =>
      isJson(message['error'])
        ? { ...message, error: { code: message['error']['code'], message: message['error']['message'] } }
        : message,
  }),
  mutant(
    'tells strangers more than they asked',
    'bare',
    ['CALL-16'],
    erring(-32601, (error, answer) => ({ ...answer, error: { ...error, data: { hint: 'look it up' } } })),
  ),
  mutant(
    'says what is missing in its own words',
    'bare',
    ['CALL-17'],
    erring(-32601, (error, answer) => ({ ...answer, error: { ...error, message: 'Unknown method' } })),
  ),
  mutant('shows its stack', 'mesh.v1', ['CALL-18'], {
    said: (message) => {
      const { error } = message;
      if (!isJson(error)) return message;
      const data = isJson(error['data']) ? error['data'] : {};
      return {
        ...message,
        error: { ...error, data: { ...data, stack: 'Error: no\n    at judge (/srv/agent/frames.ts:12:9)' } },
      };
    },
  }),
  mutant('tells when an error was in its own words', 'mesh.v1', ['CALL-23'], withData({ timestamp: 'yesterday' })),
  mutant('is not sure what may be tried again', 'mesh.v1', ['CALL-23'], withData({ retryable: 'perhaps' })),
  mutant('gives all errors the same request id', 'mesh.v1', ['CALL-24'], withData({ request_id: 'always-the-same' })),
  mutant('shows the query that it ran, and the password in it', 'bare', ['CALL-27'], {
    said: (message) => {
      const { error } = message;
      if (!isJson(error) || error['code'] !== -32602) return message;
      const query = `near "SELECT name FROM people WHERE password='hunter2'"`;
      return { ...message, error: { ...error, message: `${String(error['message'])} ${query}` } };
    },
  }),
  mutant('refuses the fifth request, though its card says that more run at once', 'mesh.v1', ['CALL-25'], {
    heard(message, line) {
      const running = Number(line.notes.get('running') ?? 0);
      if (!isRequest(message) || !SKILLS.has(String(message['method']))) return message;
      if (running >= 4) {
        line.say(meshErrorOf(message['id'], 4290));
        return undefined;
      }
      line.notes.set('running', running + 1);
      return message;
    },
    said(message, { asked, notes }) {
      const request = isAnswer(message) ? asked.get(JSON.stringify(message['id'])) : undefined;
      if (SKILLS.has(String(request?.['method']))) notes.set('running', Number(notes.get('running') ?? 1) - 1);
      return message;
    },
  }),
  mutant('does not mind how large a frame the other takes', 'mesh.v1', ['CALL-26'], {
    heard(message) {
      const limited = isJson(message) ? (message['result'] ?? message['params']) : undefined;
      if (!isJson(message) || !isJson(limited) || !('limits' in limited)) return message;
      const { limits: _limits, ...rest } = limited;
      return { ...message, ['result' in message ? 'result' : 'params']: rest };
    },
  }),
  mutant(
    'shows the exception of its language',
    'bare',
    ['CALL-18'],
    erring(-32602, (error, answer) => ({
      ...answer,
      error: { ...error, message: `${String(error['message'])} (TypeError: x is undefined)` },
    })),
  ),
  mutant(
    'knows no rpc.ping',
    'mesh.v1',
    ['CALL-20'],
    answering(
      ({ method }) => method === 'rpc.ping',
      ({ id }) => ({
        ...errorOf(id, -32601),
        error: {
          code: -32601,
          message: 'Method not found',
          data: {
            code: 'JSONRPC-32601',
            message: 'Method not found',
            timestamp: new Date(0).toISOString(),
            request_id: 'x',
          },
        },
      }),
    ),
  ),
  mutant('dies of a NUL', 'bare', ['CALL-19'], {
    heard(message, line) {
      if (
        isRequest(message) &&
        SKILLS.has(String(message['method'])) &&
        JSON.stringify(message['params'] ?? {}).includes('\\u0000')
      ) {
        line.cut();
        return undefined;
      }
      return message;
    },
  }),
  mutant('tells a bare stranger the news', 'bare', ['LIFE-03'], {
    opened(line) {
      if (line.protocol === '') line.say({ jsonrpc: '2.0', method: 'agent/news', params: {} });
    },
  }),

  mutant('does not answer what is cancelled', 'mesh.v1', ['STOP-01', 'STOP-02', 'STOP-07'], {
    heard(message, { notes }) {
      if (isNotification(message) && message['method'] === '$/cancel' && isJson(message['params']))
        notes.set(`gone ${JSON.stringify(message['params']['id'])}`, true);
      return message;
    },
    said: (message, { notes }) => (notes.has(`gone ${JSON.stringify(message['id'])}`) ? undefined : message),
  }),
  mutant('answers what is cancelled with a code of its own', 'mesh.v1', ['STOP-02'], {
    heard(message, { notes }) {
      if (isNotification(message) && message['method'] === '$/cancel' && isJson(message['params']))
        notes.set(`gone ${JSON.stringify(message['params']['id'])}`, true);
      return message;
    },
    said: (message, { notes }) => {
      if (!notes.has(`gone ${JSON.stringify(message['id'])}`)) return message;
      const data = { code: 'AURORA-4090', message: 'no', timestamp: new Date(0).toISOString(), request_id: 'x' };
      return { jsonrpc: '2.0', id: message['id'], error: { code: 4090, message: 'no', data } };
    },
  }),
  mutant('hangs up over a cancel of nothing', 'bare', ['STOP-03', 'STOP-05', 'STOP-06'], {
    heard(message, line) {
      const params = isNotification(message) && message['method'] === '$/cancel' ? message['params'] : undefined;
      if (
        isJson(params) &&
        ['string', 'number'].includes(typeof params['id']) &&
        !line.asked.has(JSON.stringify(params['id']))
      )
        line.cut();
      return message;
    },
  }),
  mutant('hangs up over a cancel that does not fit', 'bare', ['STOP-05'], {
    heard(message, line) {
      if (
        isNotification(message) &&
        message['method'] === '$/cancel' &&
        !(isJson(message['params']) && 'id' in message['params'])
      )
        line.cut();
      return message;
    },
  }),
  mutant('takes the ids 1 and "1" for the same when it cancels', 'mesh.v1', ['STOP-06'], {
    heard(message, { notes, asked }) {
      const params = isNotification(message) && message['method'] === '$/cancel' ? message['params'] : undefined;
      const id = isJson(params) ? params['id'] : undefined;
      const other = typeof id === 'number' ? String(id) : Number(id);
      if (/^\d+$/.test(String(id)) && asked.has(JSON.stringify(other)))
        notes.set(`gone ${JSON.stringify(other)}`, true);
      return message;
    },
    said: (message, { notes }) =>
      notes.has(`gone ${JSON.stringify(message['id'])}`) ? meshErrorOf(message['id'], 4990) : message,
  }),
  mutant('cancels everything at once', 'mesh.v1', ['STOP-04', 'STOP-06'], {
    heard(message, { notes }) {
      if (isNotification(message) && message['method'] === '$/cancel') notes.set('gone', true);
      return message;
    },
    said: (message, { notes, asked }) => {
      if (!notes.has('gone') || !asked.has(JSON.stringify(message['id'])) || 'method' in message) return message;
      const data = { code: 'AURORA-4990', message: 'cancelled', timestamp: new Date(0).toISOString(), request_id: 'x' };
      return { jsonrpc: '2.0', id: message['id'], error: { code: 4990, message: 'cancelled', data } };
    },
  }),

  mutant('is never in health', 'mesh.v1', ['HTTP-01'], {
    http: (answer, { url, method }) => (url === '/health' && method === 'GET' ? { ...answer, status: 500 } : answer),
  }),
  mutant('finds every path', 'mesh.v1', ['HTTP-02', 'HTTP-04'], {
    http: (answer) => (answer.status === 404 ? { ...answer, status: 200, body: '{}' } : answer),
  }),
  mutant('does not say which methods a path takes', 'mesh.v1', ['HTTP-03'], {
    http: (answer) => ({
      ...answer,
      headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== 'allow')),
    }),
  }),
  mutant('tells errors over HTTP as a page', 'mesh.v1', ['HTTP-04'], {
    http: (answer) => (answer.status >= 400 ? { ...answer, body: '<h1>No</h1>' } : answer),
  }),
];

/** Questions of one connection, from which on there are many. */
const MANY = 12;
