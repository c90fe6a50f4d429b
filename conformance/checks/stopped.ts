/** Work that was stopped, by a cancel or by its deadline: answered once, and over with the answer. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { pass, within } from '../clock.ts';
import { openHandover, triedSkills } from '../handover.ts';
import type { Probe } from '../probe.ts';
import type { Skill } from '../subject.ts';

/** STOP-07. */
export const stoppedChecks = [
  verifies(
    'STOP-07',
    async (probe) => {
      let tried = 0;
      for (const skill of triedSkills(probe)) {
        const took_ms = await lasts(probe, skill);
        if (took_ms === undefined) continue;
        tried++;
        for (const by of ['cancel', 'deadline'] as const) await expectOver(probe, skill, { by, took_ms });
      }
      if (tried === 0) skip('no skill that reads works long enough to be stopped: name a slower one with --method');
    },
    { phase: 'long' },
  ),
];

/** How long a skill works when nobody stops it, ms; undefined when that is too short to stop it, or too long to wait for. */
async function lasts(probe: Probe, skill: Skill): Promise<number | undefined> {
  const { give } = await openHandover(probe);
  const began = probe.subject.monotonic();
  if (
    (await within(
      LASTS_MS_MAX,
      give(skill).catch(() => undefined),
    )) === undefined
  )
    return undefined;
  const took_ms = probe.subject.monotonic() - began;
  return took_ms > LASTS_MS_MIN ? took_ms : undefined;
}

/** Stops a skill, and listens for as long as it would have worked. */
async function expectOver(
  probe: Probe,
  skill: Skill,
  { by, took_ms }: { by: 'cancel' | 'deadline'; took_ms: number },
): Promise<void> {
  const { talk, give } = await openHandover(probe);
  const [id, token] = [`stopped-${probe.chance.token()}`, `kit-${probe.chance.token()}`];
  const asked = give(skill, { id, token, ...(by === 'deadline' && { routing: { budget_ms: SOON_MS } }) });
  if (by === 'cancel') {
    await pass(SOON_MS);
    talk.say({ jsonrpc: '2.0', method: '$/cancel', params: { id, reason: 'the kit tries it' } });
  }
  const answer = await asked;
  const from = talk.heard.indexOf(answer) + 1;
  await pass(took_ms + LISTEN_MS);
  const more = talk.heard.slice(from).find((frame) => frame['id'] === id || tokenOf(frame) === token);
  demand(!more, `${skill.name}, stopped by its ${by}, was answered ${show(answer)}, and then came ${show(more)}`);
}

/** Under which token a frame tells progress; undefined for any other frame. */
const tokenOf = ({ method, params }: Frame): unknown =>
  method === '$/progress' && isFrame(params) ? params['token'] : undefined;

/** After which work is stopped, ms. */
const SOON_MS = 50;
/** What takes less is done before it could be stopped, ms. */
const LASTS_MS_MIN = 150;
const LASTS_MS_MAX = 3_000;
/** How much longer than the work a check listens, ms. */
const LISTEN_MS = 200;
