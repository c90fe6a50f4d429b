/** Wrong agents: what a frame is, ids, notifications, batches. */
import { isJson, type Json } from './middle.ts';
import { answering, erring, errorOf, hearing, isAnswer, isNotification, isRequest, mutant } from './mutant.ts';

const nestingOf = (value: unknown): number => {
  let level: unknown[] = [value];
  for (let depth = 0; ; depth++) {
    level = level.flatMap((item): unknown[] => (typeof item === 'object' && item !== null ? Object.values(item) : []));
    if (level.length === 0) return depth;
  }
};
/** The refusal of an id that is in flight. */
const isDouble = ({ error }: Json): boolean => isJson(error) && String(error['message']).includes('in flight');
const known = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);

export const mutantsOfFrames = [
  mutant('leaves jsonrpc away', 'bare', ['FRAME-01'], { said: ({ jsonrpc: _version, ...rest }) => rest }),
  mutant('says both result and error', 'bare', ['CALL-11', 'FRAME-02'], {
    said: (message) => (isAnswer(message) && 'error' in message ? { ...message, result: null } : message),
  }),
  mutant('says errors whose message is a number', 'mesh.v1', ['FRAME-03', 'ID-12'], {
    said: (message) =>
      isJson(message['error']) ? { ...message, error: { ...message['error'], message: 7 } } : message,
  }),
  mutant('answers a parse error without an id', 'bare', ['FRAME-04', 'FRAME-05', 'BATCH-11'], {
    said: (message) => {
      const { id: _id, ...rest } = message;
      return isJson(message['error']) && message['error']['code'] === -32700 ? rest : message;
    },
  }),
  mutant('keeps silent over what is no JSON', 'bare', ['FRAME-05', 'FRAME-06', 'BATCH-11'], { heardText: () => true }),
  mutant(
    'answers a parse error with the id 0',
    'mesh.v1',
    ['FRAME-05', 'BATCH-11'],
    erring(-32700, (_error, answer) => ({ ...answer, id: 0 })),
  ),
  mutant('mends what is nearly JSON', 'bare', ['FRAME-06'], {
    heardText(text, line) {
      const mended = text.replace(/,\s*([}\]])/g, '$1').replaceAll("'", '"');
      try {
        line.tell(JSON.parse(mended));
        return true;
      } catch {
        return false;
      }
    },
  }),
  mutant('keeps silent over JSON that is no object', 'bare', ['FRAME-07'], {
    heard: (message) => (isJson(message) || Array.isArray(message) ? message : undefined),
  }),
  mutant(
    'takes jsonrpc of any version',
    'bare',
    ['FRAME-08'],
    hearing((message) =>
      'method' in message && message['jsonrpc'] !== '2.0' ? { ...message, jsonrpc: '2.0' } : message,
    ),
  ),
  mutant('refuses another version without its id', 'mesh.v1', ['FRAME-08'], {
    said: (message, { asked }) => {
      const request = asked.get(JSON.stringify(message['id']));
      return request && request['jsonrpc'] !== '2.0' ? { ...message, id: null } : message;
    },
  }),
  mutant(
    'takes methods that are numbers',
    'bare',
    ['FRAME-09'],
    hearing((message) =>
      typeof message['method'] === 'number' ? { ...message, method: String(message['method']) } : message,
    ),
  ),
  mutant(
    'keeps silent over an object that asks nothing',
    'bare',
    ['FRAME-10'],
    hearing((message) => ('method' in message || 'result' in message || 'error' in message ? message : undefined)),
  ),
  mutant(
    'takes params that are a string',
    'bare',
    ['FRAME-11'],
    hearing((message) =>
      typeof message['params'] === 'string' && 'id' in message ? { ...message, params: {} } : message,
    ),
  ),
  mutant(
    'takes params that are null',
    'bare',
    ['FRAME-12'],
    hearing((message) => (message['params'] === null ? { ...message, params: {} } : message)),
  ),
  mutant('refuses members that it does not know', 'bare', ['FRAME-13'], {
    heard(message, line) {
      if (!isRequest(message) || Object.keys(message).every((name) => known.has(name))) return message;
      line.say(errorOf(message['id'], -32600));
      return undefined;
    },
  }),
  mutant(
    'takes what is nested 200 deep',
    'bare',
    ['FRAME-14'],
    hearing((message) => (isRequest(message) && nestingOf(message) > 64 ? { ...message, params: {} } : message)),
  ),
  mutant('refuses what is nested 10 deep', 'bare', ['FRAME-16'], {
    heard(message, line) {
      if (!isRequest(message) || nestingOf(message) < 10 || nestingOf(message) > 64) return message;
      line.say(errorOf(message['id'], -32600));
      return undefined;
    },
  }),
  mutant('is changed for ever by a member named __proto__', 'bare', ['FRAME-17'], () => {
    let is_polluted = false;
    return {
      received(frame) {
        if (frame.payload.includes('"__proto__":')) is_polluted = true;
        return [frame];
      },
      said: (message, line) => {
        if (is_polluted) line.cut();
        is_polluted = false;
        return message;
      },
    };
  }),
  mutant('answers what is no notification and no request', 'bare', ['FRAME-20'], {
    heard(message, line) {
      if (isNotification(message) && 'params' in message && typeof message['params'] !== 'object')
        line.say(errorOf(null, -32600));
      return message;
    },
  }),

  mutant('gives ids back as strings', 'bare', ['ID-02', 'ID-03'], {
    said: (message) => (typeof message['id'] === 'number' ? { ...message, id: String(message['id']) } : message),
  }),
  mutant('gives ids back in capitals', 'bare', ['ID-01'], {
    said: (message) =>
      typeof message['id'] === 'string' && message['id'].startsWith('req-')
        ? { ...message, id: message['id'].toUpperCase() }
        : message,
  }),
  mutant(
    'takes a request with the id null for a notification',
    'bare',
    ['ID-04'],
    hearing((message) => (isRequest(message) && message['id'] === null ? undefined : message)),
  ),
  mutant(
    'rounds ids',
    'bare',
    ['ID-05'],
    hearing((message) =>
      typeof message['id'] === 'number' && Number.isFinite(message['id']) && !Number.isInteger(message['id'])
        ? { ...message, id: Math.floor(message['id']) }
        : message,
    ),
  ),
  mutant('takes ids beyond 2^53-1', 'bare', ['ID-06'], {
    heard: (message) =>
      isRequest(message) &&
      typeof message['id'] === 'number' &&
      Number.isInteger(message['id']) &&
      !Number.isSafeInteger(message['id'])
        ? { ...message, id: 1 }
        : message,
  }),
  mutant('takes whatever as an id', 'bare', ['ID-07'], {
    heard(message, line) {
      if (!isRequest(message) || !['boolean', 'object'].includes(typeof message['id']) || message['id'] === null)
        return message;
      line.say(errorOf(message['id'], -32601));
      return undefined;
    },
  }),
  mutant('takes ids of any length', 'bare', ['ID-09'], {
    heard(message, line) {
      if (!isRequest(message) || typeof message['id'] !== 'string' || Buffer.byteLength(message['id']) <= 256)
        return message;
      line.say(errorOf(message['id'], -32601));
      return undefined;
    },
  }),
  mutant('refuses ids of more than 36 letters', 'bare', ['ID-08'], {
    heard(message, line) {
      if (
        !isRequest(message) ||
        typeof message['id'] !== 'string' ||
        message['id'].length <= 200 ||
        message['id'].length > 256
      )
        return message;
      line.say(errorOf(null, -32600));
      return undefined;
    },
  }),
  mutant('spells ids in ASCII', 'bare', ['ID-08', 'ID-10'], {
    said: (message) =>
      typeof message['id'] === 'string' ? { ...message, id: message['id'].replace(/[^\x20-\x7e]/g, '?') } : message,
  }),
  mutant('runs an id again that is in flight', 'bare', ['ID-11', 'ID-12'], {
    said: (message) => (isDouble(message) ? undefined : message),
    saidBatch: (answers) => {
      const first = answers.find(({ id }) => id !== null);
      return answers.map((answer) => (isDouble(answer) ? first : answer));
    },
  }),

  mutant('answers notifications of what is there', 'bare', ['NOTE-01', 'NOTE-03'], {
    heard(message, line) {
      if (
        isNotification(message) &&
        /^(count_words|watch_text|ask_other|wipe_text|rpc\.ping|rpc\.discover)$/.test(String(message['method']))
      ) {
        line.say({ jsonrpc: '2.0', id: null, result: null });
      }
      return message;
    },
  }),
  mutant('answers notifications of what is not there', 'bare', ['NOTE-02'], {
    heard(message, line) {
      const method = String(isJson(message) ? message['method'] : '');
      if (
        isNotification(message) &&
        !method.startsWith('$/') &&
        /no_such/.test(method) &&
        !('params' in message && typeof message['params'] !== 'object')
      ) {
        line.say(errorOf(null, -32601));
      }
      return message;
    },
  }),
  mutant('answers $/ notifications', 'bare', ['NOTE-04'], {
    heard(message, line) {
      if (isNotification(message) && /^\$\/(?!cancel)/.test(String(message['method']))) line.say(errorOf(null, -32600));
      return message;
    },
  }),
  mutant(
    'takes a $/ request for done',
    'bare',
    ['NOTE-05'],
    answering(
      ({ method }) => String(method).startsWith('$/'),
      ({ id }) => ({ jsonrpc: '2.0', id, result: null }),
    ),
  ),
  mutant('answers responses', 'bare', ['NOTE-06', 'NOTE-07', 'NOTE-09'], {
    heard(message, line) {
      if (isJson(message) && !('method' in message) && ('result' in message || 'error' in message))
        line.say(errorOf(null, -32600));
      return message;
    },
  }),
  mutant('takes late answers for answers to what it never asked', 'mesh.v1', ['NOTE-10'], {
    heard(message, { notes }) {
      if (!isJson(message) || 'method' in message || !('result' in message)) return message;
      const name = `settled ${JSON.stringify(message['id'])}`;
      if (!notes.has(name)) {
        notes.set(name, true);
        return message;
      }
      return { ...message, id: 'never-asked' };
    },
  }),
  mutant('puts up with any number of answers that it never asked for', 'mesh.v1', ['NOTE-08'], {
    said(message, { notes }) {
      if (isRequest(message)) notes.set(JSON.stringify(message['id']), true);
      return message;
    },
    heard: (message, { notes }) =>
      isJson(message) && !('method' in message) && 'result' in message && !notes.has(JSON.stringify(message['id']))
        ? undefined
        : message,
  }),

  mutant('answers an empty batch with an empty batch', 'bare', ['BATCH-01'], {
    heard(message, line) {
      if (!Array.isArray(message) || message.length > 0) return message;
      line.say([]);
      return undefined;
    },
  }),
  mutant('answers a batch of one as an object', 'bare', ['BATCH-02', 'BATCH-08'], {
    saidBatch: (answers) => (answers.length === 1 ? answers[0] : answers),
  }),
  mutant(
    'adds a null to the answers of a batch',
    'bare',
    ['BATCH-02', 'BATCH-03', 'BATCH-04', 'BATCH-07', 'BATCH-08', 'BATCH-09', 'WS-17'],
    {
      saidBatch: (answers) => [...answers, null],
    },
  ),
  mutant('passes over bad entries of a batch', 'bare', ['BATCH-03', 'BATCH-08'], {
    heard: (message) => (Array.isArray(message) && message.length > 0 ? message.filter(isJson) : message),
  }),
  mutant('answers the notifications of a batch', 'bare', ['BATCH-04', 'BATCH-05'], {
    heard: (message) =>
      Array.isArray(message)
        ? message.map((entry: unknown) => (isNotification(entry) ? { ...entry, id: null } : entry))
        : message,
  }),
  mutant('takes batches of any size', 'bare', ['BATCH-06'], {
    heard(message, line) {
      if (!Array.isArray(message) || message.length <= 32) return message;
      line.say(message.map((entry: Json) => errorOf(entry['id'], -32601)));
      return undefined;
    },
  }),
  mutant('takes batches of ten at most', 'bare', ['BATCH-07'], {
    heard(message, line) {
      if (!Array.isArray(message) || message.length <= 10 || message.length > 32) return message;
      line.say(errorOf(null, -32600));
      return undefined;
    },
  }),
  mutant('refuses a batch for one bad entry', 'bare', ['BATCH-03', 'BATCH-08', 'BATCH-09'], {
    heard(message, line) {
      if (!Array.isArray(message) || message.length === 0 || message.every(isJson)) return message;
      line.say(errorOf(null, -32600));
      return undefined;
    },
  }),
  mutant('answers a batch of responses', 'bare', ['BATCH-10'], {
    heard(message, line) {
      if (
        Array.isArray(message) &&
        message.length > 0 &&
        message.every((entry: unknown) => isJson(entry) && isAnswer(entry) && 'result' in entry)
      ) {
        line.say([]);
      }
      return message;
    },
  }),
];
