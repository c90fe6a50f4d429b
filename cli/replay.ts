/** `aurora call --replay`: a recording sent again, with what is different now. */
import { readFileSync, statSync } from 'node:fs';
import { colors, type Config } from '../boot/index.ts';
import {
  parseReplay,
  replay,
  saysAnything,
  sentenceOf,
  type Key,
  type Likeness,
  type Profile,
  type Replay,
  type ReplayLine,
} from '../conformance/index.ts';
import { assertWsUrl, reaching } from './peer-address.ts';
import { toNoteText } from './conform-view.ts';
import { credentialsFor, type KeyFlags } from './credentials.ts';
import { EXIT, UsageError } from './outcome.ts';
import { print } from './print.ts';
import { safe } from './text.ts';
import { toKitTrust, trustFor, type TlsFlags } from './trust.ts';

/** What is sent again. */
export interface ReplayAsked extends KeyFlags, TlsFlags {
  file: string;
  url: string | undefined;
  token: string | undefined;
  operator: string;
  json: boolean;
}

/** Sends the recording in a file again; answers 0 when everything came as it was recorded, 1 when not. */
export async function sendReplay(config: Config, asked: ReplayAsked): Promise<number> {
  const recording = readReplay(asked.file);
  const { requirement, profile } = recording;
  const url = asked.url ?? recording.url;
  assertWsUrl(url);
  if (!saysAnything(recording)) {
    const only = requirement === undefined ? '' : ` --only ${requirement}`;
    throw new UsageError(
      `${asked.file} dials nobody and says nothing: nothing can be sent again. Try it anew: ${safe(`aurora conform ${url} --profile ${profile}${only}`)}`,
    );
  }
  const key = keyOf(config, profile, asked);
  const sentence = sentenceOf(recording);
  if (requirement !== undefined)
    process.stderr.write(`${safe(requirement)}: ${sentence ?? 'no sentence of this kit'}\n`);
  const onLine = asked.json ? undefined : (line: ReplayLine) => void process.stdout.write(`${toText(line)}\n`);
  const { ca, ...shown } = trustFor(config, asked);
  const trust = toKitTrust({ ...(ca !== undefined && { ca }), ...(asked.url !== undefined && shown) });
  const options = { recording, url, key, token: asked.token, ...trust, onLine };
  const replayed = await reaching(url, () => replay(options));
  if (asked.json) print(replayed);
  else process.stdout.write(`${replayed.same ? 'Everything came as it was recorded' : 'It is different now'}\n`);
  return replayed.same ? EXIT.ok : EXIT.failed;
}

/**
 * The key that was named, and no other: what a stranger's recording says is said with its rights. Whoever names a key, a token or a
 * certificate also says to whom, for the address in the recording may be anybody's.
 */
function keyOf(config: Config, profile: Profile, asked: ReplayAsked): Key | undefined {
  const { url, operator, key, token, tlsCert } = asked;
  if (url === undefined && [key, token, tlsCert].some((named) => named !== undefined)) {
    throw new UsageError(
      'Say to whom a key, a token or a certificate goes: aurora call --replay <file> <ws-url> --key <file>',
    );
  }
  if (key === undefined && profile !== 'bare') process.stderr.write(`aurora: ${NO_KEY}\n`);
  if (key === undefined || url === undefined) return undefined;
  return credentialsFor(config, { url, profiles: [profile], operator, flags: asked, enrols: false }).key;
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
  const line = `${PAINT[likeness](likeness.padEnd(9))} ${toNoteText(note)}${note.greeting ? colors.dim('  (greeting)') : ''}`;
  return then === undefined
    ? line
    : `${line}\n${' '.repeat(10)}${colors.dim('then:')} ${safe(then).slice(0, LINE_CHARS_MAX)}`;
}

const PAINT: Readonly<Record<Likeness, (text: string) => string>> = {
  sent: colors.cyan,
  same: colors.green,
  different: colors.red,
  missing: colors.red,
  more: colors.red,
  later: colors.dim,
  unsent: colors.yellow,
};
const NO_KEY = 'no key was named, so this is a stranger: name the one it was recorded with, with --key and --id';
const LINE_CHARS_MAX = 240;
const FILE_BYTES_MAX = 16_777_216;
