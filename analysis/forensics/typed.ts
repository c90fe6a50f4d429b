/** What a command typed into a shell is worth: an intruder's few shapes are grave, a day's work of an administrator is none. */
import { isIP } from 'node:net';
import type { Severity } from '../../protocol/index.ts';
import {
  accusingOf,
  classifyCommand,
  COMMAND_CHARS_MAX,
  isDiscovery,
  severityOf,
  type CommandSign,
} from '../endpoint/index.ts';
import { endsOfText } from '../readers/index.ts';

/** What a typed command speaks for. */
export interface TypedJudgement {
  severity: Severity;
  title: string;
  rule: string;
  technique: string;
  /** What of it was not unwrapped or not looked at; of what is too long both ends are. */
  left: string[];
}

/** What one command of a history speaks for; `info` means nothing. */
export function judgeTyped(command: string): TypedJudgement {
  const ends = endsOfText(command, COMMAND_CHARS_MAX);
  const { technique, signs, decoded } = classifyCommand(command);
  const { left } = decoded;
  if (ends.some(givesShellAway)) {
    return {
      left,
      severity: 'high',
      title: 'hands a shell to another host',
      rule: 'typed/reverse-shell',
      technique: 'T1059.004',
    };
  }
  if (ends.some(runsFromAddress)) {
    const title = 'runs what it fetches from a bare address';
    return { left, severity: 'medium', title, rule: 'typed/fetched-and-run', technique: 'T1105' };
  }
  const sign = accusingOf(signs);
  if (technique === undefined || !sign) return { ...NOTHING, left };
  const { title, rule } = sign;
  const severity = isEveryday(ends.join('\n'), sign) ? 'info' : severityOf(sign);
  return { severity, title, rule, technique: sign.technique, left };
}

/** A shell whose input and output are a connection. */
const givesShellAway = (command: string): boolean => REVERSE_SHELLS.some((shape) => shape.test(command));

/** What is fetched from an address without a name is run without being looked at. */
function runsFromAddress(command: string): boolean {
  const host = FETCHED_AND_RUN.exec(command)?.[1] ?? '';
  return isIP(host.replace(/^\[|\]$/g, '')) !== 0;
}

/** Questions about the machine, services, scripts, interpreters, and downloads from a host with a name into a place that is not hidden or open to all. */
function isEveryday(command: string, { rule, technique }: CommandSign): boolean {
  if (isDiscovery(technique)) return true;
  if (EVERYDAY_RULES.has(rule)) return !ODD.test(command);
  if (rule !== 'command/download') return false;
  const hosts = [...command.matchAll(URL_HOST)].map(([, host = '']) => host.replace(/^\[|\]$/g, ''));
  return hosts.length > 0 && hosts.every((host) => isIP(host) === 0) && !ODD.test(command);
}

const NOTHING = { severity: 'info', title: '', rule: '', technique: '' } as const;
const REVERSE_SHELLS = [
  /\b(?:ba|z|k|da)?sh\b[^\n]{0,40}[<>]{1,2}&? ?\/dev\/(?:tcp|udp)\/[^\s/]{1,255}\/\d{1,5}/,
  /\bexec +\d{1,3}<> ?\/dev\/(?:tcp|udp)\/[^\s/]{1,255}\/\d{1,5}/,
  /\b(?:nc|ncat|netcat)(?:\.\w{1,12})? [^\n|;&]{0,120}(?:-\w{0,6}[ec]|--exec|--sh-exec) ?["']?(?:\/(?:usr\/)?bin\/\w{0,4}sh|\w{0,4}sh|cmd|powershell)\b/,
  /\bmkfifo\b[^\n]{0,200}\b(?:nc|ncat|netcat|openssl)\b/,
  /\bsocat\b[^\n]{0,120}\bexec:["']?\S{0,40}sh\b/i,
  /\bpython[\d.]{0,5} +-c [^\n]{0,200}\bsocket\b[^\n]{0,400}(?:\bdup2\b|pty\.spawn)/,
];
const FETCHED_AND_RUN =
  /\b(?:curl|wget|fetch)\b[^\n|;]{0,200}?(?:https?|ftp):\/\/(?:[^\s/@]{1,100}@)?(\[[\da-f:.]{2,45}\]|[^\s/:|"']{1,255})[^\n|]{0,300}\| *(?:sudo +(?:-\w+ +)*)?(?:\/bin\/)?(?:ba|z|da|k)?(?:sh|python[\d.]{0,5}|perl)\b/;
const EVERYDAY_RULES = new Set(['command/systemctl', 'command/unix-shell', 'command/python']);
const URL_HOST = /\b(?:https?|ftp):\/\/(?:[^\s/@]{1,100}@)?(\[[\da-f:.]{2,45}\]|[^\s/:|"']{1,255})/gi;
const ODD =
  /\/(?:tmp|dev\/shm|var\/tmp|dev\/tcp|dev\/udp)\/|\/\.\w|base64|b64|socket|pty\.spawn|SHELL|autosuid|exec\(|eval\(|mask\b/;
