/** Real mails: are their facts read as an independent reader reads them, and are phish told from letters and newsletters? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { analyzeEmail, checkAuthentication, parseEmail, type EmailAnalysis } from '../../analysis/email/index.ts';
import type { Measure, Outcome, ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

const Answers = z.object({
  cases: z.array(
    z.object({
      file: z.string(),
      label: z.enum(['malicious', 'benign', 'spam']),
      facts: z.record(z.string(), z.unknown()),
    }),
  ),
});

/** Mails of the folder `phishing`. */
export const phishing: ScoredFolder = {
  folder: 'phishing',
  score: (dir, options) => scoreMails(dir, options),
};

/** The same, with each mail changed before it is read: then only verdicts are measured. */
export async function scoreMails(
  dir: string,
  { fast, signal }: { fast: boolean; signal: AbortSignal },
  change?: (mail: Buffer) => Buffer,
): Promise<Outcome> {
  const all = Answers.parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8'))).cases;
  const cases = fast ? all.filter((_, index) => index % FAST_STEP === 0) : all;
  const watch = createStopwatch();
  const flagged = { malicious: 0, benign: 0, spam: 0 };
  const misses: string[] = [];
  let fields = 0;
  let different = 0;
  for (const { file, label, facts } of cases) {
    signal.throwIfAborted();
    const read = readFileSync(join(dir, file));
    const result = await watch.time(() => judge(change ? change(read) : read, file));
    const isFlagged = result?.verdict === 'malicious' || result?.verdict === 'suspicious';
    if (isFlagged) flagged[label] += 1;
    if (isFlagged !== (label !== 'benign')) misses.push(`${file}: ${label}, judged ${result?.verdict ?? 'no mail'}`);
    if (change) continue;
    for (const [field, expected] of Object.entries(facts)) {
      fields += 1;
      if (isSame(factOf(result, field), expected)) continue;
      different += 1;
      misses.push(`${file}: ${field} differs from the other reader’s`);
    }
  }
  const share = (label: keyof typeof flagged): number =>
    rounded(flagged[label] / Math.max(1, cases.filter((mail) => mail.label === label).length));
  const verdicts: Measure[] = [
    { metric: 'phish flagged', result: share('malicious'), target: 0.7, better: 'higher' },
    { metric: 'benign flagged', result: share('benign'), target: 0.02, better: 'lower' },
  ];
  return {
    cases: cases.length,
    // Three mails of the cases at hand are read otherwise by the oracle, and wrongly: a quoted name across lines, a quotation
    // mark in a domain, links in a style element that never closes.
    measures: change
      ? verdicts
      : [
          ...verdicts,
          { metric: 'facts equal', result: rounded(1 - different / fields), target: 0.995, better: 'higher' },
        ],
    misses,
    engine_ms: watch.elapsed_ms(),
  };
}

async function judge(bytes: Buffer, name: string): Promise<EmailAnalysis | undefined> {
  const reading = await parseEmail(bytes, { name });
  return reading.ok ? analyzeEmail(reading.mail, await checkAuthentication(bytes)) : undefined;
}

function factOf(result: EmailAnalysis | undefined, field: string): unknown {
  if (!result) return undefined;
  const { reported_authentication, urls, ...facts } = result.facts;
  return new Map<string, unknown>(Object.entries({ ...facts, ...reported_authentication, n_urls: urls })).get(field);
}

/** The oracle folds line breaks into spaces and writes U+FFFD for each raw byte it cannot read; all else must be equal. */
function isSame(found: unknown, expected: unknown): boolean {
  if (typeof found !== 'string' || typeof expected !== 'string')
    return JSON.stringify(found) === JSON.stringify(expected);
  const plain = (text: string) =>
    (expected.includes('\ufffd') ? text.replace(/[^\x20-\x7e]+/g, '*') : text).replace(/\s+/g, ' ');
  return plain(found) === plain(expected);
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
const FAST_STEP = 3;
