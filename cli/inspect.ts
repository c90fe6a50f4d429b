/** One visit of the inspector: what the peer offers, printed or in a shell. */
import { writeFileSync } from 'node:fs';
import type { Config } from '../boot/index.ts';
import { profilesOf, visit, type Exchanged, type Profile, type Visit } from '../conformance/index.ts';
import { assertWsUrl, noWebSocket, reaching } from './peer-address.ts';
import { toNoteText } from './conform-view.ts';
import { credentialsFor, type KeyFlags } from './credentials.ts';
import { skillOf } from './inspect-asked.ts';
import { runShell } from './inspect-shell.ts';
import { toAnswerText, toCardText, toSchemaText, toSkillsText } from './inspect-view.ts';
import { EXIT, UsageError } from './outcome.ts';
import { parseParams, type Params } from './params.ts';
import { print } from './print.ts';
import { safe } from './text.ts';
import { tlsText, toKitTrust, trustFor, type TlsFlags } from './trust.ts';

/** The flags of the command. */
export interface InspectFlags extends KeyFlags, TlsFlags {
  profile?: Profile;
  try?: string;
  frames: boolean;
  save?: string;
  token?: string;
  timeout: number;
}

interface Asked {
  url: string;
  params: string | undefined;
  flags: InspectFlags;
  json: boolean;
  operator: string;
}

/** Visits a peer; answers the exit code. */
export async function inspect(config: Config, { url, params, flags, json, operator }: Asked): Promise<number> {
  assertWsUrl(url);
  if (params !== undefined && flags.try === undefined) throw new UsageError('Params belong to a --try <skill>');
  const given = params === undefined ? undefined : parseParams(params);
  const { token } = flags;
  const trust = toKitTrust(trustFor(config, flags));
  const spoken = flags.profile ? [flags.profile] : await reaching(url, () => profilesOf({ url, token, ...trust }));
  if (spoken.length === 0) throw noWebSocket(config, url);
  const keys = credentialsFor(config, { url, profiles: spoken, operator, flags, enrols: false });
  const profile = best(spoken, keys.key !== undefined);
  for (const line of profile === 'bare' ? [] : keys.told) process.stderr.write(`aurora: ${safe(line)}\n`);
  const watcher = { on: flags.frames, show: (text: string) => void process.stderr.write(`${text}\n`) };
  const onNote = (note: Exchanged) => {
    if (watcher.on) watcher.show(toNoteText(note));
  };
  const answer_ms_max = flags.timeout * 1_000;
  const options = { url, profile, token, ...trust, answer_ms_max, onNote };
  const here = await reaching(url, () => visit({ ...options, key: profile === 'bare' ? undefined : keys.key }));
  const tls = tlsText(flags);
  const whose = { url, token, key_file: keys.key_file, id: keys.key?.id, tls };
  const save = (visited: Visit, file: string) => write(visited, file, againText(file, profile, whose));
  try {
    if (flags.try !== undefined) return await tryOnce(here, flags.try, given, json);
    if (json) print(overviewOf(here));
    else if (process.stdin.isTTY && process.stdout.isTTY) await runShell(here, { url, watcher, save });
    else await printAll(here, url);
    return EXIT.ok;
  } finally {
    await here.close();
    if (flags.save !== undefined) save(here, flags.save);
  }
}

/** A key is asked for under mesh.v1: without one a stranger is better off bare. */
const best = (spoken: readonly Profile[], has_key: boolean): Profile =>
  (has_key ? spoken.find((profile) => profile !== 'bare') : undefined) ?? spoken[0] ?? 'bare';

async function tryOnce(here: Visit, name: string, given: Params | undefined, json: boolean): Promise<number> {
  const skill = skillOf(here, name);
  const answer = await reaching(name, () => here.ask(name, given ?? skill?.params ?? {}));
  if (json) print(answer);
  else process.stdout.write(`${toAnswerText(answer)}\n`);
  return 'error' in answer ? EXIT.failed : EXIT.ok;
}

async function printAll(here: Visit, url: string): Promise<void> {
  const fleet = here.profile === 'orchestrator' ? await here.ask('agent/list', {}) : undefined;
  const parts = [
    toCardText(here, url),
    ...(fleet ? [`Fleet\n${toAnswerText(fleet)}`] : []),
    toSkillsText(here),
    ...here.skills.map((skill) => toSchemaText(skill)),
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

const overviewOf = ({ profile, introduced, card, document, skills }: Visit) => ({
  profile,
  introduced,
  card,
  skills,
  document,
});

/** Writes the recording, and says how it is sent again. */
function write(here: Visit, file: string, again: string): void {
  try {
    writeFileSync(file, `${JSON.stringify(here.recording(), null, 2)}\n`);
  } catch (reason) {
    throw new UsageError(`${file} cannot be written: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
  process.stderr.write(`aurora: ${safe(file)} is written; send it again with: ${again}\n`);
}

/** The command that sends it again as whoever it was recorded with: a replay takes no key by itself, for its address may be anybody's. */
function againText(
  file: string,
  profile: Profile,
  {
    url,
    token,
    key_file,
    id,
    tls,
  }: {
    url: string;
    token: string | undefined;
    key_file?: string | undefined;
    id?: string | undefined;
    tls: readonly string[];
  },
): string {
  const key = profile === 'bare' || key_file === undefined ? [] : ['--key', toWord(key_file), '--id', toWord(id ?? '')];
  const who = [...key, ...(token === undefined ? [] : ['--token …']), ...tls.map(toWord)];
  const is_named = who.length > 0 || url.startsWith('wss:'); // a certificate too is shown only to whom one names
  return ['aurora call --replay', toWord(file), ...(is_named ? [toWord(url), ...who] : [])].join(' ');
}

/** A word as a shell reads it back. */
const toWord = (text: string): string =>
  /^[\w@%+=:,./[\]-]+$/.test(text) ? text : `'${safe(text).replaceAll("'", `'\\''`)}'`;
