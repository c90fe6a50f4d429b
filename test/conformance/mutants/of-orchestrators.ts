/** Wrong orchestrators: what they send to agents, what becomes of tasks, and whom they take in. */
import type { Retold } from './good-orchestrator.ts';
import { isJson, type Json, type Lie } from './middle.ts';
import type { Mode } from '../../../protocol/index.ts';
import type { RequirementId } from '../../../conformance/index.ts';
import { answering, isNotification, isRequest, meshErrorOf } from './mutant.ts';

/** A wrong orchestrator: a lie to who asks it, or one to its agents. */
export interface WrongOrchestrator {
  does: string;
  breaks: readonly RequirementId[];
  lie?: () => Lie;
  said?: () => Retold;
  /** What it believes to have heard of its agents. */
  misheard?: () => Retold;
  /** The mode that it runs in, monitor unless said; in active the kit may try what has effects. */
  mode?: Mode;
}

/** A lie about the routing that agents see. */
const routed = (
  does: string,
  breaks: readonly RequirementId[],
  instead: (handoff: Json) => Json,
): WrongOrchestrator => ({
  does,
  breaks,
  said: () => (frame) => {
    const { params } = frame;
    const meta = isJson(params) && isJson(params['_meta']) ? params['_meta'] : {};
    if (!isRequest(frame) || !isJson(params) || !isJson(meta['handoff'])) return frame;
    return { ...frame, params: { ...params, _meta: { ...meta, handoff: instead(meta['handoff']) } } };
  },
});
/** A lie about what rides beside the routing. */
const accompanied = (
  does: string,
  breaks: readonly RequirementId[],
  instead: (meta: Json) => Json,
): WrongOrchestrator => ({
  does,
  breaks,
  said: () => (frame) => {
    const { params } = frame;
    const meta = isJson(params) && isJson(params['_meta']) ? params['_meta'] : {};
    return isRequest(frame) && isJson(params) && isJson(meta['handoff'])
      ? { ...frame, params: { ...params, _meta: instead(meta) } }
      : frame;
  },
});
/** A lie about the result of a method, to who asks. */
const told = (
  does: string,
  breaks: readonly RequirementId[],
  method: string,
  instead: (result: Json) => unknown,
): WrongOrchestrator => ({
  does,
  breaks,
  lie: () =>
    answering(
      (request) => request['method'] === method,
      (answer) => (isJson(answer['result']) ? { ...answer, result: instead(answer['result']) } : answer),
    ),
});
/** A lie about the code of a refusal. */
const refused = (does: string, breaks: readonly RequirementId[], code: number, instead: number): WrongOrchestrator => ({
  does,
  breaks,
  lie: () => ({
    said(message) {
      const { error } = message;
      if (!isJson(error) || error['code'] !== code) return message;
      const data = isJson(error['data']) ? { ...error['data'], code: `AURORA-${instead}` } : undefined;
      return { ...message, error: { ...error, code: instead, ...(data && { data }) } };
    },
  }),
});
/** A lie about notifications: those of such a method are heard as requests, and not answered. */
const obeying = (does: string, breaks: readonly RequirementId[], method: string) => ({
  does,
  breaks,
  lie: (): Lie => ({
    heard: (message) =>
      isNotification(message) && message['method'] === method ? { ...message, id: SNEAKED } : message,
    said: (message) => (message['id'] === SNEAKED ? undefined : message),
  }),
});
const SNEAKED = 'only-told';
const itemsOf = (result: Json): Json[] => (Array.isArray(result['items']) ? result['items'].filter(isJson) : []);

export const wrongOrchestrators: readonly WrongOrchestrator[] = [
  {
    does: 'changes the params on the way',
    breaks: ['ROUTE-01'],
    said: () => (frame) => {
      const { params } = frame;
      return isRequest(frame) && isJson(params) && isJson(params['_meta'])
        ? { ...frame, params: { ...params, added: true } }
        : frame;
    },
  },
  routed('forgets on whose behalf', ['ROUTE-02'], ({ actor: _actor, ...rest }) => rest),
  routed('begins at hop 2', ['ROUTE-03', 'ROUTE-14'], (handoff) =>
    handoff['hop'] === 1 ? { ...handoff, hop: 2 } : handoff,
  ),
  routed('grows budgets', ['ROUTE-04', 'ROUTE-15'], (handoff) => ({
    ...handoff,
    budget_ms: 890_000,
    deadline: new Date(Date.now() + 890_000).toISOString(),
  })),
  accompanied('begins a trace of its own', ['ROUTE-05', 'ROUTE-32'], (meta) => ({
    ...meta,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  })),
  routed('widens the scopes of children', ['ROUTE-06'], (handoff) => {
    const actor = isJson(handoff['actor']) ? handoff['actor'] : {};
    return Number(handoff['hop']) > 1 ? { ...handoff, actor: { ...actor, scopes: ['*'] } } : handoff;
  }),
  routed('widens the mode', ['IDEM-04', 'ROUTE-07', 'ROUTE-18'], (handoff) => ({ ...handoff, mode: 'active' })),
  accompanied('asks for no progress', ['ROUTE-09'], ({ progress_token: _token, ...rest }) => rest),
  routed('uses a fence again', ['ROUTE-10', 'ROUTE-28'], (handoff) => ({ ...handoff, fence: 1, attempt: 1 })),
  {
    does: 'proves nothing to its agents',
    breaks: ['ROUTE-13'],
    said: () => (frame) => {
      const { result } = frame;
      return isJson(result) && typeof result['proof'] === 'string'
        ? { ...frame, result: { ...result, proof: 'A'.repeat(86) } }
        : frame;
    },
  },
  routed('forgets how far a handoff came', ['ROUTE-14'], (handoff) => ({
    ...handoff,
    hop: 1,
    path: [String(handoff['to'])],
  })),
  {
    does: 'does not tell the agent of a cancel',
    breaks: ['ROUTE-19', 'ROUTE-26', 'ROUTE-31'],
    said: () => (frame) => (frame['method'] === '$/cancel' ? undefined : frame),
  },
  routed('is always in the same hurry', ['ROUTE-24'], (handoff) => ({ ...handoff, priority: 10 })),

  {
    does: 'has states of its own, the first time it is asked',
    breaks: ['ROUTE-27', 'TASK-02', 'TASK-10'],
    lie: () => {
      const told = new Set<string>();
      return answering(
        ({ method }) => method === 'task/get',
        (answer) => {
          const task = isJson(answer['result']) ? answer['result'] : {};
          const task_id = String(task['task_id']);
          if (told.has(task_id) || task['state'] === undefined) return answer;
          told.add(task_id);
          return { ...answer, result: { ...task, state: 'running' } };
        },
      );
    },
  },
  obeying('takes work from who only tells', ['TASK-10'], 'handoff'),
  obeying('cancels for who only tells', ['TASK-10'], 'task/cancel'),
  refused('calls a missing task forbidden', ['TASK-03'], 4040, 4030),
  told('gives longer pages than were asked for', ['TASK-05'], 'task/list', (page) => ({
    ...page,
    items: itemsOf(page).flatMap((item) => [item, item]),
  })),
  refused('calls a missing agent a missing page', ['ROUTE-35', 'TASK-06', 'TASK-07'], 4043, 4040),
  refused('calls a key used otherwise a bad request', ['IDEM-02'], 4090, 4000),
  {
    does: 'numbers events as it likes',
    breaks: ['SUB-02', 'SUB-03'],
    lie: () => ({
      said: (message) =>
        message['method'] === '$/progress' && isJson(message['params'])
          ? { ...message, params: { ...message['params'], seq: 3 } }
          : message,
    }),
  },
  {
    does: 'tells who subscribes nothing of the task',
    breaks: ['SUB-01'],
    lie: () =>
      answering(
        ({ method }) => method === 'task/subscribe',
        (answer) => (isJson(answer['result']) ? { ...answer, result: { ok: true } } : answer),
      ),
  },
  {
    does: 'has nothing that looks after tasks',
    breaks: ['DISC-09'],
    lie: () =>
      answering(
        ({ method }) => method === 'task/redrive' || method === 'ledger/verify',
        ({ id }) => meshErrorOf(id, -32601),
      ),
  },
  {
    does: 'cancels what a lost asker waits for',
    breaks: ['TASK-11'],
    lie: () => ({
      lost: (line) => {
        for (const { id, method } of line.asked.values())
          if (method === 'handoff') line.tell({ jsonrpc: '2.0', method: '$/cancel', params: { id } });
      },
    }),
  },
  {
    does: 'takes no care of children, nor of what it carries',
    breaks: ['ROUTE-31', 'ROUTE-32', 'ROUTE-33', 'ROUTE-37'],
    said: () => {
      const children = new Set<unknown>();
      return (frame) => {
        const { id, method, params, error } = frame;
        if (method === '$/cancel' && isJson(params)) return children.has(params['id']) ? undefined : frame;
        if (isJson(error) && String(error['message']).includes('may hand off'))
          return { jsonrpc: '2.0', id, result: {} };
        if (!isRequest(frame) || !isJson(params) || !isJson(params['_meta'])) return frame;
        const { traceparent, progress_token, handoff } = params['_meta'];
        if (!isJson(handoff)) return frame;
        const is_child = Number(handoff['hop']) > 1;
        if (is_child) children.add(id);
        else children.delete(id);
        const trace = is_child ? '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' : traceparent;
        return { ...frame, params: { ...params, _meta: { traceparent: trace, progress_token, handoff } } };
      };
    },
  },
  {
    does: 'passes over what an agent says of itself',
    breaks: ['AWAY-06', 'ROUTE-36'],
    misheard: () => (frame) => {
      if (frame['method'] === 'mesh/goaway') return undefined;
      const { limits: _limits, ...rest } = isJson(frame['result']) ? frame['result'] : {};
      return _limits === undefined ? frame : { ...frame, result: rest };
    },
  },
  {
    does: 'calls every failure a lack of time, and finds by its name what nobody may find so',
    breaks: ['ROUTE-23', 'ROUTE-34', 'ROUTE-35'],
    lie: () => ({
      heard(message) {
        const params = isJson(message) && isJson(message['params']) ? message['params'] : {};
        const to = isJson(params['to']) ? params['to'] : {};
        if (!isJson(message) || to['skill'] !== 'kit_echo') return message;
        return { ...message, params: { ...params, to: { ...to, agent_id: 'conformance-agent' } } };
      },
      said: ({ error, ...message }) => {
        if (!isJson(error)) return message;
        return error['code'] === 5000 ? meshErrorOf(message['id'], 5040) : { ...message, error };
      },
    }),
  },
  told('gives leases without an end', ['REG-01'], 'agent/register', ({ renew_before: _end, ...lease }) => lease),
];
