/** Reads a web server's log once, line by line, and says who attacked, how, and whether it may have worked. */
import { z } from 'zod';
import type { AnalysisResult, Checked } from '../../protocol/index.ts';
import { neutralize } from '../evidence/index.ts';
import { createLineReader } from '../readers/index.ts';
import { conclude } from '../verdict/index.ts';
import { AttackClass } from './hit.ts';
import { parseLogLine } from './log-line.ts';
import { createSignReader } from './log-signs.ts';
import { createLogPass } from './log-pass.ts';
import { NEVER_CHECKED } from './log-verdict.ts';

/** An attacking source as the result lists it, gravest first. */
export const Attacker = z.object({
  source: z.string().describe('the address, or the name where the server logs names'),
  requests: z.number().int().positive(),
  first_line: z.number().int().positive(),
  last_line: z.number().int().positive(),
  classes: z.array(
    z.object({
      class: AttackClass,
      count: z.number().int().positive(),
      success: z.enum(['likely', 'possible', 'unlikely', 'unknown']),
      why: z.string(),
    }),
  ),
});
export type Attacker = z.infer<typeof Attacker>;

/** What the log says, or why it says nothing. */
export type LogReading =
  { ok: true; result: AnalysisResult & { attackers: Attacker[] } } | { ok: false; reason: string };

/** How the caller follows the work. */
export interface LogOptions {
  /** What findings cite as their source. */
  name: string;
  signal?: AbortSignal;
  /** Called every `PROGRESS_LINES` lines. */
  onProgress?: (lines: number) => void;
}

/**
 * Analyses a log of any length in bounded memory. Deterministic: the same bytes give the same result, however they are cut
 * into chunks. Rejects with the signal's reason when it aborts, or with the stream's own error.
 */
export async function analyzeAccessLog(
  stream: AsyncIterable<Uint8Array>,
  { name, signal, onProgress }: LogOptions,
): Promise<LogReading> {
  const reader = createLineReader(stream);
  const pass = createLogPass(name);
  let next_report = PROGRESS_LINES;

  for await (const batch of reader.lines) {
    signal?.throwIfAborted();
    for (const line of batch) if (line.text.trim() !== '') pass.note(line);
    const { lines } = pass.counts;
    if (lines >= next_report) {
      onProgress?.(lines);
      next_report = lines - (lines % PROGRESS_LINES) + PROGRESS_LINES;
    }
  }
  const { lines, parsed, read } = pass.counts;
  if (lines === 0) return { ok: false, reason: 'it is empty' };
  if (parsed === 0) return { ok: false, reason: `none of its ${lines} lines is in a known format. ${FORMATS}` };

  const control = plantedSign();
  const checked: Checked = {
    question: 'Do the lines show attacks? Items are lines that are not blank.',
    corpus: { sha256: reader.sha256(), items: lines, items_read: read },
    ...(control === undefined ? {} : { control }),
  };
  const { attackers, ...grounds } = pass.grounds();
  const not_checked = [
    ...(parsed < lines
      ? [{ what: `${lines - parsed} of ${lines} lines`, why: 'they are in no known format', mandatory: true }]
      : []),
    ...pass.gaps(),
    ...(control === undefined
      ? [{ what: 'the log as a whole', why: 'a planted attack was not recognised', mandatory: true }]
      : []),
    ...(grounds.not_checked ?? []),
    ...NEVER_CHECKED,
  ];
  const result = conclude({
    ...grounds,
    subject: `The log ${neutralize(name, NAME_CHARS_MAX)}`,
    checked: [checked],
    not_checked,
  });
  return { ok: true, result: { ...result, attackers } };
}

/** The positive control: a known-bad line, judged by the same code. Undefined when it was not recognised. */
function plantedSign(): string | undefined {
  const entry = parseLogLine(PLANTED);
  const sign = entry && createSignReader().read(entry).signs[0];
  return sign && `a planted line was recognised as ${sign.class} (${sign.rule})`;
}

const FORMATS =
  'Known are common and combined logs, JSON lines, error logs of nginx and Apache, load balancer logs with a quoted request line, labelled proxy logs, and W3C logs whose header names c-ip and cs-uri-stem.';
const PLANTED =
  '192.0.2.1 - - [01/Jan/2024:00:00:00 +0000] "GET /item?id=1%27%20UNION%20SELECT%20name%20FROM%20users--%20 HTTP/1.1" 200 1 "-" "-"';
const PROGRESS_LINES = 50_000;
const NAME_CHARS_MAX = 80;
