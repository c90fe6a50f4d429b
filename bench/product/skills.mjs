/** The skills of the agent under test: the reference's, and those that some rows need. Their answers are no analysis. */
import { z } from 'zod';
import { RESULT } from '../peers/reference.mjs';
import { shipped } from './shipped.mjs';

const { skill, Source } = await shipped('protocol');

const Ioc = z.object({ type: z.string(), value: z.string() });
const about = { tags: ['bench'], effect: 'read' };

/** Answers what the reference answers, so that what is measured is the mesh. */
const analyzeThreat = skill({
  id: 'analyze_threat',
  title: 'Analyze a threat',
  description: 'Answers what the reference answers.',
  ...about,
  concurrency: 64, // as many as a link may have in flight: the peers have no lanes either
  params: z.object({ alert_id: z.string(), iocs: z.array(Ioc).min(1) }),
  result: z.object({
    severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
    confidence: z.number().min(0).max(1),
    mitre_techniques: z.array(z.string()),
    iocs: z.array(Ioc),
  }),
}).implement(() => RESULT);

const countBytes = skill({
  id: 'count_bytes',
  title: 'Count bytes',
  description: 'Reads its input to the end.',
  ...about,
  params: z.object({ source: Source }),
  result: z.object({ size: z.number() }),
}).implement(async ({ source }, ctx) => {
  let size = 0;
  for await (const chunk of ctx.blobs.open(source)) size += chunk.byteLength;
  return { size };
});

const tellMuch = skill({
  id: 'tell_much',
  title: 'Tell much',
  description: 'Waits until whoever wants to listen does, then tells so many thoughts, some each turn.',
  ...about,
  params: z.object({ wait_ms: z.number(), count: z.number(), each_turn: z.number() }),
  result: z.object({ told: z.number() }),
}).implement(async ({ wait_ms, count, each_turn }, ctx) => {
  await new Promise((resolve) => setTimeout(resolve, wait_ms));
  for (let told = 0; told < count; told++) {
    ctx.progress.thought(`thought ${told} of somebody who has much to say about one alert`);
    if (told % each_turn === each_turn - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return { told: count };
});

const waitLong = skill({
  id: 'wait_long',
  title: 'Wait long',
  description: 'Ends when it is stopped.',
  ...about,
  params: z.object({ nth: z.number() }),
  result: z.object({}),
}).implement((_params, ctx) => new Promise((resolve) => ctx.signal.addEventListener('abort', () => resolve({}))));

/** All of them. */
export const SKILLS = [analyzeThreat, countBytes, tellMuch, waitLong];
