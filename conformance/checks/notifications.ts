/** What is never answered: notifications, and responses that nobody awaits. */
import type { Frame } from '../answers.ts';
import { demand, skip, verifies } from '../check.ts';
import { expectCode, expectSilence } from '../expect.ts';
import type { Probe } from '../probe.ts';
import { NO_METHOD } from '../talk.ts';
import { workOf } from '../work.ts';

/** The checks of NOTE. */
export const notificationChecks = [
  verifies('NOTE-01', async (probe) => {
    const { method, params } = workOf(probe);
    const talk = await probe.talk();
    talk.say({ jsonrpc: '2.0', method, params });
    await talk.ask(method, params); // asked later, so answered later
    await expectSilence(talk, `a notification of ${method}`);
  }),
  verifies('NOTE-02', (probe) => silent(probe, { method: NO_METHOD })),
  verifies('NOTE-03', async (probe) => {
    const { method } = workOf(probe);
    const talk = await probe.talk();
    for (const params of [[1], { no_such_param: [] }]) talk.say({ jsonrpc: '2.0', method, params });
    await talk.ask(method, [1]);
    await expectSilence(talk, `a notification of ${method} with params that do not fit`);
  }),
  verifies('NOTE-04', (probe) => silent(probe, { method: '$/no_such_notification', params: { a: 1 } })),
  verifies('NOTE-05', async (probe) => {
    const method = '$/no_such_request';
    expectCode(await (await probe.talk()).ask(method), -32601, method);
  }),
  verifies('NOTE-06', (probe) => silent(probe, { id: 'nobody-asked', result: {} })),
  verifies('NOTE-07', (probe) => silent(probe, { id: null, error: { code: -32600, message: 'Invalid Request' } })),
  verifies('NOTE-08', async (probe) => {
    const talk = await probe.talk();
    for (let nth = 0; nth < STRIKES_MAX; nth++) talk.say({ jsonrpc: '2.0', id: `nobody-asked-${nth}`, result: {} });
    const { code } = await talk.ended();
    demand(code === 4000, `the connection ended with ${code ?? 'no close code'}, not with 4000`);
  }),
  verifies('NOTE-09', (probe) =>
    silent(probe, { id: 'nobody-asked', result: {}, error: { code: -32600, message: 'Invalid Request' } }),
  ),
  verifies('NOTE-10', async (probe) => {
    const talk = await probe.talk();
    const asked = talk.asked.find(({ method }) => method === 'mesh/hello');
    if (!asked) skip('the peer asked nothing that could be answered again: see HELLO-09');
    for (let nth = 0; nth < 2 * STRIKES_MAX; nth++) talk.say({ jsonrpc: '2.0', id: asked['id'], result: {} });
    await talk.ask(NO_METHOD);
    await talk.ask(NO_METHOD); // it may close a moment after it heard too much
  }),
];

async function silent(probe: Probe, frame: Frame): Promise<void> {
  const talk = await probe.talk();
  talk.say({ jsonrpc: '2.0', ...frame });
  await expectSilence(talk, JSON.stringify(frame));
}

/** wire.md 2: ten in a minute. */
const STRIKES_MAX = 10;
