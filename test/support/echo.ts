/** The smallest agent there is: it answers what it is told, when the test lets it. */
import { z } from 'zod';
import { defineAgent, type Agent } from '../../mesh/index.ts';
import { skill, type SkillContext } from '../../protocol/index.ts';

/** Reads only, so it may be repeated. */
export const echoText = skill({
  id: 'echo_text',
  title: 'Echo',
  description: 'Answers what it is told.',
  tags: ['echo'],
  effect: 'read',
  concurrency: 64,
  params: z.object({ text: z.string() }),
  result: z.object({ text: z.string(), by: z.string() }),
});

/** An agent whose answer is what `run` makes of the text. */
export const echoAgent = (
  id: string,
  run: (text: string, ctx: SkillContext) => Promise<string> | string = (text) => text,
): Agent =>
  defineAgent({
    id,
    name: id,
    description: 'Echoes.',
    skills: [echoText.implement(async ({ text }, ctx) => ({ text: await run(text, ctx), by: id }))],
  });

/** Waits until it is told to stop, and then does as `stopping` says. */
export async function untilStopped({ signal }: SkillContext, stopping: () => string): Promise<string> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  return stopping();
}
