/** Acts that are grave whatever their technique weighs else: a shell handed away, code run as it is fetched, script through rundll32. */
import { isIP } from 'node:net';
import type { Severity } from '../../protocol/index.ts';
import type { CommandSign } from './classify.ts';
import { isOwnNetwork } from './rules/everyday.ts';

/** Those that a command line does; wherever it was found, in a history, a log or an event, it is judged here. */
export function graveActs(done: string): Omit<CommandSign, 'steps'>[] {
  return ACTS.flatMap(({ shapes, from_bare_address = false, severity_inside, ...sign }) => {
    for (const shape of shapes) {
      const found = shape.exec(done);
      if (!found) continue;
      const host = (found[1] ?? '').replace(/^\[|\]$/g, '');
      if (from_bare_address && isIP(host) === 0) continue;
      const severity = severity_inside !== undefined && isOwnNetwork(host) ? severity_inside : sign.severity;
      return [{ ...sign, severity, text: found[0].trim() }];
    }
    return [];
  });
}

interface GraveAct extends Omit<CommandSign, 'steps' | 'text'> {
  severity: Severity;
  shapes: readonly RegExp[];
  /** Counts only where the first group is an address without a name. */
  from_bare_address?: boolean;
  /** What it is instead where that address lies in a network of one's own, as machines are set up in laboratories. */
  severity_inside?: Severity;
}

const HOST = String.raw`(?:https?|ftp):\/\/(?:[^\s/@]{1,100}@)?(\[[\da-f:.]{2,45}\]|[^\s/:|"')]{1,255})`;
const SHELL = String.raw`(?:\/(?:usr\/)?bin\/)?(?:ba|z|da|k)?(?:sh|python[\d.]{0,5}|perl)\b`;

const ACTS: readonly GraveAct[] = [
  {
    rule: 'command/reverse-shell',
    technique: 'T1059.004',
    strength: 3,
    severity: 'high',
    title: 'hands a shell to another host',
    shapes: [
      /\b(?:ba|z|k|da)?sh\b[^\n]{0,40}[<>]{1,2}&? ?\/dev\/(?:tcp|udp)\/[^\s/]{1,255}\/\d{1,5}/,
      /\bexec +\d{1,3}<> ?\/dev\/(?:tcp|udp)\/[^\s/]{1,255}\/\d{1,5}/,
      /\b(?:nc|ncat|netcat)(?:\.\w{1,12})? [^\n|;&]{0,120}(?:-\w{0,6}[ec]|--exec|--sh-exec) ?["']?(?:\/(?:usr\/)?bin\/\w{0,4}sh|\w{0,4}sh|cmd|powershell)\b/,
      /\bmkfifo\b[^]{0,200}\b(?:nc|ncat|netcat|openssl)\b/,
      /\bsocat\b[^\n]{0,120}\bexec:["']?\S{0,40}sh\b/i,
      /\bpython[\d.]{0,5} +-c [^\n]{0,200}\bsocket\b[^\n]{0,400}(?:\bdup2\b|pty\.spawn)/,
      /\bperl\b[^\n]{0,40} -\w{0,4}e\b[^\n]{0,80}\b(?:IO::)?Socket\b[^\n]{0,400}(?:\bexec|\bsystem)\b[^\n]{0,40}\bsh\b/,
      /\bruby\b[^\n]{0,40}socket[^\n]{0,300}\bTCPSocket\b[^\n]{0,300}\b(?:exec|spawn|popen)\b/,
      /\bphp\b[^\n]{0,20} -r\b[^\n]{0,80}\bfsockopen\b[^\n]{0,300}\b(?:exec|shell_exec|system|passthru|popen|proc_open)\b/,
    ],
  },
  {
    rule: 'command/reverse-shell-powershell',
    technique: 'T1059.001',
    strength: 3,
    severity: 'high',
    title: 'hands a shell to another host',
    shapes: [
      /\bNet\.Sockets\.TCPClient\b[^]{0,400}\.GetStream\(\)[^]{0,900}(?:\b(?:iex|invoke-expression)\b|\bcmd(?:\.exe)?\b|StandardInput)/i,
    ],
  },
  {
    rule: 'command/fetched-and-run',
    technique: 'T1105',
    strength: 2,
    severity: 'high',
    severity_inside: 'medium',
    title: 'runs what it fetches from a bare address',
    from_bare_address: true,
    shapes: [
      new RegExp(
        String.raw`\b(?:curl|wget|fetch)\b[^\n|;]{0,200}?${HOST}[^\n|]{0,300}\| *(?:sudo +(?:-\w+ +)*)?${SHELL}`,
      ),
      new RegExp(
        String.raw`\b${SHELL}[^\n|;]{0,20}(?:<\(|-c +["']?\$\() *(?:curl|wget|fetch)\b[^\n|;)]{0,200}?${HOST}`,
      ),
    ],
  },
  {
    rule: 'command/cradle-from-address',
    technique: 'T1059.001',
    strength: 2,
    severity: 'high',
    title: 'runs code that it downloads from a bare address',
    from_bare_address: true,
    shapes: [
      new RegExp(
        String.raw`\b(?:iex|invoke-expression)\b[^\n]{0,120}(?:Download(?:String|Data)|\biwr\b|\birm\b|Invoke-WebRequest|Invoke-RestMethod)[^\n]{0,80}?${HOST}`,
        'i',
      ),
      new RegExp(
        String.raw`(?:Download(?:String|Data)|\biwr\b|\birm\b|Invoke-WebRequest|Invoke-RestMethod)[^\n]{0,80}?${HOST}[^\n]{0,200}\| *(?:iex|invoke-expression)\b`,
        'i',
      ),
    ],
  },
  {
    rule: 'command/hidden-start',
    technique: 'T1564.001',
    strength: 3,
    severity: 'medium',
    title: 'starts a hidden file in a folder that is open to all',
    shapes: [
      /(?:(?:^|[;&|(])\s{0,8}|\b(?:nohup|setsid|sudo|exec|(?:ba|da|z|k)?sh)\s{1,8})\/(?:tmp|var\/tmp|dev\/shm)\/(?:[\w-][\w.-]{0,40}\/){0,4}\.(?!(?<=\/tmp\/\.)mount_[A-Za-z][\w-]{0,30}[A-Za-z\d]{6}\/(?:AppRun|usr\/bin\/\w[\w.-]{0,60})(?=\s|[;&|)]|$))[\w-][\w./-]{0,120}(?=\s|[;&|)]|$)/m,
    ],
  },
  {
    rule: 'command/rundll32-script',
    technique: 'T1218.011',
    strength: 3,
    severity: 'high',
    title: 'runs script through rundll32',
    shapes: [/\brundll32(?:\.exe)?["']? +["']?(?:javascript|vbscript):/i],
  },
  {
    rule: 'command/wdigest-on',
    technique: 'T1112',
    strength: 3,
    severity: 'high',
    title: 'has Windows keep passwords in clear text',
    shapes: [
      /\breg(?:\.exe)?["']? +add\b[^\n]{0,200}WDigest\b[^\n]{0,80}UseLogonCredential\b[^\n]{0,80}\/d +["']?(?:0x0*)?1\b/i,
      /\b(?:set|new)-itemproperty\b[^\n]{0,200}WDigest\b[^\n]{0,120}UseLogonCredential\b[^\n]{0,80}-value +["']?1\b/i,
    ],
  },
];
