/** Ids and cursors that no store could keep are refused before any store is asked: each answers the same. */
import { expect, test } from 'vitest';
import { echoAgent } from '../support/echo.ts';
import { startMesh } from '../support/mesh.ts';

const NUL = 'a\u0000';
const to = { agent_id: 'ada', skill: 'echo_text' };

test.each([
  ['task/get', { task_id: NUL }],
  ['task/cancel', { task_id: NUL }],
  ['task/subscribe', { task_id: NUL, _meta: { progress_token: 1 } }],
  ['task/history', { task_id: NUL }],
  ['task/history', { task_id: 'a', cursor: NUL }],
  ['task/redrive', { task_id: NUL, reason: 'r' }],
  ['task/resolve', { task_id: NUL, applied: true, note: 'n' }],
  ['task/list', { root_id: NUL }],
  ['task/list', { cursor: NUL }],
  ['approval/list', { cursor: `approval_1_${NUL}` }],
  ['approval/decide', { approval_id: `approval_1_${NUL}`, action_hash: 'h', decision: 'approve' }],
  ['approval/consume', { approval_id: `approval_1_${NUL}`, action_hash: 'h', effect_key: 'isolate:x' }],
  [
    'approval/consume',
    { approval_id: 'a', action_hash: 'h', effect_key: 'isolate:x', _meta: { handoff: { parent_id: NUL } } },
  ],
  ['approval/request', { skill: NUL, params: {}, reason: 'r' }],
  ['handoff', { to: { ...to, skill: NUL }, params: {} }],
  ['handoff', { to: { agent_id: 'ada' }, method: NUL, params: {} }],
])('%s with %j is -32602', async (method, params) => {
  const mesh = await startMesh([echoAgent('ada')]);
  await mesh.online(1);
  await expect(mesh.operator.request(method, params)).rejects.toMatchObject({ code: -32602 });
});

test.each(['a', 'task_1', 'ä', '', '\u{1f512}'])(
  'an id that only does not exist, %j, is 4040 as before',
  async (task_id) => {
    const mesh = await startMesh([]);
    await expect(mesh.operator.request('task/get', { task_id })).rejects.toMatchObject({ code: 4040 });
  },
);
