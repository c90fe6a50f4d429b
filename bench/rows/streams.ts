/** Streams of the API to many followers: what `bench/streams.mjs` measures, as two lines. */
import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import type { Group, Measured } from '../kit.ts';
import { pathOf } from '../mesh.ts';

const FOLLOWERS: Readonly<Record<string, number>> = { 'streams-50': 50, 'streams-500': 500 };

export const streams: Group = {
  lines: Object.keys(FOLLOWERS),
  async measure(kit, wanted) {
    return new Map([...wanted].map((id) => [id, follow(FOLLOWERS[id] ?? 0, kit.quick ? 500 : 3_000)]));
  },
};

/** One run; nobody sleeps. */
function follow(followers: number, alerts: number): Measured {
  const words = [pathOf('streams.mjs'), String(followers), '0', String(alerts)];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: RUN_MS_MAX });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`streams.mjs broke off: ${stderr.slice(-WORDS_CHARS_MAX)}`);
  const { heard_share, seconds, delay_ms } = Told.parse(JSON.parse(line));
  const note = `${alerts} alerts, p99 ${delay_ms.p99.toFixed(0)} ms after they were made`;
  return { figures: [(followers * alerts * heard_share) / seconds], note };
}

const Told = z.object({ heard_share: z.number(), seconds: z.number(), delay_ms: z.object({ p99: z.number() }) });
const RUN_MS_MAX = 300_000;
const WORDS_CHARS_MAX = 2_000;
