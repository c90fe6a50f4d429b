/** A recording of what went over the wire, as a file that can be sent again. */
import { z } from 'zod';
import type { Exchanged } from './exchange.ts';
import { requirements } from './requirements.ts';
import type { Report, Result } from './run.ts';

const Note = z.object({
  connection: z.int().nonnegative(),
  at_ms: z.number().nonnegative(),
  kind: z.enum(['sent', 'received', 'event']),
  text: z.string(),
  bytes: z.int().optional(),
  raw: z.base64().optional(),
  greeting: z.literal(true).optional(),
  upgrade: z
    .object({
      protocols: z.array(z.string()),
      headers: z.record(z.string(), z.string().nullable()),
      early: z.base64().optional(),
    })
    .optional(),
});

/** A recording as a file holds it. */
export const Replay = z.object({
  aurora_replay: z.literal(1),
  url: z.string().regex(/^wss?:\/\//, 'is no ws:// or wss:// address'),
  profile: z.enum(['bare', 'mesh.v1', 'orchestrator']),
  /** The sentence that was broken; absent when a person recorded a visit. */
  requirement: z.string().max(64).optional(),
  why: z.string().optional(),
  exchanged: z.array(Note).max(10_000),
});
export type Replay = z.infer<typeof Replay>;

/** The recording of a failure. */
export const toReplay = ({ url }: Pick<Report, 'url'>, { profile, id, why, exchanged = [] }: Result): Replay =>
  Replay.parse({ aurora_replay: 1, url, profile, requirement: id, why, exchanged });

/** The name of its file. */
export const replayName = ({ profile, id }: Pick<Result, 'profile' | 'id'>): string => `${profile}-${id}.json`;

/** A recording out of a file's text. Throws with a sentence when it is none. */
export function parseReplay(text: string): Replay {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('it is no JSON; save one with: aurora conform <ws-url> --replays <dir>');
  }
  const parsed = Replay.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`it is no recording: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

/** Whether it dials or asks anybody: what nobody answered then holds nothing that could be sent again. */
export const saysAnything = ({ exchanged }: Pick<Replay, 'exchanged'>): boolean =>
  exchanged.some(({ kind, text }) => kind === 'sent' || text.startsWith('dialled '));

/** What the sentence of a recording says, where it is one of ours. */
export const sentenceOf = ({ requirement }: Pick<Replay, 'requirement'>): string | undefined =>
  Object.entries(requirements).find(([id]) => id === requirement)?.[1].text;

/** A recording that a person made of a visit. */
export const toVisitReplay = (
  { url, profile }: Pick<Replay, 'url' | 'profile'>,
  exchanged: readonly Exchanged[],
): Replay => Replay.parse({ aurora_replay: 1, url, profile, exchanged });
