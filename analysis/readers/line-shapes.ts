/** What a text is by the shape of its lines: logs of hosts and servers, commands typed into a shell; prose is none of them. */

/** The stamp of classic syslog, with or without a priority before it. */
export const SYSLOG_LINE =
  /^(?:<\d{1,3}>)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d \S/;
/** The whole stamp of newer syslog. */
export const SYSLOG_ISO_LINE =
  /^(?:<\d{1,3}>1? ?)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)) \S/;
/** A record of auditd, with its seconds and milliseconds. */
export const AUDIT_LINE = /^(?:node=\S{1,255} )?type=\S{1,64} msg=audit\((\d{9,11})\.(\d{3}):\d+\)/;

/** A W3C log: directives first, and one of them names the fields. */
export function isW3cLog(lines: readonly string[]): boolean {
  const at = lines.findIndex((line) => /^#Fields: \S+ \S/.test(line));
  return at !== -1 && lines.slice(0, at).every((line) => line.startsWith('#') || line.trim() === '');
}

/** A log of a host: most of its lines carry the stamp of syslog, with a process after it, or are records of auditd. */
export function isHostLog(lines: readonly string[]): boolean {
  const filled = lines.filter((line) => line.trim() !== '');
  const records = filled.filter(
    (line) => AUDIT_LINE.test(line) || ((SYSLOG_LINE.test(line) || SYSLOG_ISO_LINE.test(line)) && TAGGED.test(line)),
  );
  return records.length > 0 && records.length >= filled.length * SHARE_OF_LOG;
}

/** A history of a shell under any name: its stamps, or nearly all lines commands. A line or two are no history. */
export function isShellHistory(lines: readonly string[]): boolean {
  const filled = lines.slice(0, LINES_LOOKED_AT).filter((line) => line.trim() !== '');
  const first = filled[0] ?? '';
  if (EPOCH.test(first) && filled.length > 1) return true;
  if (filled.filter((line) => EPOCH.test(line)).length >= 2) return true;
  if (ZSH.test(first) || (/^- cmd: \S/.test(first) && /^ {2}when: \d{9,11}\s*$/.test(filled[1] ?? ''))) return true;
  const commands = filled.filter(isCommand);
  return commands.length >= COMMANDS_MIN && commands.length >= filled.length * SHARE_OF_COMMANDS;
}

/** Begins with a program that everybody knows; a word of plain English must stand before what only a shell reads. */
function isCommand(line: string): boolean {
  const [, name = '', rest = ''] = COMMAND.exec(line.trim()) ?? [];
  if (PROGRAM_PATH.test(name)) return !SENTENCE.test(rest);
  if (WORDS_TOO.has(name)) return SHELL_MARK.test(` ${rest}`) && !SENTENCE.test(rest);
  return PROGRAMS.has(name) && !SENTENCE.test(rest);
}

const words = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));

/** Behind the stamp a host, then a process with a colon, as `sshd[3]:`, or the fields of RFC 5424: a chronicle has neither. */
const TAGGED =
  /^(?:(?:<\d{1,3}>1? ?)?\d{4}-\S{1,44}|(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (?!UTC\b|GMT\b|[AP]M\b)\S{1,255} (?:[^\s:]{1,128}:|last message repeated|\S{1,48} (?:\d{1,10}|-) \S{1,32} [-[])/;
const EPOCH = /^#[12]\d{9}\s*$/;
const ZSH = /^: \d{9,11}:\d+;/;
const COMMAND = /^(?:(?:sudo|nohup|time|[A-Z_]{2,40}=\S{0,200})\s+(?:-\w+\s+)?)*([\w./~+-]{1,200})(?:\s+(\S[^]*)?)?$/;
const PROGRAM_PATH = /^(?:\.{1,2}|~)?\/[\w./+-]*\w$/;
const PROGRAMS = words(`
  ls cd pwd cp mv rm mkdir rmdir chmod chown chgrp ln df du ps grep egrep awk sed tar gzip gunzip unzip wget curl ssh scp sftp
  rsync nc ncat netcat nmap ping ifconfig ip netstat iptables ufw systemctl journalctl apt apt-get dpkg yum dnf rpm pip pip3
  npm npx git docker docker-compose kubectl python python2 python3 perl ruby bash sh zsh vi vim nano tmux htop uname whoami
  id hostname useradd usermod userdel passwd crontab echo printf sudo su dig nslookup openssl base64 chattr lsof lsblk
  pkill killall dd xxd gcc g++ gdb tcpdump env ll la exit`);
const WORDS_TOO = words(`
  cat find make man more less head tail who last which date time kill sort cut top history clear export source set alias
  service mount touch file test service nohup watch screen strings node go java php mysql host route tee uniq split`);
/** An option, a path, a pipe, a redirection, a variable, an assignment, a name with an extension at the end. */
const SHELL_MARK = /\s-{1,2}\w|[|<>$&;=*]|(?:^|\s)(?:~|\.{0,2})\/\S|\s[\w-]+\.\w{1,5}$|^\s*$/;
/** A full stop behind a word ends a sentence; so does nothing that is typed into a shell. */
const SENTENCE = /[a-z]{3}[.!?]$|[a-z]{2}[.,;:] [A-Za-z][a-z]+ [a-z]+ /;
const LINES_LOOKED_AT = 60;
const COMMANDS_MIN = 3;
const SHARE_OF_COMMANDS = 0.8;
const SHARE_OF_LOG = 0.5;
