/** `aurora call --replay`: a recording sent again, with what is different now. */
import { readFileSync, statSync } from 'node:fs';
import pico from 'picocolors';
import { trustOf, type Config } from '../boot/index.ts';
import { parseReplay, replay, sentenceOf, type Likeness, type Replay, type ReplayLine } from '../conformance/index.ts';
import { assertWsUrl, reaching } from './conform.ts';
import { toNoteText } from './conform-view.ts';
import { credentialsFor, type KeyFlags } from './credentials.ts';
import { EXIT, UsageError } from './outcome.ts';
import { print } from './tasks.ts';
import { safe } from './text.ts';

/** What is sent again. */
export interface ReplayAsked extends KeyFlags {
  file: string;
  url: string | undefined;
  token: string | undefined;
  operator: string;
  json: boolean;
}

/** Sends it; answers 0 when everything came as it was recorded, 1 when not. */
export async function sendReplay(config: Config, asked: ReplayAsked): Promise<number> {
  const recording = readReplay(asked.file);
  const { requirement, profile } = recording;
  const url = asked.url ?? recording.url;
  assertWsUrl(url);
  const { key, told } = credentialsFor(config, {
    url,
    profiles: [profile],
    operator: asked.operator,
    flags: asked,
    enrols: false,
  });
  for (const line of told) process.stderr.write(`aurora: ${safe(line)}\n`);
  const sentence = sentenceOf(recording);
  if (requirement !== undefined)
    process.stderr.write(`${safe(requirement)}: ${sentence ?? 'no sentence of this kit'}\n`);
  const onLine = asked.json ? undefined : (line: ReplayLine) => void process.stdout.write(`${toText(line)}\n`);
  const options = { recording, url, key, token: asked.token, tls_ca: trustOf(config), onLine };
  const replayed = await reaching(url, () => replay(options));
  if (asked.json) print(replayed);
  else process.stdout.write(`${replayed.same ? 'Everything came as it was recorded' : 'It is different now'}\n`);
  return replayed.same ? EXIT.ok : EXIT.failed;
}

function readReplay(file: string): Replay {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw new UsageError(`There is no file ${file}`);
  if (stat.size > FILE_BYTES_MAX)
    throw new UsageError(`${file} has more than ${FILE_BYTES_MAX} bytes: it is no recording`);
  try {
    return parseReplay(readFileSync(file, 'utf8'));
  } catch (reason) {
    throw new UsageError(`${file}: ${safe(reason instanceof Error ? reason.message : String(reason))}`);
  }
}

function toText({ likeness, note, then }: ReplayLine): string {
  const line = `${PAINT[likeness](likeness.padEnd(9))} ${toNoteText(note)}${note.greeting ? pico.dim('  (greeting)') : ''}`;
  return then === undefined
    ? line
    : `${line}\n${' '.repeat(10)}${pico.dim('then:')} ${safe(then).slice(0, LINE_CHARS_MAX)}`;
}

const PAINT: Readonly<Record<Likeness, (text: string) => string>> = {
  sent: pico.cyan,
  same: pico.green,
  different: pico.red,
  missing: pico.red,
  more: pico.red,
  later: pico.dim,
  unsent: pico.yellow,
};
const LINE_CHARS_MAX = 240;
const FILE_BYTES_MAX = 16_777_216;
