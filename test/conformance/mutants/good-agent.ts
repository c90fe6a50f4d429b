/** The agent that the wrong ones are made of: it keeps every rule, has work that lasts, and tells what it does. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { defineAgent, literalPins, publicKeyOf, serve, type Served } from '../../../mesh/index.ts';
import { skill, type SkillContext } from '../../../protocol/index.ts';
import {
  countingMetrics,
  inlineWorkers,
  literalContent,
  seededRandom,
  silentLog,
  systemClock,
  systemIds,
} from '../../../seams/index.ts';

/** A served agent, and the key under which its orchestrator comes. */
export interface GoodAgent {
  served: Served;
  orchestrator_key: KeyObject;
}

/** Serves it on a free port; `advertise` is the address that the kit dials. */
export async function serveGoodAgent(advertise: string): Promise<GoodAgent> {
  const own = generateKeyPairSync('ed25519').privateKey;
  const orchestrator_key = generateKeyPairSync('ed25519').privateKey;
  const served = await serve(agent, {
    host: '127.0.0.1',
    port: 0,
    advertise,
    clock: systemClock,
    ids: systemIds(() => systemClock.now()),
    random: seededRandom(1),
    log: silentLog,
    metrics: countingMetrics(),
    content: literalContent(),
    workers: inlineWorkers,
    anonymous: 'loopback',
    self: { id: agent.id, instance_id: 'good-1', name: agent.name, version: '1.0.0', private_key: own },
    pins: literalPins([
      { id: 'orchestrator', role: 'orchestrator', public_key: publicKeyOf(orchestrator_key) },
      { id: agent.id, role: 'agent', public_key: publicKeyOf(own) },
    ]),
    openRef: () => {
      throw new Error('no references here');
    },
  });
  return { served, orchestrator_key };
}

const countWords = skill({
  id: 'count_words',
  title: 'Count words',
  description: 'Counts the words of a text, line by line.',
  tags: ['text'],
  effect: 'read',
  concurrency: 64,
  examples: [{ text: 'two words\nand three more', times: 1 }],
  params: z.object({ text: z.string().max(10_000), times: z.number().int().min(1).max(9) }),
  result: z.object({ words: z.number().int(), lines: z.array(z.number().int()) }),
});

const watchText = skill({
  id: 'watch_text',
  title: 'Watch a text',
  description: 'Looks at a text for as long as it is told, and tells what it sees.',
  tags: ['text'],
  effect: 'read',
  concurrency: 64,
  examples: [{ text: 'a b c', watch_ms: 400 }],
  params: z.object({ text: z.string().max(10_000), watch_ms: z.number().int().min(0).max(500) }),
  result: z.object({ seen: z.number().int() }),
});

const askOther = skill({
  id: 'ask_other',
  title: 'Ask another',
  description: 'Has somebody else count the words.',
  tags: ['text'],
  effect: 'read',
  concurrency: 64,
  examples: [{ text: 'a b c' }],
  params: z.object({ text: z.string().max(10_000) }),
  result: z.object({ words: z.number().int() }),
});

const wipeText = skill({
  id: 'wipe_text',
  title: 'Wipe a text',
  description: 'Changes something outside.',
  tags: ['text'],
  effect: 'non_idempotent',
  action_class: 'high',
  effect_kinds: ['wipe'],
  examples: [{ target: 'x' }],
  params: z.object({ target: z.string().max(100) }),
  result: z.object({ applied: z.boolean() }),
});

const agent = defineAgent({
  id: 'good-agent',
  name: 'Good agent',
  description: 'Counts words, and keeps every rule.',
  version: '1.0.0',
  skills: [
    countWords.implement(({ text }, ctx) => {
      const lines = text.split('\n').map((line) => line.split(/\s+/).filter(Boolean).length);
      ctx.progress.status(`${lines.length} lines`);
      ctx.progress.thought('a word ends where space begins');
      return { words: lines.reduce((sum, count) => sum + count, 0), lines };
    }),
    watchText.implement(async ({ text, watch_ms }, ctx) => {
      for (let step = 1; step <= 4; step++) {
        ctx.progress.thought(`look ${step}`);
        await wait(watch_ms / 4, ctx);
      }
      return { seen: text.length };
    }),
    askOther.implement(async ({ text }, ctx) => {
      const to = { skill: 'count_words' };
      const counted = await ctx.handoff({ to, params: { text, times: 1 }, reason: 'another counts' });
      return { words: z.object({ words: z.number() }).catch({ words: 0 }).parse(counted).words };
    }),
    wipeText.implement(async ({ target }, ctx) => {
      const { applied } = await ctx.effects.apply({ kind: 'wipe', target, desired: {} });
      return { applied };
    }),
  ],
});

/** A pause that ends at once when the work is stopped. */
const wait = (ms: number, { signal }: SkillContext): Promise<void> =>
  new Promise((resolve, reject) => {
    const onStop = () => {
      cancel();
      reject(new Error('stopped'));
    };
    const cancel = systemClock.after(ms, () => {
      signal.removeEventListener('abort', onStop);
      resolve();
    });
    signal.addEventListener('abort', onStop, { once: true });
  });
