/** Limits that were announced: how much a peer takes at once, and how large it answers. */
import { isFrame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { pass } from '../clock.ts';
import { codeOf } from '../expect.ts';
import { LIMITS } from '../greeting.ts';
import { resultOf, triedSkills } from '../handover.ts';
import { untilKnown, type Probe } from '../probe.ts';
import type { Skill } from '../subject.ts';

/** CALL-25 and CALL-26. */
export const limitChecks = [
  verifies(
    'CALL-25',
    async (probe) => {
      const skill = triedSkills(probe).find(({ concurrency }) => concurrency !== undefined && concurrency > 1);
      if (!skill) skip('no skill that reads says on the card that more than one runs at once');
      resultOf(await (await probe.talk()).ask(skill.name, skill.params), skill);
      // Somebody else may ask as well, and work of before may still run: who is refused comes again.
      for (let nth = 1; ; nth++) {
        const { asked, refused } = await askAtOnce(probe, skill);
        if (refused === 0) return;
        demand(nth < TRIES, `${skill.name} says ${skill.concurrency} at once; of ${asked}, 4290 refused ${refused}`);
        await pass(PAUSE_MS);
      }
    },
    { phase: 'hard' },
  ),
  verifies('CALL-26', async (probe) => {
    const key = probe.key();
    const usual = await (await probe.talk()).ask('rpc.discover');
    const bytes = Buffer.byteLength(JSON.stringify(usual));
    if (!isFrame(usual['result']) || bytes < DOCUMENT_BYTES_MIN)
      skip('rpc.discover answers with little: no larger answer is known to be had');
    const limits = { ...LIMITS, frame_bytes_max: FRAME_BYTES_MAX };
    const talk = await probe.greet({ key, hello: { limits }, answer: { limits } });
    await untilKnown(talk);
    // One document fits, perhaps; a batch of them has to be answered in one frame.
    const entries = Array.from({ length: Math.ceil((2 * FRAME_BYTES_MAX) / bytes) }, (_, nth) => nth);
    for (let nth = 1; ; nth++) {
      talk.say(entries.map((entry) => ({ jsonrpc: '2.0', id: `${nth}-${entry}`, method: 'rpc.discover' })));
      const said = await talk.next();
      const came = Buffer.byteLength(JSON.stringify(said));
      if (came <= FRAME_BYTES_MAX && [said].flat().some((answer) => codeOf(answer) === 4130)) return;
      demand(nth < TRIES, `who takes ${FRAME_BYTES_MAX} bytes was answered with ${came}: ${show(said)}`);
      await pass(HEARD_MS); // the question may have overtaken what our hello said
    }
  }),
];

/** Asks as often at once as the skill says. */
async function askAtOnce(probe: Probe, { name, params, concurrency = 1 }: Skill) {
  const talk = await probe.talk();
  const asked = Math.min(concurrency, AT_ONCE_MAX);
  const answers = await Promise.all(Array.from({ length: asked }, () => talk.ask(name, params)));
  return { asked, refused: answers.filter((answer) => codeOf(answer) === 4290).length };
}

const AT_ONCE_MAX = 16;
const TRIES = 3;
/** After which a peer that was busy is asked again, ms. */
const PAUSE_MS = 1_000;
const HEARD_MS = 100;
/** What we say that we take: enough for a peer that wants room for its errors. */
const FRAME_BYTES_MAX = 16_384;
/** At most 32 of it are asked for at once, which is what a batch may hold. */
const DOCUMENT_BYTES_MIN = (2 * FRAME_BYTES_MAX) / 32;
