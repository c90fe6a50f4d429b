/** What an agent writes into its errors may hold secrets, and is told without them (ATK-J1). */
import { expect, test } from 'vitest';
import { AuroraError } from '../../protocol/index.ts';
import { echoAgent } from '../support/echo.ts';
import { startMesh } from '../support/mesh.ts';

const SECRETS = ['abcdefghijklmnop', 'hunter2hunter2', 'k3yk3yk3y', 'aurora_key_0123456789'];
const SAID = `GET https://svc:${SECRETS[1]}@intel.test/x?api_key=${SECRETS[2]} with Bearer ${SECRETS[0]}`;
const detail = { tried: [SAID], nested: { token: SECRETS[3] }, status: 401 };

test.each([
  ['ends a task', 5000, { tries: 1 }],
  ['is tried again until it is given up', 5030, { tries: 5 }],
] as const)('an error that %s is told, kept and shown without its secrets', async (_name, code, { tries }) => {
  let runs = 0;
  const ada = echoAgent('ada', () => {
    runs += 1;
    return Promise.reject(new AuroraError(code, { message: SAID, detail }));
  });
  const retry = { pause_ms: 1 };
  const mesh = await startMesh([ada], { orchestrator: { bounds: { retry } } });
  await mesh.online(1);
  const order = { to: { agent_id: 'ada' }, method: 'echo_text', params: { text: 'x' } };
  const told: unknown = await mesh.operator.request('handoff', order).catch((reason: unknown) => reason);
  expect(told).toMatchObject({
    message: expect.stringContaining('https://[redacted]@intel.test/x?api_key=[redacted]') as string,
  });
  expect(runs).toBe(tries);
  const list = (await mesh.operator.request('task/list', {})) as { items: { task_id: string }[] };
  const { task_id } = list.items[0]!;
  const shown = [
    told instanceof AuroraError ? [told.message, told.detail] : undefined,
    list,
    await mesh.operator.request('task/get', { task_id }),
    await mesh.operator.request('task/history', { task_id }),
    mesh.orchestrator.health(),
    mesh.log.lines,
  ];
  for (const secret of SECRETS) expect(JSON.stringify(shown)).not.toContain(secret);
  if (tries === 1) expect(told).toMatchObject({ detail: { detail: { status: 401, nested: { token: '[redacted]' } } } });
});
