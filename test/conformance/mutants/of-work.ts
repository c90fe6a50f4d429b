/** Wrong agents: work that is handed over, what is told of it, what is handed on, and how they leave. */
import { closePayload, OPCODE } from '../../../conformance/ws-frames.ts';
import { systemClock } from '../../../seams/index.ts';
import { isJson, type Json, type Lie, type Line } from './middle.ts';
import { answering, isAnswer, meshErrorOf, mutant, routing } from './mutant.ts';

const routingOf = ({ params }: Json): Json => {
  const meta = isJson(params) && isJson(params['_meta']) ? params['_meta'] : {};
  return isJson(meta['handoff']) ? meta['handoff'] : {};
};
/** A lie about each event of progress. */
const progressing = (instead: (event: Json) => Json): Lie => ({
  said: (message) =>
    message['method'] === '$/progress' && isJson(message['params'])
      ? { ...message, params: instead(message['params']) }
      : message,
});
/** A lie about what is asked of the orchestrator. */
const asking = (method: string, instead: (params: Json) => Json): Lie => ({
  said: (message) =>
    message['method'] === method && 'id' in message && isJson(message['params'])
      ? { ...message, params: instead(message['params']) }
      : message,
});
const metaOf = (params: Json): Json => (isJson(params['_meta']) ? params['_meta'] : {});
const handoffOf = (params: Json): Json =>
  isJson(metaOf(params)['handoff']) ? (metaOf(params)['handoff'] as Json) : {};

/** A request with other routing. */
const withRouting = (message: unknown, handoff: Json): unknown => {
  const params = isJson(message) && isJson(message['params']) ? message['params'] : {};
  return { ...(isJson(message) && message), params: { ...params, _meta: { ...metaOf(params), handoff } } };
};

export const mutantsOfWork = [
  mutant(
    'takes work that is for others',
    'mesh.v1',
    ['WORK-02'],
    routing((handoff) => ({ ...handoff, to: 'good-agent' })),
  ),
  mutant(
    'works past the deadline',
    'mesh.v1',
    ['WORK-03'],
    routing((handoff) =>
      Date.parse(String(handoff['deadline'])) < Date.now()
        ? { ...handoff, deadline: new Date(Date.now() + 60_000).toISOString() }
        : handoff,
    ),
  ),
  mutant(
    'works without a budget',
    'mesh.v1',
    ['WORK-04'],
    routing((handoff) => (Number(handoff['budget_ms']) <= 0 ? { ...handoff, budget_ms: 1_000 } : handoff)),
  ),
  mutant(
    'passes over routing that does not fit',
    'mesh.v1',
    ['WORK-05'],
    routing((handoff) =>
      typeof handoff['task_id'] === 'string' &&
      Number.isInteger(handoff['fence']) &&
      isJson(handoff['actor']) &&
      typeof handoff['deadline'] === 'string'
        ? handoff
        : undefined,
    ),
  ),
  mutant('counts how often it was asked', 'mesh.v1', ['WORK-07', 'WORK-11', 'WORK-15'], () => {
    const times = new Map<string, number>();
    return answering(
      (request) => typeof routingOf(request)['task_id'] === 'string',
      (answer, request) => {
        const task_id = String(routingOf(request)['task_id']);
        const time = (times.get(task_id) ?? 0) + 1;
        times.set(task_id, time);
        return time > 1 && isJson(answer['result'])
          ? { ...answer, result: { words: 1_000 * time, lines: [time], seen: time } }
          : answer;
      },
    );
  }),
  mutant('takes attempts with an older fence', 'mesh.v1', ['WORK-08', 'WORK-18'], () => {
    const highest = new Map<string, number>();
    return routing((handoff) => {
      const task_id = String(handoff['task_id']);
      const fence = Math.max(Number(handoff['fence']), highest.get(task_id) ?? 0);
      highest.set(task_id, fence);
      return Number.isInteger(handoff['fence']) ? { ...handoff, fence } : handoff;
    });
  }),
  mutant('works on for as long as it likes', 'mesh.v1', ['WORK-12'], {
    said(message, line) {
      const request = isAnswer(message) ? line.asked.get(JSON.stringify(message['id'])) : undefined;
      const budget_ms = Number(request && routingOf(request)['budget_ms']);
      if (!(budget_ms > 0 && budget_ms < 5_000) || !isJson(request)) return message;
      systemClock.after(LATE_MS, () => line.say(message));
      return undefined;
    },
  }),

  mutant('looks at the budget alone, and at no deadline', 'mesh.v1', ['WORK-16'], {
    said(message, line) {
      const request = isAnswer(message) ? line.asked.get(JSON.stringify(message['id'])) : undefined;
      const { budget_ms, deadline } = request ? routingOf(request) : {};
      const is_near = Math.abs(Date.parse(String(deadline)) - systemClock.now()) < 5_000;
      if (!is_near || !isJson(request) || Number(budget_ms) < 10_000) return message;
      systemClock.after(LATE_MS, () => line.say(message));
      return undefined;
    },
  }),
  mutant('calls what its deadline ended a fault of its own', 'mesh.v1', ['WORK-16'], {
    said(message, line) {
      const request = isAnswer(message) ? line.asked.get(JSON.stringify(message['id'])) : undefined;
      const handoff = request ? routingOf(request) : {};
      const is_over = isJson(message['error']) && message['error']['code'] === 5040;
      const left_ms = Date.parse(String(handoff['deadline'])) - systemClock.now();
      // What was asked for too late, and what has a small budget, are other sentences'.
      const was_in_time = left_ms > -LATE_MS / 4 && Number(handoff['budget_ms']) > 10_000;
      return is_over && was_in_time ? meshErrorOf(message['id'], 4042) : message;
    },
  }),
  mutant('forgets in hello what it works on and what it answered', 'mesh.v1', ['WORK-17', 'WORK-19'], {
    said(message) {
      const body = message['result'] ?? message['params'];
      if (!isJson(body) || !('in_flight' in body)) return message;
      return { ...message, ['result' in message ? 'result' : 'params']: { ...body, in_flight: [] } };
    },
  }),

  mutant('knows its fences by connection', 'mesh.v1', ['WORK-18'], () => {
    const highest = new Map<unknown, { fence: number; line: Line }>();
    return {
      heard(message, line) {
        const handoff = isJson(message) ? routingOf(message) : {};
        const [task_id, fence] = [handoff['task_id'], Number(handoff['fence'])];
        const known = highest.get(task_id);
        if (!(fence > 0) || !known || known.line === line || fence >= known.fence) {
          if (fence > (known?.fence ?? 0)) highest.set(task_id, { fence, line });
          return message;
        }
        return withRouting(message, { ...handoff, fence: known.fence });
      },
    };
  }),
  mutant('forgets in hello what it answered on a link that is gone', 'mesh.v1', ['WORK-19'], () => {
    const answered = new Set<unknown>();
    return {
      said(message, line) {
        const request = isAnswer(message) ? line.asked.get(JSON.stringify(message['id'])) : undefined;
        if (request) answered.add(routingOf(request)['task_id']);
        const body = message['result'] ?? message['params'];
        if (!isJson(body) || !Array.isArray(body['in_flight'])) return message;
        const in_flight = body['in_flight'].filter((task_id) => !answered.has(task_id));
        return { ...message, ['result' in message ? 'result' : 'params']: { ...body, in_flight } };
      },
    };
  }),
  mutant('answers every later attempt with its first error', 'mesh.v1', ['WORK-20'], () => {
    const errors = new Map<unknown, unknown>();
    return answering(
      (request) => typeof routingOf(request)['task_id'] === 'string',
      (answer, request) => {
        const { task_id } = routingOf(request);
        if (isJson(answer['error']) && !errors.has(task_id)) errors.set(task_id, answer['error']);
        const error = errors.get(task_id);
        return error === undefined ? answer : { jsonrpc: '2.0', id: answer['id'], error };
      },
    );
  }),
  mutant('takes up a task as another skill', 'mesh.v1', ['WORK-21'], () => {
    const methods = new Map<string, unknown>();
    return routing((handoff, { method }) => {
      if (typeof handoff['task_id'] !== 'string') return handoff;
      const { task_id } = handoff;
      if (!methods.has(task_id)) methods.set(task_id, method);
      return methods.get(task_id) === method ? handoff : { ...handoff, task_id: `${task_id}.other` };
    });
  }),
  mutant('tells whoever joins nothing', 'mesh.v1', ['PROG-08'], () => {
    const tokens = new Map<unknown, unknown>();
    return {
      said(message) {
        if (message['method'] !== '$/progress' || !isJson(message['params'])) return message;
        const { task_id, token } = message['params'];
        if (!tokens.has(task_id)) tokens.set(task_id, token);
        return { ...message, params: { ...message['params'], token: tokens.get(task_id) } };
      },
    };
  }),
  mutant(
    'tells not since when it runs',
    'mesh.v1',
    ['PROG-08'],
    progressing(({ since: _since, ...event }) => event),
  ),
  mutant('answers a second time what was stopped', 'mesh.v1', ['STOP-07'], {
    said(message, line) {
      const error = message['error'];
      if (isAnswer(message) && isJson(error) && [4990, 5040].includes(Number(error['code'])))
        systemClock.after(SECOND_MS, () => line.say({ jsonrpc: '2.0', id: message['id'], result: { seen: 1 } }));
      return message;
    },
  }),
  mutant('goes on telling what was stopped', 'mesh.v1', ['STOP-07'], {
    said(message, line) {
      const error = message['error'];
      const request = isAnswer(message) ? line.asked.get(JSON.stringify(message['id'])) : undefined;
      const meta = request && isJson(request['params']) ? metaOf(request['params']) : {};
      if (isJson(error) && error['code'] === 4990 && meta['progress_token'] !== undefined) {
        const params = {
          token: meta['progress_token'],
          seq: 99,
          at: new Date(0).toISOString(),
          kind: 'status',
          value: {},
        };
        systemClock.after(SECOND_MS, () => line.say({ jsonrpc: '2.0', method: '$/progress', params }));
      }
      return message;
    },
  }),

  mutant(
    'tells progress under a token of its own',
    'mesh.v1',
    ['PROG-01'],
    progressing((event) => ({ ...event, token: 'mine' })),
  ),
  mutant(
    'repeats a number',
    'mesh.v1',
    ['PROG-02'],
    progressing((event) => ({ ...event, seq: 1 })),
  ),
  mutant(
    'tells progress of no kind that there is',
    'mesh.v1',
    ['PROG-03'],
    progressing((event) => ({ ...event, kind: 'mood' })),
  ),
  mutant('tells progress that nobody wanted', 'mesh.v1', ['PROG-04'], {
    said(message, line) {
      const request = isAnswer(message) ? line.asked.get(JSON.stringify(message['id'])) : undefined;
      const params = request && isJson(request['params']) ? request['params'] : {};
      if (
        request &&
        ['count_words', 'watch_text', 'ask_other'].includes(String(request['method'])) &&
        metaOf(params)['progress_token'] === undefined
      ) {
        line.say({
          jsonrpc: '2.0',
          method: '$/progress',
          params: { token: 0, seq: 1, at: new Date(0).toISOString(), kind: 'status', value: {} },
        });
      }
      return message;
    },
  }),
  mutant(
    'tells progress of another task',
    'mesh.v1',
    ['PROG-06'],
    progressing((event) => ('task_id' in event ? { ...event, task_id: 'task_of_somebody_else' } : event)),
  ),

  mutant(
    'hands on in the name of another task',
    'mesh.v1',
    ['OUT-01'],
    asking('handoff', (params) => ({
      ...params,
      _meta: { ...metaOf(params), handoff: { ...handoffOf(params), parent_id: 'task_of_somebody_else' } },
    })),
  ),
  mutant(
    'gives what it hands on more time than it has',
    'mesh.v1',
    ['OUT-02'],
    asking('handoff', (params) => ({ ...params, options: { ...(params['options'] as Json), deadline_ms: 899_000 } })),
  ),
  mutant(
    'widens the mode of what it hands on',
    'mesh.v1',
    ['OUT-03'],
    asking('handoff', (params) => ({ ...params, options: { ...(params['options'] as Json), mode: 'active' } })),
  ),
  mutant(
    'widens the scopes of what it hands on',
    'mesh.v1',
    ['OUT-04'],
    asking('handoff', (params) => ({
      ...params,
      _meta: {
        ...metaOf(params),
        handoff: { ...handoffOf(params), actor: { sub: 'root', scopes: ['*'], tenant: 'other' } },
      },
    })),
  ),
  mutant('asks the orchestrator for what it does not have', 'mesh.v1', ['OUT-05'], {
    said: (message) =>
      message['method'] === 'handoff' && 'id' in message ? { ...message, method: 'ledger/erase' } : message,
  }),

  mutant('leaves without a word', 'mesh.v1', ['AWAY-02'], {
    said: (message) => (message['method'] === 'mesh/goaway' ? undefined : message),
  }),
  mutant(
    'takes new work though it leaves',
    'mesh.v1',
    ['AWAY-04'],
    answering(
      (request) => ['count_words', 'watch_text', 'ask_other'].includes(String(request['method'])),
      (answer) =>
        isJson(answer['error']) && answer['error']['code'] === 5030
          ? { jsonrpc: '2.0', id: answer['id'], result: { words: 1, lines: [1], seen: 1 } }
          : answer,
    ),
  ),
  mutant('closes 1000 when it leaves', 'mesh.v1', ['AWAY-05'], {
    sent: (frame) =>
      frame.opcode === OPCODE.close && frame.payload.length >= 2 && frame.payload.readUInt16BE() === 1001
        ? [{ ...frame, payload: closePayload(1000) }]
        : [frame],
  }),
];

/** Well over the second that work may be late. */
const LATE_MS = 2_500;
/** When what was stopped already is heard of again, ms. */
const SECOND_MS = 100;
