/** Work that lasts: until its deadline, and beyond a link that was lost. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { now, within } from '../clock.ts';
import { introducedIn, type Greeting } from '../greeting.ts';
import { isOverInTime, newTaskId, openHandover, triedSkills } from '../handover.ts';
import type { Probe } from '../probe.ts';
import type { Skill } from '../subject.ts';

/** WORK-16 and WORK-17. */
export const lastingChecks = [
  verifies('WORK-16', async (probe) => {
    for (const skill of triedSkills(probe)) {
      // Twice: what a peer does for the first time may take it longer than its clock is good for.
      const late = (await outlived(probe, skill)) && (await outlived(probe, skill));
      demand(late === undefined, late ?? '');
    }
  }),
  verifies('WORK-17', async (probe) => {
    for (const skill of triedSkills(probe)) {
      const forgotten = (await forgot(probe, skill)) && (await forgot(probe, skill));
      if (forgotten === undefined) continue;
      demand(forgotten === '', forgotten);
      return;
    }
    skip('no skill that reads works long enough to lose the link meanwhile: name a slower one with --method');
  }),
];

/** Gives a skill a deadline long before its budget is over: how it overran it, or undefined. */
async function outlived(probe: Probe, skill: Skill): Promise<string | undefined> {
  const { talk, give } = await openHandover(probe);
  const deadline = new Date(now() + aheadOf(talk) + SHORT_MS).toISOString();
  const began = probe.subject.monotonic();
  const answer = await give(skill, { routing: { deadline } });
  const took_ms = Math.round(probe.subject.monotonic() - began);
  await talk.close();
  if (took_ms > SHORT_MS + LATE_MS_MAX)
    return `${skill.name} took ${took_ms} ms, though its deadline was ${SHORT_MS} ms away`;
  return isOverInTime(answer)
    ? undefined
    : `${skill.name}, with its deadline ${SHORT_MS} ms away, was answered ${show(answer)}`;
}

/** By how much the peer's clock is ahead of ours, ms: a deadline is read by the peer's. */
function aheadOf({ greeted }: Greeting): number {
  const ahead_ms = Date.parse(String(introducedIn(greeted)['server_time'])) - now();
  return Math.abs(ahead_ms) < DAY_MS ? ahead_ms : skip('hello does not tell what time it is: see HELLO-14');
}

/**
 * Loses the link while a skill works, and greets again: what was forgotten of it, '' for nothing, undefined when it was done
 * too soon to tell.
 */
async function forgot(probe: Probe, skill: Skill): Promise<string | undefined> {
  const routing = { task_id: newTaskId() };
  if (!(await loseLink(probe, skill, routing))) return undefined;
  const { talk, give } = await openHandover(probe);
  const hello = introducedIn(talk.greeted);
  const { capabilities } = hello;
  if (!isFrame(capabilities) || capabilities['resume'] !== true)
    skip('the peer does not say that it takes tasks up again (capabilities.resume)');
  const asked = talk.asked.find(({ method }) => method === 'mesh/hello')?.['params'];
  const held = [hello, asked].flatMap((said) => (isFrame(said) ? said['in_flight'] : []));
  if (held.includes(routing.task_id)) return '';
  const began = probe.subject.monotonic();
  await give(skill, { routing });
  const took_ms = Math.round(probe.subject.monotonic() - began);
  return took_ms > STILL_MS_MIN
    ? `${skill.name} went on for ${took_ms} ms after hello, whose in_flight is ${show(hello['in_flight'])}`
    : undefined;
}

/** Whether the link was lost before the answer came. */
async function loseLink(probe: Probe, skill: Skill, routing: Frame): Promise<boolean> {
  const { talk, give } = await openHandover(probe);
  const answered = give(skill, { routing }).then(
    () => true,
    () => false,
  );
  if ((await within(UNDER_WAY_MS, answered)) !== undefined) return false;
  talk.wire.cut();
  return true;
}

const SHORT_MS = 100;
/** How late an answer may be after the deadline: a second, and one more for clocks that tell none smaller, ms. */
const LATE_MS_MAX = 2_000;
/** After which work is under way, ms. */
const UNDER_WAY_MS = 50;
/** What takes longer after hello was not done by then, ms. */
const STILL_MS_MIN = 150;
const DAY_MS = 86_400_000;
