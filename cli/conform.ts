/** One run of the conformance kit from the command line: asked, watched, told, written. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../boot/index.ts';
import {
  conform,
  isDue,
  isRequirementId,
  profilesOf,
  replayName,
  requirements,
  toHtml,
  toJunit,
  toReplay,
  type Level,
  type Profile,
  type Report,
  type RequirementId,
  type Result,
} from '../conformance/index.ts';
import { createProgress, toEnd, toListText } from './conform-view.ts';
import { credentialsFor, revokeAll, type KeyFlags } from './credentials.ts';
import { EXIT, UsageError } from './outcome.ts';
import { parseNamedParams } from './params.ts';
import { assertWsUrl, noWebSocket, reaching } from './peer-address.ts';
import { print } from './print.ts';
import { safe } from './text.ts';
import { tlsText, toKitTrust, trustFor, type TlsFlags } from './trust.ts';

/** The flags of the command. */
export interface ConformFlags extends KeyFlags, TlsFlags {
  profile: string[];
  level: Level;
  only: string[];
  seed?: number;
  runs?: number;
  method?: string;
  params?: string;
  token?: string;
  allowEffects: boolean;
  drainPid?: number;
  junit?: string;
  html?: string;
  replays?: string;
  list: boolean;
}

/** What was typed: the address and the file of --json may stand in either order. */
interface Asked {
  first: string | undefined;
  second: string | undefined;
  flags: ConformFlags;
  json: boolean;
  operator: string;
}

/** Tries a peer; answers 0 when every must holds, 1 when not. Throws a UsageError, or 5030 when nobody is there. */
export async function conformTo(config: Config, { first, second, flags, json, operator }: Asked): Promise<number> {
  const { url, file } = placed(first, second, json);
  const asked = toOptions(flags);
  const { token } = flags;
  const trust = toKitTrust(trustFor(config, flags));
  const profiles = toProfiles(flags.profile) ?? (await reaching(url, () => profilesOf({ url, token, ...trust })));
  if (profiles.length === 0) {
    throw noWebSocket(config, url);
  }
  const due = profiles.flatMap((profile) => idsDue(profile, asked)).length;
  if (due === 0) throw new UsageError(`None of these sentences applies under ${profiles.join(', ')}`);
  const { told, key_file, enrolled, ...keys } = credentialsFor(config, {
    url,
    profiles,
    operator,
    flags,
    enrols: true,
  });
  const takeBack = () => revokeAll(config, { enrolled });
  const onSignal = () => {
    try {
      takeBack();
    } finally {
      process.exit(EXIT.interrupted); // also where somebody else changes the pins at this moment: the next run takes them back
    }
  };
  for (const signal of SIGNALS) process.once(signal, onSignal);
  for (const line of told) process.stderr.write(`aurora: ${safe(line)}\n`);
  const progress = createProgress(process.stderr, due);
  const onResult = (result: Result) => progress.hear(result);
  const options = { ...asked, ...keys, url, token, ...trust, profiles, onResult };
  const report = await reaching(url, () => conform(options)).finally(() => {
    progress.close();
    takeBack();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  });
  const to_stdout = json && file === undefined;
  const text = toEnd(report, { replays: flags.replays, keys: keysText({ ...flags, key: key_file, id: keys.key?.id }) });
  if (to_stdout) print(report);
  else process.stdout.write(text);
  write(report, { ...flags, json: file });
  return report.conforms ? EXIT.ok : EXIT.failed;
}

/** Prints the sentences that these flags would try. */
export function listSentences({ profile, level, only }: ConformFlags, json: boolean): void {
  const profiles = toProfiles(profile) ?? ALL_PROFILES;
  const asked = { level, only: toIds(only) };
  const ids = Object.keys(requirements).filter(
    (id): id is RequirementId => isRequirementId(id) && profiles.some((each) => isDue(id, each, asked)),
  );
  const sentences = ids.map((id) => ({ id, ...requirements[id] }));
  if (json) print(sentences);
  else process.stdout.write(toListText(sentences));
}

function placed(first: string | undefined, second: string | undefined, json: boolean) {
  const given = [first, second].filter((text) => text !== undefined);
  const urls = given.filter((text) => /^[a-z][a-z+.-]*:\/\//i.test(text));
  const url = urls[0];
  if (url === undefined) throw new UsageError('Say whom to try: aurora conform ws://host:port');
  assertWsUrl(url);
  const file = given.find((text) => text !== url);
  if (file !== undefined && !json) throw new UsageError(`${file} is no flag; a report goes there with --json ${file}`);
  return { url, file: file === '-' ? undefined : file };
}

function toOptions({ level, only, seed, runs, method, params, allowEffects, drainPid }: ConformFlags) {
  if (params !== undefined && method === undefined) throw new UsageError('--params belongs to a --method');
  return {
    level,
    only: toIds(only),
    seed,
    runs,
    method,
    params: params === undefined ? undefined : parseNamedParams(params),
    allow_effects: allowEffects,
    drain: drainPid === undefined ? undefined : toDrain(drainPid),
  };
}

function toIds(names: readonly string[]): RequirementId[] | undefined {
  if (names.length === 0) return undefined;
  return names.map((name) => {
    const id = name.toUpperCase();
    if (isRequirementId(id)) return id;
    throw new UsageError(`${safe(name)} is no sentence of the kit; see: aurora conform --list`);
  });
}

function toProfiles(names: readonly string[]): Profile[] | undefined {
  if (names.length === 0) return undefined;
  return [...new Set(names)].map((name) => {
    const profile = ALL_PROFILES.find((each) => each === name);
    if (profile) return profile;
    throw new UsageError(`${safe(name)} is no profile; there are ${ALL_PROFILES.join(', ')}`);
  });
}

function toDrain(pid: number): () => void {
  try {
    process.kill(pid, 0);
  } catch {
    throw new UsageError(`There is no process ${pid} that may be told to leave`);
  }
  return () => void process.kill(pid, 'SIGTERM');
}

const idsDue = (profile: Profile, asked: { level: Level; only: RequirementId[] | undefined }): string[] =>
  Object.keys(requirements).filter((id) => isRequirementId(id) && isDue(id, profile, asked));

function write(
  report: Report,
  { json, junit, html, replays }: Pick<ConformFlags, 'junit' | 'html' | 'replays'> & { json: string | undefined },
): void {
  const failures = report.results.filter(({ outcome }) => outcome === 'fail');
  if (json !== undefined) put(json, `${JSON.stringify(report, null, 2)}\n`);
  if (junit !== undefined) put(junit, toJunit(report));
  const fileOf = (result: Result) => (replays === undefined ? undefined : join(replays, replayName(result)));
  if (html !== undefined) {
    put(
      html,
      toHtml(report, (result) => replayCommand(fileOf(result))),
    );
  }
  if (replays === undefined) return;
  for (const failure of failures)
    put(join(replays, replayName(failure)), `${JSON.stringify(toReplay(report, failure), null, 2)}\n`, replays);
}

const replayCommand = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : `aurora call --replay ${file}`;

function put(path: string, text: string, folder?: string): void {
  try {
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  } catch (reason) {
    throw new UsageError(`${path} cannot be written: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
}

/** The flags about keys, to be said again; a token is not repeated. */
const keysText = ({ key, id, token, method, params, ...tls }: ConformFlags): string =>
  [
    ...(key === undefined ? [] : [`--key ${key}`]),
    ...(id === undefined ? [] : [`--id ${id}`]),
    ...tlsText(tls),
    ...(token === undefined ? [] : ['--token …']),
    ...(method === undefined ? [] : [`--method ${method}`]),
    ...(params === undefined ? [] : [`--params '${params}'`]),
  ].join(' ');

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const ALL_PROFILES: readonly Profile[] = ['bare', 'mesh.v1', 'orchestrator'];
