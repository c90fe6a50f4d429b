/** How an agent announces itself: what the orchestrator says of its leaving is heeded. */
import { expect, test } from 'vitest';
import { announce } from '../../boot/announce.ts';
import {
  answerHello,
  createMethods,
  createPeer,
  listen,
  literalPins,
  type Link,
  type MethodHandler,
  type Peer,
} from '../../mesh/index.ts';
import { cardOf } from '../../protocol/index.ts';
import {
  countingIds,
  countingMetrics,
  manualClock,
  memoryLog,
  seededRandom,
  systemClock,
  toIso,
  type Clock,
} from '../../seams/index.ts';
import { echoAgent } from '../support/echo.ts';
import { identityOf } from '../support/mesh.ts';

test('an agent dials an orchestrator that said goaway after the time it asks for, and not before (wire.md 3)', async () => {
  const delays: number[] = [];
  const noting: Clock = {
    ...systemClock,
    after(delay_ms, run) {
      delays.push(delay_ms);
      return systemClock.after(delay_ms, run);
    },
  };
  const [own, theirs] = [identityOf('ada', 'agent'), identityOf('orchestrator', 'orchestrator')];
  const seams = { ids: countingIds(), random: seededRandom(1), log: memoryLog(), metrics: countingMetrics() };
  const pins = literalPins([own.pin, theirs.pin]);
  const handshake = { ...seams, clock: systemClock, pins, self: theirs.identity };
  const renew_before = toIso(systemClock.now() + 15_000);
  const peers: Peer[] = [];
  const methods = createMethods(
    new Map<string, MethodHandler>([
      ['mesh/hello', (params, call) => answerHello(handshake, params, call)],
      ['agent/register', () => ({ agent_id: 'ada', state: 'active', renew_before })],
    ]),
  );
  const port = await listen({
    ...seams,
    clock: systemClock,
    host: '127.0.0.1',
    port: 0,
    onLink: (link) => void peers.push(createPeer({ ...seams, clock: systemClock, link, methods })),
  });
  const url = 'ws://127.0.0.1:1';
  const about = { url, card: cardOf(echoAgent('ada'), url) };
  const leave = announce(port.url, about, { ...seams, clock: noting, pins, self: own.identity, trust: undefined });
  await expect.poll(() => seams.log.lines.map(({ text }) => text)).toContain('registered');
  peers[0]?.notify('mesh/goaway', { reason: 'leaving', reconnect_after_ms: 7_000 });
  peers[0]?.close(1001, 'going away');
  await expect.poll(() => delays.filter((delay_ms) => delay_ms >= 7_200 && delay_ms <= 7_300)).toHaveLength(1);
  leave();
  await port.close();
});

test('an agent that is refused for good says so, and asks again later: its key may be pinned by then', async () => {
  const clock = manualClock();
  const own = identityOf('ada', 'agent');
  const seams = { ids: countingIds(), random: seededRandom(1), log: memoryLog(), metrics: countingMetrics() };
  let code = 4003;
  let times = 0;
  const onLink = (link: Link) => {
    times++;
    link.close(code, 'no longer pinned');
  };
  const port = await listen({ ...seams, clock: systemClock, host: '127.0.0.1', port: 0, onLink });
  const url = 'ws://127.0.0.1:1';
  const about = { url, card: cardOf(echoAgent('ada'), url) };
  const pins = literalPins([own.pin]);
  const leave = announce(port.url, about, { ...seams, clock, pins, self: own.identity, trust: undefined });
  const said = () => seams.log.lines.filter(({ text }) => text === 'the orchestrator refuses this agent');
  await expect.poll(() => said().length).toBe(1);
  expect(said()).toMatchObject([{ level: 'warn', fields: { code: 4003, why: 'no longer pinned', again_ms: 30_000 } }]);
  expect(times).toBe(1);
  code = 4009;
  clock.advance(30_000);
  await expect.poll(() => times).toBe(2);
  await expect.poll(() => seams.log.lines.map(({ text }) => text).join()).toContain('another process announces this');
  clock.advance(30_000);
  leave();
  await port.close();
  expect(times).toBe(2);
});
