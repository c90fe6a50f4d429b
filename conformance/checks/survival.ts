/** What is left after everything: a peer that lives, takes no flood, and tells only who wants to hear. */
import { demand, show, verifies } from '../check.ts';
import { NO_METHOD } from '../talk.ts';
import { workOf } from '../work.ts';

/** PROG-04, and the checks of LIFE that every peer is held to. LIFE-04 comes at the very end. */
export const survivalChecks = [
  verifies('PROG-04', async (probe) => {
    const { name, params } = probe.skill();
    const talk = await probe.talk();
    await talk.ask(name, params);
    await talk.unasked();
    const progress = talk.told.find(({ method }) => method === '$/progress');
    demand(!progress, `no token was given, and it told ${show(progress)}`);
  }),
  verifies(
    'LIFE-05',
    async (probe) => {
      // Before hello: whoever proved to be the orchestrator may be as quick as it likes.
      const [calm, noisy] = [await probe.talk(), probe.talkOver(await probe.wire())];
      const noise = JSON.stringify({ jsonrpc: '2.0', method: '$/no_such_notification' });
      for (let nth = 0; nth < FLOOD_FRAMES && !noisy.end; nth++) noisy.sayText(noise);
      const { code } = await noisy.ended();
      demand(code === 4029, `${FLOOD_FRAMES} frames at once ended with ${code ?? 'no close code'}, not with 4029`);
      await calm.ask(NO_METHOD);
    },
    { phase: 'hard' },
  ),
  verifies(
    'LIFE-04',
    async (probe) => {
      const talk = await probe.talk();
      await talk.ask(NO_METHOD);
      const work =
        probe.profile === 'orchestrator' || probe.subject.skills.some(({ effect }) => effect === 'read')
          ? workOf(probe)
          : undefined;
      if (work) await talk.ask(work.method, work.params);
    },
    { phase: 'last' },
  ),
];

/** Well beyond a burst of 1 000 and what a second allows on top. */
const FLOOD_FRAMES = 4_000;
