/** How a connection begins: what an upgrade must bring, and what it is given. */
import { demand, fail, show, skip, verifies } from '../check.ts';
import { FOREIGN_HOST, likeNames } from '../foreign.ts';
import type { Probe } from '../probe.ts';
import { acceptOf, isWire, type UpgradeAnswer } from '../upgrade.ts';
import type { Wire } from '../wire.ts';
import { encodeFrame, OPCODE } from '../ws-frames.ts';

/** The checks of UP. */
export const upgradeChecks = [
  verifies('UP-01', async (probe) => {
    const { key, headers } = await probe.wire();
    const accept = headers['sec-websocket-accept'];
    demand(accept === acceptOf(key), `Sec-WebSocket-Accept is ${show(accept)}, not ${show(acceptOf(key))}`);
  }),
  verifies('UP-02', async (probe) => {
    expectRefused(await probe.upgrade({ headers: { 'sec-websocket-version': '99' } }), 'version 99');
  }),
  verifies('UP-03', async (probe) => {
    const answer = await probe.upgrade({ headers: { 'sec-websocket-version': '99' } });
    if (isWire(answer)) skip('version 99 was not refused: see UP-02');
    const versions = answer.headers['sec-websocket-version'];
    const names = versions?.split(',').map((version) => version.trim()) ?? [];
    demand(names.includes('13'), `refused with ${answer.status}, and Sec-WebSocket-Version is ${show(versions)}`);
  }),
  verifies('UP-04', async (probe) => {
    expectRefused(await probe.upgrade({ headers: { 'sec-websocket-key': undefined } }), 'no Sec-WebSocket-Key');
  }),
  verifies('UP-05', async (probe) => {
    const usual = { upgrade: undefined, connection: undefined, 'sec-websocket-version': undefined };
    const shouted = { UPGRADE: 'WebSocket', CONNECTION: 'keep-alive, Upgrade', 'SEC-WebSocket-VERSION': '13' };
    await probe.wire({ headers: { ...usual, ...shouted } });
  }),
  verifies('UP-06', async (probe) => {
    const answer = await probe.upgrade({ protocols: [] });
    if (!isWire(answer)) skip(`who offers no subprotocol is answered ${answer.status} here`);
    demand(answer.protocol === '', `nothing was offered, ${show(answer.protocol)} was given`);
  }),
  verifies('UP-07', async (probe) => {
    expectRefused(await probe.upgrade({ protocols: [NOBODYS] }), `the subprotocol ${NOBODYS} alone`);
  }),
  verifies('UP-08', async (probe) => {
    const { protocol } = await probe.wire({ protocols: [NOBODYS, 'mesh.v1'] });
    demand(protocol === 'mesh.v1', `mesh.v1 was offered among others, ${show(protocol)} was given`);
  }),
  verifies('UP-09', async (probe) => {
    const agreed = (await probe.wire()).headers['sec-websocket-extensions'];
    demand((agreed ?? '') === '', `none was offered, ${show(agreed)} was agreed on`);
  }),
  verifies('UP-10', async (probe) => {
    const headers = { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits' };
    const agreed = (await probe.wire({ headers })).headers['sec-websocket-extensions'];
    demand(!agreed?.includes('permessage-deflate'), `${show(agreed)} was agreed on`);
  }),
  verifies('UP-11', async (probe) => {
    expectRefused(await probe.upgrade({ headers: { origin: FOREIGN_ORIGIN } }), `the Origin ${FOREIGN_ORIGIN}`);
  }),
  verifies('UP-12', async (probe) => {
    expectRefused(await probe.upgrade({ headers: { host: FOREIGN_HOST } }), `the Host ${FOREIGN_HOST}`);
  }),
  verifies('UP-13', async (probe) => {
    const { pathname, search } = new URL(probe.subject.url);
    const { status } = await probe.http({ path: `${pathname}${search}` });
    demand(status >= 200 && status <= 599, `a plain GET was answered ${status}`);
  }),
  verifies('UP-14', answersEarly),
  verifies('UP-15', async (probe) => {
    for (const host of likeNames(probe.subject)) {
      expectRefused(await probe.upgrade({ headers: { host } }), `the Host ${host}`);
    }
  }),
  verifies('UP-16', async (probe) => {
    expectRefused(await probe.upgrade({ headers: { origin: 'null' } }), 'the Origin null');
  }),
];

/** Any answer will do: under mesh.v1 the frame is a hello, which everybody answers. */
async function answersEarly(probe: Probe): Promise<void> {
  const agent = { agent_id: 'conformance-kit', instance_id: probe.chance.token(), name: 'Kit', version: '1' };
  const hello = { method: 'mesh/hello', params: { versions: ['mesh.v1'], agent } };
  const call = probe.profile === 'bare' ? { method: 'rpc.ping' } : hello;
  const text = JSON.stringify({ jsonrpc: '2.0', id: 'early', ...call });
  const early = encodeFrame({ opcode: OPCODE.text, payload: Buffer.from(text) });
  await probe.talkOver(await probe.wire({ early })).answerTo('early');
}

function expectRefused(answer: Wire | UpgradeAnswer, though: string): void {
  if (isWire(answer)) fail(`the upgrade was answered 101, with ${though}`);
}

const NOBODYS = 'no-such-protocol.v9';
const FOREIGN_ORIGIN = 'https://pages.example';
