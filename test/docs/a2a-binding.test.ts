/** docs/a2a-binding.md says what A2A v1.0 asks a custom binding to say, and says what is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { memoryLink } from '../../mesh/index.ts';
import { ABOUT } from '../../orchestrator/about.ts';
import {
  cardOf,
  ERRORS,
  HandoffOptions,
  HandoffRequest,
  isFinal,
  MESH_BINDING,
  MESH_PROTOCOL,
  SKILLS_EXTENSION,
  TaskEventKind,
  TaskState,
} from '../../protocol/index.ts';
import { echoAgent } from '../support/echo.ts';
import { startMesh } from '../support/mesh.ts';
import { tapped, type Frame } from '../support/tap.ts';
import { rowsOf } from './table.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'a2a-binding.md'), 'utf8');

/** Section 5.3 of the specification, version 1.0. */
const OPERATIONS = [
  'SendMessage',
  'SendStreamingMessage',
  'GetTask',
  'ListTasks',
  'CancelTask',
  'SubscribeToTask',
  'CreateTaskPushNotificationConfig',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'DeleteTaskPushNotificationConfig',
  'GetExtendedAgentCard',
];
/** Section 5.4. */
const A2A_ERRORS = [
  'TaskNotFoundError',
  'TaskNotCancelableError',
  'PushNotificationNotSupportedError',
  'UnsupportedOperationError',
  'ContentTypeNotSupportedError',
  'InvalidAgentResponseError',
  'ExtendedAgentCardNotConfiguredError',
  'ExtensionSupportRequiredError',
  'VersionNotSupportedError',
];
/** Section 4.1.3, beside the unspecified one. */
const A2A_STATES = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_AUTH_REQUIRED',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
];

const PART = z.strictObject({ data: z.strictObject({ skill: z.string(), params: z.looseObject({}) }) });
/** Sections 3.2.1 and 4.1.4, as far as the example goes. */
const SEND_MESSAGE = z.strictObject({
  message: z.strictObject({ messageId: z.string(), role: z.literal('ROLE_USER'), parts: z.array(PART).length(1) }),
  configuration: z.strictObject({ returnImmediately: z.boolean() }),
});

const documents: Record<string, (said: unknown) => void> = {
  interface: (said) => expect(said).toEqual(cardOf(echoAgent('ada'), 'ws://127.0.0.1:9002').supportedInterfaces[0]),
  message: (said) => expect(SEND_MESSAGE.safeParse(said).error).toBeUndefined(),
  handoff(said) {
    const handoff = HandoffRequest.extend({ options: HandoffOptions.strict() }).strict().parse(said);
    const { message, configuration } = SEND_MESSAGE.parse(documentOf('message'));
    expect(handoff.options.idempotency_key).toBe(message.messageId);
    expect(handoff.wait === 'accepted').toBe(configuration.returnImmediately);
    expect({ ...handoff.to, params: handoff.params }).toEqual(message.parts[0]?.data);
  },
};

test('every example of the page is one that is judged here', () => {
  const checked = [...page.matchAll(/<!-- check: (\w+) -->\n\n```json\n/g)].map(([, check]) => check);
  expect(checked).toEqual(Object.keys(documents));
  expect([...page.matchAll(/^```\w/gm)]).toHaveLength(checked.length);
});

test.each(Object.keys(documents))('the example %s is one', (check) => documents[check]!(documentOf(check)));

describe('what is named', () => {
  test('the URNs and the subprotocol are ours', () => {
    const named = Object.fromEntries(rowsOf(page, '|     ').map(([what = '', value = '']) => [what, value] as const));
    expect(named['binding (`protocolBinding`)']).toBe(`\`${MESH_BINDING}\``);
    expect(named['extension (`capabilities`)']).toContain(`\`${SKILLS_EXTENSION}\``);
    expect(named['WebSocket subprotocol']).toContain(`\`${MESH_PROTOCOL}\``);
    expect(new Set(page.match(/urn:[\w:.-]+/g))).toEqual(new Set([MESH_BINDING, SKILLS_EXTENSION]));
  });

  test('the operations are all of A2A, and what corresponds to them exists', () => {
    const rows = rowsOf(page, '| A2A operation ');
    expect(rows.map(([operation]) => operation?.replaceAll('`', ''))).toEqual(OPERATIONS);
    const ours = new Set(ABOUT.skills.map(({ id }) => id));
    for (const [operation, here = ''] of rows) {
      const methods = [...here.matchAll(/`([a-z/]+)[ `]/g)].map(([, method = '']) => method);
      expect(methods.length > 0 || here === 'none', operation).toBe(true);
      for (const method of methods) expect(ours.has(method), method).toBe(true);
    }
  });

  test('the states are those of A2A and of a task, and the same are final', () => {
    const rows = rowsOf(page, '| A2A ', '`TASK_STATE_SUBMITTED`').map((row) =>
      row.map((cell) => cell.replaceAll('`', '')),
    );
    expect(rows.map(([state]) => state)).toEqual(A2A_STATES);
    expect(rows.map(([, here]) => here)).toEqual(TaskState.options);
    for (const [state, here, final] of rows) {
      expect(state).toBe(`TASK_STATE_${here!.toUpperCase()}`);
      expect(final, state).toBe(isFinal(TaskState.parse(here)) ? 'yes' : 'no');
    }
  });

  test('the errors of A2A are all told, with codes that there are', () => {
    const rows = rowsOf(page, '| A2A error ');
    expect(rows.map(([error]) => error?.replaceAll('`', ''))).toEqual(A2A_ERRORS);
    for (const [error, code = ''] of rows) expect(code === 'none' || Object.hasOwn(ERRORS, code), error).toBe(true);
  });

  test('the table of errors is the table of the code', () => {
    const said = rowsOf(page, '| code ').map(([code = '', message]) => [code, message]);
    expect(said.sort()).toEqual(Object.entries(ERRORS).sort());
  });

  test('every kind of event is told', () => {
    const kinds = rowsOf(page, '| `kind` ').flatMap(([cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, kind]) => kind),
    );
    expect(kinds).toEqual(expect.arrayContaining(TaskEventKind.options));
  });
});

describe('what happens', () => {
  test('the names of A2A are unknown on the wire: -32601', async () => {
    const mesh = await startMesh([]);
    for (const operation of OPERATIONS) {
      await expect(mesh.operator.request(operation, {}), operation).rejects.toMatchObject({ code: -32601 });
    }
  });

  test('service parameters are carried to the agent unread, also when A2A has no such version', async () => {
    const parameters = { 'A2A-Version': '9.9', 'A2A-Extensions': 'https://example.com/x/v1' };
    const asked: Frame[] = [];
    const mesh = await startMesh([echoAgent('ada')], {
      link: (url) => {
        const [near, far] = memoryLink({ dialled: new URL(url).host });
        return [near, tapped(far, { heard: (frame) => asked.push(frame) })];
      },
    });
    await mesh.online(1);
    const _meta = { 'a2a-service-parameters': parameters };
    const params = { to: { skill: 'echo_text' }, params: { text: 'x' }, _meta };
    expect(await mesh.operator.request('handoff', params)).toMatchObject({ text: 'x' });
    const work = asked.find(({ method }) => method === 'echo_text');
    expect(work).toMatchObject({ params: { _meta } });
    const large = { ...params, _meta: { 'a2a-service-parameters': { x: 'x'.repeat(4_096) } } };
    await expect(mesh.operator.request('handoff', large)).rejects.toMatchObject({ code: 4130 });
  });

  test('a final task is answered to whoever cancels or follows it', async () => {
    const mesh = await startMesh([echoAgent('ada')]);
    await mesh.online(1);
    await mesh.operator.request('handoff', { to: { skill: 'echo_text' }, params: { text: 'x' } });
    const { items } = z
      .object({ items: z.array(z.object({ task_id: z.string() })) })
      .parse(await mesh.operator.request('task/list', {}));
    const [task] = items;
    expect(await mesh.operator.request('task/cancel', { ...task })).toMatchObject({ ...task, state: 'completed' });
    const followed = await mesh.operator.subscribe('task/subscribe', { ...task }, () => undefined);
    expect(followed.result).toMatchObject({ task: { ...task, state: 'completed' } });
  });
});

/** A marked example of the page. */
function documentOf(check: string): unknown {
  return JSON.parse(new RegExp(`<!-- check: ${check} -->\\n\\n\`\`\`json\\n([^]*?)\`\`\``).exec(page)?.[1] ?? '');
}
