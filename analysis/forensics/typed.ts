/** What a command typed into a shell is worth: an intruder's few shapes are grave, a day's work of an administrator is none. */
import { isIP } from 'node:net';
import type { Severity } from '../../protocol/index.ts';
import {
  accusingOf,
  classifyCommand,
  COMMAND_CHARS_MAX,
  isDiscovery,
  isEverydayAct,
  severityOf,
  type CommandSign,
} from '../endpoint/index.ts';
import { endsOfText } from '../readers/index.ts';
import { isInstaller } from './fetched.ts';

/** What a typed command speaks for. */
export interface TypedJudgement {
  severity: Severity;
  title: string;
  rule: string;
  technique: string;
  /** An act that administrators do as well. */
  is_everyday: boolean;
  /** The command with what was hidden in it. */
  texts: string[];
  /** What of it was not unwrapped or not looked at; of what is too long both ends are. */
  left: string[];
}

/** What one command of a history speaks for; `info` means nothing. */
export function judgeTyped(command: string): TypedJudgement {
  const ends = endsOfText(command, COMMAND_CHARS_MAX);
  const { technique, signs, decoded } = classifyCommand(command);
  const { left, layers } = decoded;
  const texts = [decoded.text, ...layers.map(({ text }) => text)];
  const sign = accusingOf(signs);
  if (technique === undefined || !sign) return { ...NOTHING, texts, left };
  const { title, rule } = sign;
  const severity = isEveryday(ends.join('\n'), sign) ? 'info' : severityOf(sign);
  return { severity, title, rule, technique: sign.technique, is_everyday: isEverydayAct(sign), texts, left };
}

/** Questions about the machine, services, scripts, interpreters, installers, and downloads from a host with a name into a place that is not hidden or open to all. */
function isEveryday(command: string, { rule, technique }: CommandSign): boolean {
  if (isDiscovery(technique)) return true;
  if (EVERYDAY_RULES.has(rule)) return !ODD.test(command);
  if (rule === 'command/powershell-cradle') return isInstaller(command);
  if (rule !== 'command/download') return false;
  const hosts = [...command.matchAll(URL_HOST)].map(([, host = '']) => host.replace(/^\[|\]$/g, ''));
  return hosts.length > 0 && hosts.every((host) => isIP(host) === 0) && !ODD.test(command);
}

const NOTHING = { severity: 'info', title: '', rule: '', technique: '', is_everyday: false } as const;
const EVERYDAY_RULES = new Set(['command/systemctl', 'command/unix-shell', 'command/python']);
const URL_HOST = /\b(?:https?|ftp):\/\/(?:[^\s/@]{1,100}@)?(\[[\da-f:.]{2,45}\]|[^\s/:|"']{1,255})/gi;
const ODD =
  /\/(?:tmp|dev\/shm|var\/tmp|dev\/tcp|dev\/udp)\/|\/\.\w|base64|b64|socket|pty\.spawn|SHELL|autosuid|exec\(|eval\(|mask\b/;
