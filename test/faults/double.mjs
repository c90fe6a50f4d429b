/**
 * An agent that can be told how to fail, as a real process on the shipped door. It writes what it does before it does it, synced.
 * `double.mjs <flags JSON> <history file> <world folder>`; the agent id is in DOUBLE_ID.
 */
import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineAgent, run, skill } from 'aurora-mesh/agent';
import { z } from 'zod';

const [flags = '{}', history = '', world = ''] = process.argv.slice(2);
const agent_id = process.env.DOUBLE_ID ?? 'double';
if (process.env.DOUBLE_EXITS === 'at-start') process.exit(1);
const file = openSync(history, 'a', 0o600);
let instance_id;
let runs = 0;

/** The instance id is told to the parent once it serves; a run comes later. */
const send = process.send?.bind(process);
if (send)
  process.send = (message, ...rest) => {
    if (message?.kind === 'ready') instance_id = message.instance_id;
    return send(message, ...rest);
  };

/** What a wish may ask of its double. `until`: waits for that file. All waits end at the abort. */
const Wish = z.object({
  call: z.string(),
  /** Waits so long, ms. */
  wait_ms: z.number().optional(),
  /** Waits until this file exists. */
  until: z.string().optional(),
  /** Does not look at the abort signal. */
  deaf: z.boolean().optional(),
  /** Dies: before the effect, or after it and before the answer. With `once` naming a file: only when it is not there yet. */
  dies: z.enum(['before', 'after']).optional(),
  once: z.string().optional(),
  /** Blocks the event loop so long, ms. */
  blocks_ms: z.number().optional(),
  /** Progress events to send. */
  thoughts: z.number().optional(),
  /** Progress events after the wait, each of so many letters. */
  talks: z.number().optional(),
  thought_chars: z.number().optional(),
  /** Bytes of filling, both ways. */
  filling: z.string().optional(),
});
const Done = z.object({ exec: z.string(), call: z.string(), by: z.string(), filling: z.string().optional() });

const make = (id, effect, action_class) =>
  skill({
    id,
    title: id,
    description: `Does as it is told (${effect}).`,
    tags: ['double'],
    effect,
    action_class,
    concurrency: 64,
    params: Wish,
    result: Done,
  }).implement((wish, ctx) => act(wish, ctx, effect));

const agent = defineAgent({
  id: agent_id,
  name: agent_id,
  description: 'Does as it is told, and says so.',
  skills: [
    make('double_read', 'read', 'read'),
    make('double_set', 'idempotent', 'low'),
    make('double_fire', 'non_idempotent', 'low'),
  ],
});

await run(agent, { flags: JSON.parse(flags) });

async function act(wish, ctx, effect) {
  const exec = `${agent_id}.${process.pid}.${++runs}`;
  const about = { exec, call: wish.call, effect };
  write('exec-start', about);
  for (let count = 0; count < (wish.thoughts ?? 0); count++) ctx.progress.thought(`thought ${count} of ${wish.call}`);
  if (wish.blocks_ms) block(wish.blocks_ms);
  await hold(wish, ctx.signal);
  for (let count = 0; count < (wish.talks ?? 0); count++) {
    ctx.progress.thought('x'.repeat(wish.thought_chars ?? 1));
    if (count % 50 === 49) await sleep(20, undefined, { signal: ctx.signal });
  }
  if (wish.dies === 'before' && isDue(wish)) die();
  if (effect !== 'read') takeEffect(about);
  if (wish.dies === 'after' && isDue(wish)) die();
  write('exec-end', about);
  return { exec, call: wish.call, by: agent_id, ...(wish.filling && { filling: wish.filling }) };
}

/** The outside world: an idempotent effect is a state, which a second one finds reached; any other one happens again. */
function takeEffect(about) {
  const effect_key = `${about.call}:${about.effect === 'idempotent' ? 'state' : about.exec}`;
  write('effect-start', { ...about, effect_key });
  let applied = true;
  try {
    closeSync(openSync(join(world, encodeURIComponent(effect_key)), 'wx'));
  } catch {
    applied = false;
  }
  write('effect-done', { ...about, effect_key, applied });
}

async function hold({ wait_ms, until, deaf }, signal) {
  const options = deaf ? {} : { signal };
  if (wait_ms) await sleep(wait_ms, undefined, options);
  while (until && !existsSync(until)) await sleep(5, undefined, options);
}

/** True when nothing says that it happened already; says so. */
function isDue({ once }) {
  if (once === undefined) return true;
  try {
    closeSync(openSync(once, 'wx'));
    return true;
  } catch {
    return false;
  }
}

function die() {
  process.kill(process.pid, 'SIGKILL');
}

function block(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function write(kind, about) {
  const at = { ns: Number(process.hrtime.bigint()), at_ms: Date.now() };
  const who = { who: 'agent', kind, ...at, agent_id, instance_id, pid: process.pid };
  writeSync(file, `${JSON.stringify({ ...who, ...about })}\n`);
  fsyncSync(file);
}
