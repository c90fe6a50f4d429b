/** One artefact: what kind it is, what it says, and what of it could not be read. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Malformed } from './fields.ts';
import { History, parseHistory, shellOf } from './history.ts';
import type { Left, Losses } from './losses.ts';
import { decodeText, wideEncodingOf } from '../readers/index.ts';
import { isLoginRecords, LoginRecord, parseLoginRecords } from './login-records.ts';
import { isPrefetch, parsePrefetch, Prefetch } from './prefetch.ts';
import { isShellLink, parseShellLink, ShellLink } from './shell-link.ts';
import { logFormatOf, parseTextLog, TextLog } from './text-log.ts';

/** The kinds that are read; `unsupported` is everything else. */
export const ArtifactKind = z.enum(['prefetch', 'lnk', 'utmp', 'history', 'log']);
export type ArtifactKind = z.infer<typeof ArtifactKind>;

/** What an artefact says, by its kind. */
export const Artifact = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('prefetch'), prefetch: Prefetch }),
  z.object({ kind: z.literal('lnk'), lnk: ShellLink }),
  z.object({ kind: z.literal('utmp'), records: z.array(LoginRecord), records_count: z.number().int() }),
  z.object({ kind: z.literal('history'), history: History }),
  z.object({ kind: z.literal('log'), log: TextLog }),
  z.object({ kind: z.literal('unsupported'), reason: z.string() }),
]);
export type Artifact = z.infer<typeof Artifact>;

/** An artefact as read. */
export interface ArtifactReading {
  name: string;
  sha256: string;
  size: number;
  artifact: Artifact;
  /** Sentences about what is damaged; empty for a sound one. */
  damage: string[];
  /** What our own bounds left out. */
  left: Left[];
}

/** Reads one. Never throws: what cannot be read is `unsupported` with its reason. */
export function readArtifact(bytes: Uint8Array, name: string, kind?: ArtifactKind): ArtifactReading {
  const losses: Losses = { damage: [], left: [] };
  const about = { name, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, ...losses };
  try {
    return { ...about, artifact: parse(bytes, name, kind ?? kindOf(bytes, name), losses) };
  } catch (reason) {
    if (!(reason instanceof Malformed)) throw reason;
    return { ...about, artifact: { kind: 'unsupported', reason: reason.message } };
  }
}

/** How many statements an artefact makes. */
export function itemsOf(artifact: Artifact): number {
  switch (artifact.kind) {
    case 'history':
      return artifact.history.entries_count;
    case 'utmp':
      return artifact.records_count;
    case 'log':
      return artifact.log.records_count;
    case 'prefetch':
      return artifact.prefetch.filenames_count + artifact.prefetch.last_run_times.length;
    case 'lnk':
    case 'unsupported':
      return 1;
  }
}

/** As a result lists it: long texts and long lists cut, their counts as they are. */
export function toListed(artifact: Artifact): Artifact {
  switch (artifact.kind) {
    case 'log': {
      const records = artifact.log.records.map((record) => ({ ...record, text: shown(record.text) }));
      const directives = artifact.log.directives
        .slice(0, DIRECTIVES_LISTED_MAX)
        .map((directive) => ({ ...directive, text: shown(directive.text) }));
      return { ...artifact, log: { ...artifact.log, records, directives } };
    }
    case 'utmp':
      return { ...artifact, records: artifact.records.slice(0, RECORDS_LISTED_MAX) };
    case 'prefetch': {
      const filenames = artifact.prefetch.filenames.slice(0, NAMES_LISTED_MAX);
      return { ...artifact, prefetch: { ...artifact.prefetch, filenames } };
    }
    case 'history':
    case 'lnk':
    case 'unsupported':
      return artifact;
  }
}

const shown = (text: string): string =>
  text.length <= TEXT_LISTED_CHARS_MAX ? text : `${text.slice(0, TEXT_LISTED_CHARS_MAX)}…`;

/** How many of its statements our bounds left out. */
export const unreadOf = (left: readonly Left[]): number => left.reduce((sum, { entries }) => sum + entries, 0);

/** The kind by signature first, then by what the text looks like; undefined when nothing fits. */
export function kindOf(bytes: Uint8Array, name: string): ArtifactKind | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES));
  if (isPrefetch(head)) return 'prefetch';
  if (isShellLink(head)) return 'lnk';
  if (head.includes(0) && !wideEncodingOf(head)) return isLoginRecords(head) ? 'utmp' : undefined;
  const text = decodeText(head);
  if (shellOf(name, text) !== undefined) return 'history';
  return logFormatOf(text) === undefined ? undefined : 'log';
}

function parse(bytes: Uint8Array, name: string, kind: ArtifactKind | undefined, losses: Losses): Artifact {
  if (bytes.length === 0) return { kind: 'unsupported', reason: 'it is empty' };
  switch (kind) {
    case 'prefetch':
      return { kind, prefetch: parsePrefetch(bytes, losses.damage) };
    case 'lnk':
      return { kind, lnk: parseShellLink(bytes, losses.damage) };
    case 'utmp': {
      const records = parseLoginRecords(bytes, losses);
      return { kind, records, records_count: records.length + unreadOf(losses.left) };
    }
    case 'history': {
      const text = decodeText(bytes);
      return { kind, history: parseHistory(text, shellOf(name, text) ?? 'unknown', losses) };
    }
    case 'log': {
      const text = decodeText(bytes);
      const format = logFormatOf(text);
      if (format === undefined) throw new Malformed('its lines are in no known log format');
      return { kind, log: parseTextLog(text, format, losses) };
    }
    case undefined:
      return { kind: 'unsupported', reason: `nothing in its first bytes or its name is known. ${KNOWN}` };
  }
}

const KNOWN =
  'Known are prefetch files, shell links, utmp, wtmp and btmp, histories of shells, and logs in W3C, syslog, audit and access form; event logs have their own skill.';
const HEAD_BYTES = 65_536;
const RECORDS_LISTED_MAX = 5_000;
const NAMES_LISTED_MAX = 2_000;
const DIRECTIVES_LISTED_MAX = 100;
const TEXT_LISTED_CHARS_MAX = 1_024;

/** One artefact; event logs are read as a stream and may be larger. */
export const ARTIFACT_BYTES_MAX = 33_554_432;
