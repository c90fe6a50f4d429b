/** My agent: finds credentials that leaked into text. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { evidence } from '../analysis/evidence/index.ts';
import { conclude, WEIGHT, type WeighedFinding } from '../analysis/verdict/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { AnalysisResult, skill, Source } from '../protocol/index.ts';

const findSecrets = skill({
  id: 'ask_my_agent',
  title: 'Find secrets',
  description: 'Finds keys and tokens of known form, and random values given to passwords, line by line.',
  tags: ['secrets'],
  effect: 'read',
  investigates: ['report'],
  examples: [{ input: { name: 'deploy.sh', text: 'export KEY=AKIAIOSFODNN7EXAMPLE' } }],
  params: z.object({ input: Source }),
  result: AnalysisResult,
});

export const myAgent = defineAgent({
  id: 'my-agent',
  name: 'My agent',
  description: 'Finds credentials that leaked into text.',
  skills: [
    findSecrets.implement(async ({ input }, { blobs, signal, progress }) => {
      const { text, complete } = await readText(blobs.open(input), signal);
      return progress.tool('find secrets', { name: input.name, length: text.length }, () =>
        judgeText(input.name, text, complete),
      );
    }),
  ],
});

/** What a text shows, and what of it was not looked at. */
function judgeText(name: string, text: string, complete: boolean): AnalysisResult {
  const lines = text.split('\n');
  const found = lines.flatMap((line, index) => secretsIn(line, name, index + 1));
  const findings = found.slice(0, FINDINGS_MAX);
  const unread = { what: `all after ${TEXT_BYTES_MAX} bytes`, why: 'it is not read', mandatory: true };
  const untold = { what: `${found.length - FINDINGS_MAX} more findings`, why: `${FINDINGS_MAX} are told` };
  const planted = secretsIn(PLANTED, name, 1).length > 0;
  return conclude({
    subject: name,
    findings,
    checked: [
      {
        question: 'Is there a credential in it?',
        corpus: {
          sha256: createHash('sha256').update(text).digest('hex'),
          items: lines.length,
          items_read: lines.length,
        },
        ...(planted && { control: 'a planted access key was found' }),
      },
    ],
    not_checked: [...(complete ? [] : [unread]), ...(found.length > FINDINGS_MAX ? [untold] : [])],
  });
}

/** One finding for each kind of credential in a line. All rest on one basis: a leak is a leak, however often it is seen. */
const secretsIn = (line: string, source: string, number: number): WeighedFinding[] =>
  SHAPES.filter((shape) => matchesOf(line, shape).length > 0).map(({ id, title, severity, weight }) => ({
    id: `${id}-${number}`,
    title,
    severity,
    weight,
    basis: 'leak',
    evidence: [evidence({ source, locator: `line ${number}`, text: masked(line) })],
  }));

const matchesOf = (line: string, { pattern, bits_min = 0 }: Shape): RegExpExecArray[] =>
  [...line.matchAll(pattern)].filter(([whole, value]) => entropyOf(value ?? whole) >= bits_min);

/** A line without its credentials: of each the first letters are shown, and nothing up to its end: evidence must not leak it again. */
const masked = (line: string): string =>
  SHAPES.reduce(
    (text, { pattern, bits_min = 0 }) =>
      text.replace(pattern, (whole: string, given: unknown) => {
        const value = typeof given === 'string' ? given : whole;
        return entropyOf(value) < bits_min ? whole : `${whole.slice(0, whole.indexOf(value) + CHARS_SHOWN)}…`;
      }),
    line,
  ).replaceAll(/…[^\s"']*/g, '…'); // a shape is how it begins: it may go on

/** Bits a character: words have about 3, random letters and digits more than 3.5. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - (count / text.length) * Math.log2(count / text.length), 0);
}

/** The beginning of an input as text, and whether that was all of it. */
async function readText(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > TEXT_BYTES_MAX) break;
  }
  const text = new TextDecoder().decode(Buffer.concat(chunks).subarray(0, TEXT_BYTES_MAX));
  return { text, complete: size <= TEXT_BYTES_MAX };
}

/** A kind of credential. */
interface Shape {
  id: string;
  title: string;
  severity: 'high' | 'medium';
  weight: number;
  pattern: RegExp;
  /** How random the value must be, bits a character. */
  bits_min?: number;
}

const SHAPES: readonly Shape[] = [
  {
    id: 'aws_key',
    title: 'An AWS access key id',
    severity: 'high',
    weight: WEIGHT.high,
    pattern: /\bAKIA[0-9A-Z]{16}\b/g,
  },
  {
    id: 'github_token',
    title: 'A GitHub token',
    severity: 'high',
    weight: WEIGHT.high,
    pattern: /\bgh[pousr]_[0-9A-Za-z]{36}\b/g,
  },
  {
    id: 'private_key',
    title: 'A private key',
    severity: 'high',
    weight: WEIGHT.high,
    pattern: /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^"']*/g,
  },
  {
    id: 'random_value',
    title: 'A random value given to a password or token',
    severity: 'medium',
    weight: WEIGHT.statistics,
    pattern: /(?:password|passwd|secret|token|api_?key)["']?[ \t]{0,8}[:=][ \t]{0,8}["']?([\w+/=-]{16,128})/gi,
    bits_min: 3.5,
  },
];
const PLANTED = 'export KEY=AKIAIOSFODNN7EXAMPLE';
const CHARS_SHOWN = 4;
const FINDINGS_MAX = 100;
const TEXT_BYTES_MAX = 4_194_304;
