/** How an agent announces itself: what the orchestrator says of its leaving is heeded. */
import { expect, test } from 'vitest';
import { announce } from '../../boot/announce.ts';
import {
  answerHello,
  createMethods,
  createPeer,
  listen,
  literalPins,
  type MethodHandler,
  type Peer,
} from '../../mesh/index.ts';
import { cardOf } from '../../protocol/index.ts';
import {
  countingIds,
  countingMetrics,
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
