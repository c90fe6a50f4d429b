/** An agent on a real port: what a stranger is answered and may cost it. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { agents } from '../../agents/index.ts';
import { BARE_LINK_LIMITS } from '../../mesh/link.ts';
import {
  createHost,
  defineAgent,
  dialWebsocket,
  literalPins,
  memoryLink,
  serve,
  type Served,
} from '../../mesh/index.ts';
import { skill } from '../../protocol/index.ts';
import {
  countingIds,
  countingMetrics,
  literalContent,
  memoryLog,
  seededRandom,
  systemClock,
} from '../../seams/index.ts';
import { identityOf } from '../support/mesh.ts';
import { frame, openRaw, type Raw } from './raw.ts';
import { record } from './recorder.ts';

const text = z.object({ text: z.string() });
const about = { title: 'Echo', description: 'Echoes a text.', tags: ['text'], params: text, result: text };
const agent = defineAgent({
  id: 'worker',
  name: 'Worker',
  description: 'Works on texts.',
  skills: [skill({ ...about, id: 'echo_text', effect: 'read' }).implement(async (asked) => asked)],
});
const HERE = { host: '127.0.0.1', port: 0 };
const deps = () => ({
  clock: systemClock,
  ids: countingIds(),
  random: seededRandom(1),
  log: memoryLog(),
  metrics: countingMetrics(),
  content: literalContent(),
  pins: literalPins([]),
  self: identityOf('worker', 'agent').identity,
  anonymous: 'loopback' as const,
  openRef: () => {
    throw new Error('no blobs here');
  },
});

describe('a stranger at the port of an agent', () => {
  const served: Served[] = [];
  const opened: Raw[] = [];
  afterEach(async () => {
    for (const { socket } of opened.splice(0)) socket.destroy();
    for (const port of served.splice(0)) await port.drain(0);
  });
  const knock = async (headers: Record<string, string> = {}) => {
    const port = await serve(agent, { ...deps(), host: '127.0.0.1', port: 0 });
    served.push(port);
    const raw = await openRaw(port.port, headers);
    opened.push(raw);
    return raw;
  };
  const ping = (bytes: number) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'rpc.ping' }).padEnd(bytes);
  const say = (raw: Raw, bytes: number) => raw.socket.write(frame({ opcode: 1, payload: ping(bytes) }));

  test('ATK-A5: a bare frame of 70 KB closes 1009, one of 64 KiB is answered', async () => {
    const raw = await knock();
    say(raw, BARE_LINK_LIMITS.frame_bytes_max);
    await expect.poll(() => raw.opcodes).toEqual([1]);
    say(raw, 70_000);
    expect(await raw.closed).toBe(1009);
  });

  test('ATK-A5: to offer mesh.v1 proves nothing: until a key is proven a frame of 70 KB closes 1009 as well', async () => {
    const raw = await knock({ 'Sec-WebSocket-Protocol': 'mesh.v1' });
    say(raw, BARE_LINK_LIMITS.frame_bytes_max);
    await expect.poll(() => raw.opcodes).toEqual([1]);
    say(raw, 70_000);
    expect(await raw.closed).toBe(1009);
  });

  test('ATK-A5 ATK-A6: what a stranger begins and never finishes is refused long before it is whole', async () => {
    const raw = await knock({ 'Sec-WebSocket-Protocol': 'mesh.v1' });
    const begun = frame({ opcode: 1, payload: Buffer.alloc(200_000, 32), claimed: 4_000_000n });
    raw.socket.write(begun);
    expect(await raw.closed).toBe(1009);
  });
});

test('REQ-M02 REQ-M07 REQ-M09 REQ-M10: a plain WebSocket carries the frames of the reference to a specialist and back', async () => {
  const specialist = await agents['threat-intel']!();
  const port = await serve(specialist, { ...deps(), self: identityOf('threat-intel', 'agent').identity, ...HERE });
  const socket = new WebSocket(`ws://127.0.0.1:${port.port}`);
  try {
    await once(socket, 'open');
    const ask = async (text: string): Promise<unknown> => {
      const answered = once(socket, 'message');
      socket.send(text);
      const [data] = (await answered) as [Buffer];
      return JSON.parse(data.toString());
    };
    expect(
      await ask(
        '{"jsonrpc":"2.0","method":"analyze_threat","params":{"alert_id":"ALRT-2026-05821","iocs":[{"type":"ip","value":"45.33.32.156"}]},"id":"req-001"}',
      ),
    ).toMatchObject({
      jsonrpc: '2.0',
      id: 'req-001',
      result: {
        severity: expect.stringMatching(/^(info|low|medium|high|critical)$/) as string,
        confidence: expect.toSatisfy((given: number) => given >= 0 && given <= 1) as number,
        mitre_techniques: expect.any(Array) as string[],
        iocs: expect.arrayContaining([
          expect.objectContaining({ type: 'ip', value: '45.33.32.156' }) as object,
        ]) as object[],
      },
    });
    expect(await ask('{"jsonrpc":"2.0","method":"no_such_skill","id":"req-002"}')).toEqual({
      jsonrpc: '2.0',
      error: { code: -32601, message: 'Method not found' },
      id: 'req-002',
    });
  } finally {
    socket.terminate();
    await port.drain(0);
  }
});

test('what is relayed from another port is refused, also under the name that the agent advertises (wire.md 4, ATK-E1)', async () => {
  const own = await serve(agent, { ...deps(), host: '127.0.0.1', port: 0, advertise: 'worker.test' });
  const relay = createServer((near) => {
    const far = connect(own.port, '127.0.0.1');
    pipeline(near, far, near, () => undefined);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { port } = relay.address() as AddressInfo;
  const about = { protocol: 'mesh.v1', address: '127.0.0.1', clock: systemClock };
  await expect(dialWebsocket({ ...about, url: `ws://worker.test:${port}` })).rejects.toThrow('403');
  expect(own.url).toBe(`ws://worker.test:${own.port}`);
  const link = await dialWebsocket({ ...about, url: own.url });
  expect(link.open).toBe(true);
  link.cut();
  relay.close();
  await own.drain(0);
});

test('a further host without a port stands for any of them', async () => {
  const own = await serve(agent, { ...deps(), host: '127.0.0.1', port: 0, allow_hosts: ['proxy.test'] });
  const raw = await openRaw(own.port, { Host: 'proxy.test:8443' });
  expect(raw.head).toContain(' 101 ');
  raw.socket.destroy();
  await own.drain(0);
});

test('rpc.discover costs once, however often and by whomever it is asked', async () => {
  let made = 0;
  const counted = {
    ...agent,
    get skills() {
      made += 1;
      return agent.skills;
    },
  };
  const host = createHost(counted, deps());
  made = 0; // making the host reads them too
  for (const protocol of ['', 'mesh.v1', '']) {
    const [near, far] = memoryLink({ protocol });
    host.accept(far);
    const heard = record(near);
    near.send('{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}');
    await heard.count(1);
    expect(heard.texts[0]).toContain('"echo_text"');
  }
  expect(made).toBe(1);
});
