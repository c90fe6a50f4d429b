/** Life: pings that are sent, silence that is noticed, and frames that count as breath. */
import { demand, show, verifies } from '../check.ts';
import { pass } from '../clock.ts';
import type { Talk } from '../talk.ts';

/** The checks of LIFE that need a link of their own. */
export const lifeChecks = [
  verifies(
    'LIFE-01',
    async (probe) => {
      const talk = await probe.talk();
      for (const nth of [1, 2]) {
        const ping = await talk.until(() => pingsOf(talk)[nth - 1], PING_MS_MAX + GRACE_MS);
        demand(
          ping !== undefined,
          `no ping within ${PING_MS_MAX + GRACE_MS} ms, after ${nth - 1} of them${toEnd(talk)}`,
        );
      }
    },
    { phase: 'long' },
  ),
  verifies(
    'LIFE-02',
    async (probe) => {
      const talk = await probe.talk();
      talk.wire.answers_pings = false;
      const began = probe.subject.monotonic();
      await talk.ended(DROP_MS_MAX);
      const took_ms = Math.round(probe.subject.monotonic() - began);
      demand(took_ms >= DROP_MS_MIN, `it was dropped after ${took_ms} ms`);
    },
    { phase: 'long' },
  ),
  verifies(
    'LIFE-06',
    async (probe) => {
      const talk = await probe.talk();
      talk.wire.answers_pings = false;
      for (let nth = 0; nth < BREATHS; nth++) {
        await pass(BREATH_MS);
        demand(talk.end === undefined, `who talks was dropped after ${nth * BREATH_MS} ms${toEnd(talk)}`);
        talk.say({ jsonrpc: '2.0', method: '$/breath' });
      }
    },
    { phase: 'long' },
  ),
];

const pingsOf = ({ beats }: Talk) => beats.filter(({ kind }) => kind === 'ping');
const toEnd = ({ end }: Talk): string => (end ? `; the connection ended ${show(end.code)} ${end.reason}` : '');

/** wire.md 10, and how late a timer of a busy machine may be, ms. */
const PING_MS_MAX = 7_000;
const GRACE_MS = 1_500;
const DROP_MS_MIN = 15_000;
const DROP_MS_MAX = 23_000;
/** Long enough in all that a peer which waits for pongs alone has given up. */
const BREATH_MS = 3_000;
const BREATHS = 8;
