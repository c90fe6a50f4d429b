/** Shell grammar: recognises commands that a Unix or Windows shell would run. */
import { createMatches, type Match } from './hit.ts';
import { lowered, without, withoutAll, type Sifted } from './sift.ts';

/** Reads the value as words of a shell; what separates commands decides whether a command name means anything. */
export const judgeShell = (value: string): Match[] => judgeWords(value, false);

/** As `judgeShell`, of the value of a User-Agent header, whose comment has its own semicolons. */
export const judgeAgentShell = (value: string): Match[] => judgeWords(value, !MEANT.test(value));

function judgeWords(value: string, is_agent: boolean): Match[] {
  const { text, origin } = unquoted(lowered(value));
  const matches = createMatches('rce', origin);
  for (const { index, separator, name, rest } of commandsOf(text)) {
    const end = Math.min(text.length, index + separator.length + name.length + 24);
    const arguments_fit = /^(?:\s|\$\{?ifs|<|>|[;&|)}`"'#]|$)/.test(rest);
    if (!arguments_fit || (is_agent && isOfAgent(text, { index, separator, name, rest }))) continue;
    const split = /[;|&`\n]|\$\(|[<>]\(/.test(separator);
    const speaks = /^\s{1,8}(?:-{1,2}[a-z?]|\/[a-z?*]|[a-z]:\\|[~.]{0,2}\/|https?:|[*$'"\d%]|\w{1,24}\.\w|\|)/.test(
      rest,
    );
    if (split && COMMANDS.has(name)) {
      matches.add('command', `runs ${name}`, speaks || !isWord(text, { index, separator, name, rest }), index, end);
    } else if (split && SHORT_COMMANDS.has(name) && isNumbered(text, { index, separator, name, rest })) {
      matches.add('short-command', `runs ${name}`, false, index, end);
    } else if (split && SHORT_COMMANDS.has(name) && (speaks || /^\s{0,4}(?:[;|&`)#'"}]|$)/.test(rest))) {
      matches.add('short-command', `runs ${name}`, true, index, end);
    } else if (!split && COMMANDS.has(name) && speaks)
      matches.add('bare-command', `runs ${name}`, STRONG.has(name), index, end);
  }
  const find = (rule: string, title: string, certain: boolean, pattern: RegExp) =>
    matches.find(rule, title, certain, text, pattern);
  find(
    'path',
    'names a program by its path',
    true,
    /(?:^|[^\w/])(?:\/(?:usr\/(?:local\/)?)?s?bin\/[a-z][\w.-]{0,20}|\/\?{2,3}\/[a-z?*]{2,8})/,
  );
  find(
    'path',
    'names a Windows program',
    true,
    /(?:^|[^\w])(?:[a-z]:[\\/]windows[\\/]|%(?:systemroot|windir|comspec)%|\bcmd(?:\.exe)?\s{0,4}\/[ck]\b)/,
  );
  find(
    'powershell',
    'PowerShell',
    true,
    /\bpowershell(?:\.exe)?\b\s{0,4}[-&"'(]|\b(?:invoke-(?:expression|webrequest|command|restmethod)|new-object\s{1,4}(?:net|system)\.|start-process|downloadstring|get-(?:childitem|content|process|wmiobject)|iex\s{0,4}\()/,
  );
  find(
    'reverse-shell',
    'opens a shell to another host',
    true,
    /\/dev\/(?:tcp|udp)\/|\b(?:nc|ncat|netcat)\b[^\n]{0,40}\s-[a-z]{0,6}e\b|\bmkfifo\s/,
  );
  find(
    'download',
    'downloads a program',
    true,
    /\b(?:wget|curl|fetch|lwp-download|tftp|certutil|bitsadmin)\b(?!\/\d)[^\n]{0,60}(?:https?|ftp):\/\//,
  );
  find(
    'substitution',
    'a command substitution',
    true,
    /\$\((?!(?:document|window|this)\s{0,4}[),]|function\s{0,4}\()(?:\s{0,4}[a-z_/.][\w./-]{1,30}(?:\s|\)|\$)|(?:document|window|this|function)\s{0,4}[|;&]|<)|`\s{0,4}[a-z_/.][\w./-]{1,30}(?:\s[^`]{0,200})?`/,
  );
  find('arithmetic', 'an arithmetic expansion of a shell', true, /\$\(\(/);
  find('ifs', 'a blank written as a variable', true, /\$\{?ifs\b|\$@\w|\w\$\{?[@*!]\}?\w|\{[a-z]{2,10},[^}\s]{1,60}\}/);
  find('shellshock', 'a function definition of Shellshock', true, /\(\s{0,4}\)\s{0,4}\{[^}]{0,80};?\s{0,4}\}\s{0,4};/);
  find(
    'redirect',
    'writes through a redirection',
    true,
    /(?:;|\||&)[^\n]{0,80}>{1,2}\s{0,4}[/.~\w][\w./-]{1,80}\.(?:php|sh|jsp|aspx?|txt|pl|py|cgi)\b/,
  );
  find(
    'loop',
    'a loop of the Windows shell',
    true,
    /\bfor\s{1,4}(?:\/[dflr]\s{1,4}[^\n]{0,40})?%{1,2}[a-z]\s{1,4}in\s{0,4}\(|\bif\s{1,4}(?:not\s{1,4})?(?:exist|defined|errorlevel)\b/,
  );
  find(
    'interpreter',
    'an interpreter with code',
    true,
    /\b(?:perl|python[\d.]{0,4}|ruby|php|node|lua|bash|sh|zsh|ksh|dash)\s{1,4}-(?:e|c|r|i)\b/,
  );
  find('ssi', 'a server-side include that runs a command', true, /<!--\s{0,4}#\s{0,4}exec\b/);
  find(
    'call',
    'code that runs a command',
    true,
    /\b(?:system|shell_exec|passthru|popen|proc_open|exec)\s{0,4}\(\s{0,4}["'][^"')]{1,200}/,
  );
  find(
    'pipe',
    'pipes into a command',
    true,
    /^[^\n]{0,60}[|;&]\s{0,4}(?:usr\/bin\/|dir\b|id\s{0,4}$)|^\s{0,4}id\s{0,4}[|;&]/,
  );
  find(
    'glob',
    'a path written with wildcards',
    true,
    /(?:^|[\s=;|&])\/(?=[\w/[\]?*]{0,30}[?*[])[\w?*[\]!]{2,16}\/(?:[\w?*[\]!]{1,16}\/){0,3}[\w?*[\]!]{1,16}(?=\s|$)/,
  );
  find(
    'variable',
    'a shell variable of the system',
    false,
    /\$\{?(?:path|home|shell|user|hostname|pwd|random|uid|bash_\w{1,20})\b[:}]?/,
  );
  return matches.all();
}

/** `w'h'o"am"i`, `c\at`, `who^ami`: quotes and escapes inside a word mean nothing to a shell. */
function unquoted(text: string): Sifted {
  const outer = withoutAll(text, /(?<=[a-z])(?:''|""|\\(?=[a-z])|\^)(?=[a-z])/g);
  const quotes = [...outer.text.matchAll(/(?<=[a-z])(['"])[a-z]\1(?=[a-z]|\b)/g)];
  const inner = without(
    outer.text,
    quotes.flatMap(({ index }) => [[index, index + 1] as const, [index + 2, index + 3] as const]),
  );
  return { text: inner.text, origin: (index) => outer.origin(inner.origin(index)) };
}

/**
 * A word of a sentence that is a command's name too: `C++ && bash` starts what has nothing to read, and in
 * `president; cat videos` a semicolon parts two phrases. That of `plates &amp; more` ends an entity.
 */
function isWord(text: string, { index, separator, name, rest }: Command): boolean {
  const before = text.slice(0, index);
  if (/^[\s"')]{0,8}$/.test(rest))
    return IDLE.has(name) && separator !== '|' && / (?:&(?:amp|nbsp))?$/.test(before) && /\p{L}/u.test(before);
  if (separator === '|' && READERS.has(name))
    return /\p{L}{2} $/u.test(before) && /^(?: \p{L}+){2,}/u.test(rest) && !OPTION.test(rest);
  const is_compared = (name === 'less' || name === 'more') && /^ than \S/.test(rest);
  if (separator === ';' && is_compared && text[index + 1] === ' ') return /\p{L}{2}$/u.test(before);
  return (
    separator === ';' &&
    /\p{L}{2}$/u.test(before) &&
    /^ \p{L}+(?: \p{L}+)*[?.!]?$/u.test(rest) &&
    text[index + 1] === ' '
  );
}

/** `Mozilla/5.0 (Windows NT 6.3; Touch; rv:11.0)`: semicolons part what a program says of itself, word by word. */
const isOfAgent = (text: string, { index, separator, name, rest }: Command): boolean =>
  separator === ';' &&
  !STRONG.has(name) &&
  /^(?:[;)]|\/\d| *$)/.test(rest) &&
  AGENT_COMMENT.test(text.slice(0, Math.min(index, AGENT_CHARS)));

/** `more details below; id 55`: words, then what has a number. */
const isNumbered = (text: string, { index, separator, rest }: Command): boolean =>
  separator === ';' && /^ \d{1,9}[.!?]?$/.test(rest) && /\p{L}{2} \p{L}{2,32}$/u.test(text.slice(0, index));

interface Command {
  index: number;
  separator: string;
  name: string;
  rest: string;
}

/** The first word after each separator, the value's own first word among them. */
function commandsOf(text: string): Command[] {
  const found: Command[] = [];
  for (const fit of text.matchAll(
    /(^|\|\||&&|[;|&`\n{(<>!]|\$\(|\b(?:then|do|else|exec|sudo|nohup|xargs|time|env|busybox)\s)[\s"'(]{0,8}(?:@|\.?\/(?:\w{1,12}\/){0,4})?([a-z][\w.+-]{0,24})/g,
  )) {
    const [whole, separator = '', name = ''] = fit;
    found.push({
      index: fit.index,
      separator,
      name: name.replace(/\.exe$/, ''),
      rest: text.slice(fit.index + whole.length, fit.index + whole.length + 80),
    });
  }
  return found;
}

const words = (list: string) => new Set(list.split(/\s+/));
/** Commands whose names are words that a sentence goes on with behind a bar. */
const READERS = words('more less find time who head sort cut which');
const OPTION = /\s-{1,2}[a-z]/;
const STRONG = words(
  'wget curl whoami ifconfig ipconfig uname netstat ping nslookup telnet bash chmod chown nc ncat netcat cat systeminfo net tasklist powershell cmd wmic certutil python perl sudo',
);
const COMMANDS =
  words(`wget curl whoami ifconfig ipconfig uname netstat ping nslookup telnet bash chmod chown cat tac head tail less more systeminfo tasklist
  powershell pwsh cmd wmic certutil bitsadmin regsvr32 rundll32 mshta cscript wscript python python2 python3 perl ruby php lua awk gawk sed grep egrep find xxd base64 base32
  netcat ncat nmap ssh scp ftp tftp lynx dig traceroute tracert iptables mount umount useradd adduser passwd shutdown reboot kill killall pkill crontab
  hostname printenv env echo printf sleep touch mkdir rmdir tar gzip gunzip unzip zip gcc make apt apt-get yum dnf apk pip pip3 npm systemctl service busybox
  nohup strace gdb tee xargs sort uniq lsof lsb_release lscpu lsmod df free uptime history locate which whereis finger arp route ifdown ifup ufw openssl
  dir type copy move del erase ren attrib schtasks sc reg taskkill vssadmin net net1 netsh nbtstat getmac findstr expr eval exec export source alias bzip2 rsync
  socat node java javac rpm dpkg tcpdump screen tmux vim vi nano ed ex dash zsh ksh csh tcsh fish pidof iwmi iwr irm iex gci gwmi saps mkfifo chsh visudo usermod dmesg getent pwd cd ver`);
/** The name of a program and its version, then what is open of its comment. */
const AGENT_COMMENT = /^[a-z][\w.-]{0,40}\/\d[\w.]{0,20} \([^()]{0,400}$/;
const AGENT_CHARS = 480;
/** What a shell takes for more than a word, and no program writes into what it says of itself. */
const MEANT = /["'`$\\|&<>\r\n]/;
/** What does nothing without an argument or an input. */
const IDLE = words(
  'bash zsh ksh csh tcsh dash fish python python2 python3 perl ruby php lua node java javac cat head tail less more sort grep sed awk echo find make gcc locate which touch kill',
);
const SHORT_COMMANDS = words(
  'ls id ps nc sh w rm cp mv ln dd du od wc vi ip su nl ar at cd pwd who set cut top man mail last date env yes nice tr jq go cc as ld',
);
