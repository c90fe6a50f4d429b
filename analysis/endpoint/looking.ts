/** What of a command line is done: the rest is only looked at, searched for, or said, whatever words stand in it. */

/**
 * The command line without those of its pipelines that only look. What cannot be told apart for certain (odd quoting, commands inside
 * commands, output that goes into a file or an interpreter) stays, so that nothing is hidden behind an `echo`. Linear in the length.
 */
export function doneIn(text: string, depth = 0): string {
  if (UNSURE.test(text)) return text;
  const pipelines = splitPipelines(text);
  if (!pipelines) return text;
  return pipelines
    .flatMap((segments) => (segments.every((segment) => isLooking(segment, depth)) ? [] : [segments.join(' | ')]))
    .join('\n');
}

/** Pipelines of segments, split where no quote is open; undefined when a quote never closes. */
function splitPipelines(text: string): string[][] | undefined {
  const pipelines: string[][] = [[]];
  let quote = '';
  let from = 0;
  const close = (at: number) => pipelines.at(-1)?.push(text.slice(from, at));
  for (const { 0: sign, index: at } of text.matchAll(/[\n;&|"']/g)) {
    if (at < from) continue; // the second bar of ||
    if (sign === '"' || sign === "'") {
      if (sign === quote) quote = '';
      else if (quote === '') quote = sign;
    } else if (quote === '' && !(sign === '&' && /[<>]/.test(text.charAt(at - 1)))) {
      close(at);
      const is_pipe = sign === '|' && text.charAt(at + 1) !== '|';
      if (!is_pipe) pipelines.push([]);
      from = at + (sign === '|' && !is_pipe ? 2 : 1);
    }
  }
  close(text.length);
  return quote === '' ? pipelines.filter((segments) => segments.some((segment) => segment.trim() !== '')) : undefined;
}

function isLooking(segment: string, depth: number): boolean {
  const bare = segment.trim().replace(QUIET, ' ').trim();
  const wrapped = WRAPPED.exec(bare);
  if (wrapped && depth < DEPTH_MAX) {
    const inner = bare.slice(wrapped[0].length).trim();
    return inner !== '' && doneIn(unquoted(inner), depth + 1) === '';
  }
  const plain = bare.replace(BEFORE, '');
  if (SPLIT_BY_OTHERS.test(plain)) return false;
  const unspoken = plain.replace(/"[^"]{0,2000}"|'[^']{0,2000}'/g, '""');
  if (/>/.test(unspoken) && !SAID_INTO_TEXT.test(plain)) return false;
  return LOOKS.some((shape) => shape.test(plain)) && !ACTS_ALL_THE_SAME.some((shape) => shape.test(unspoken));
}

const unquoted = (text: string): string => /^(["'])([^]*)\1$/.exec(text)?.[2] ?? text;

/** Commands inside commands, and quotes that shells read differently. */
const UNSURE = /\$\(|`|<\(|[\\^]["']|\^[a-z&|]/i;
/** A shell that does not know single quotes would split here. */
const SPLIT_BY_OTHERS = /'[^']{0,2000}[&|;\n][^']{0,2000}'/;
/** Output that is thrown away or joined. */
const QUIET = /(?:[12&]?>>? *(?:\/dev\/null|nul\b)|2>&1)/gi;
const WRAPPED =
  /^(?:sudo +)?["']?(?:[^\s"']{0,200}[\\/])?(?:(?:powershell|pwsh)(?:\.exe)?["']?(?: +-(?:nop(?:rofile)?|noni(?:nteractive)?|nologo|c(?:ommand)?)\b)*(?= +["']?[a-z])|cmd(?:\.exe)?["']?(?: +\/[dsq])* +\/c\b|(?:ba|z|da)?sh +-l?c\b)/i;
/** Who runs it, and with which settings, before the program. */
const BEFORE =
  /^(?:(?:sudo(?: +-[a-z]+)*|doas|time|nice|ionice|nohup|watch(?: +-n *\d+)?|command|builtin|env|(?:LC_\w{1,20}|LANG|TZ|COLUMNS)=[^\s"']{0,40}) +)*["']?(?:[^\s"'|]{0,200}[\\/])?/i;
/** Said into a file that nobody runs. */
const SAID_INTO_TEXT = /^(?:echo|printf|write-output)\b[^>]*>>? *["']?[^\s"'>|]{1,200}\.(?:txt|md|rst|adoc)["']?\s*$/i;
/** Searching that acts on what it finds, readers that run, write or clear something, and blocks that do more than compare. */
const ACTS_ALL_THE_SAME: readonly RegExp[] = [
  /^find\b.* -(?:exec|execdir|delete|ok|okdir|fprint|fls)/i,
  /^journalctl\b.*--(?:vacuum|rotate|flush|relinquish)/i,
  /^dmesg\b.* (?:-[a-zA-Z]*[cC]\b|--clear)/i,
  /^history\b.* -[a-z]*[cdwa]/i,
  /^(?:vim?|nano|emacs|view)\b.* (?:-c\b|--cmd|\+[!:]|--eval)/i,
  /^sysctl\b.*(?:-w\b|=)/i,
  /^date\b.* (?:-s\b|--set)/i,
  /^hostname\b +\w/i,
  /^sed\b.* -[a-z]*i/i,
  /^git\b.* -c\b/i,
  /^ip\b.*\b(?:add|del|delete|set|flush|replace|change)\b/i,
  /^tee\b/i,
  /^man\b.* (?:-[a-z]*[PH]\b|--(?:pager|html))/i,
  /^(?:less|more|most)\b.* \+["!|]/i,
  /^git\b.* (?:-x\b|--exec\b|-O\S|--open-files-in-pager)/i,
  /^(?:sort|rg)\b.* (?:-o\b|--output|--compress-program|--pre\b)/i,
  /^ip\b.* exec\b/i,
  /^ss\b.* (?:-[a-zA-Z]*K\b|--kill)/i,
  /^xxd\b.* -r/i,
  /^[a-z]+-[a-z]+\b.*[({] *(?!get-)[a-z]{2,20}-[a-z]{3}/i,
  /^[a-z]+-[a-z]+\b[^{\n]*\{.*\w\(/i,
];

const program = (names: string) => new RegExp(`^(?:${names})(?:\\.exe|\\.com)?["']?(?:\\s|$)`, 'i');
const LOOKS: readonly RegExp[] = [
  program(
    'ls|ll|dir|tree|stat|file|which|where|whereis|type|man|info|apropos|help|pwd|cd|less|more|most|cat|bat|head|tail|zcat|zless|grep|egrep|fgrep|zgrep|pgrep|rg|ag|ack|findstr|find|locate|wc|sort|uniq|cut|tr|column|jq|yq|diff|cmp|md5sum|sha1sum|sha256sum|cksum|ps|top|htop|id|whoami|groups|who|w|last|lastlog|uptime|uname|hostname|df|du|free|lsblk|lscpu|lspci|lsusb|lsmod|lsof|netstat|ss|ip|dig|nslookup|host|ping|traceroute|tracert|tasklist|systeminfo|ipconfig|quser|query|driverquery|getenforce|sestatus|aa-status|journalctl|dmesg|ausearch|aureport|history|vim?|nano|emacs|view|notepad|printenv|date|echo|printf|write-host|write-output|test|true|sysctl|getent|gpresult|tzutil|v|xxd|hexdump|strings|mdfind',
  ),
  /^(?:select-object|sort-object|where-object|select-string|format-\w+|out-(?:host|string|null|gridview)|measure-object|group-object|convertto-\w+)\b/i,
  /^-v\b/,
  /^get-(?:service|process|childitem|item|itemproperty(?:value)?|content|mp\w+|net\w+|eventlog|winevent|scheduledtask\w*|ad\w+|acl|command|help|module|package|host|date|location|member|hotfix|computerinfo|executionpolicy|filehash|bitlockervolume|appx\w+|psreadlineoption|local(?:user|group)\w*|ciminstance|wmiobject|variable|psdrive|volume|disk|alias|culture|timezone|smb\w+|vm\w*|windowsfeature|windowsoptionalfeature)\b/i,
  /^systemctl(?: +-\S+)* +(?:status|show|cat|is-\S+|list-\S+|help)\b/i,
  /^service +\S+ +status\b/i,
  /^sc(?:\.exe)?["']?(?: +\\\\\S+)? +(?:query|queryex|qc|qdescription|qfailure|qtriggerinfo|sdshow|enumdepend|getdisplayname)\b/i,
  /^reg(?:\.exe)?["']? +(?:query|compare)\b/i,
  /^schtasks(?:\.exe)?["']? .*\/query\b/i,
  /^wevtutil(?:\.exe)?["']? +(?:qe|el|gl|gp|ep|gli|enum-\S+|get-\S+|query-\S+)\b/i,
  /^auditpol(?:\.exe)?["']? +\/(?:get|list)\b/i,
  /^(?:vssadmin(?:\.exe)?["']? +list|wbadmin(?:\.exe)?["']? +get|bcdedit(?:\.exe)?["']?(?: +\/(?:enum|v)\b.*)?$|manage-bde(?:\.exe)?["']? +-status|logman(?:\.exe)?["']? +query|w32tm(?:\.exe)?["']? +\/query|dsregcmd(?:\.exe)?["']?|fltmc(?:\.exe)?["']?(?: +(?:filters|instances|volumes)\b.*)?$|bitsadmin(?:\.exe)?["']? +\/(?:list|info|monitor))\b/i,
  /^netsh(?:\.exe)?["']? +(?:\w+ +){0,4}(?:show|dump)\b/i,
  /^certutil(?:\.exe)?["']? +(?:-v +)?[-/](?:hashfile|dump|verify|store|viewstore|asn|error|cainfo|ping|template)\b/i,
  /^dpkg +(?:-[lLsSpIc]\b|--(?:list|listfiles|status|search|get-selections|verify))/,
  /^(?:apt(?:-get)?|apt-cache|yum|dnf|zypper|brew|pip3?|snap|choco|winget|npm) +(?:-\S+ +)*(?:list|show|search|policy|info|check-update|freeze|ls|outdated)\b/i,
  /^rpm +(?:-[qV]\S*|--query|--verify)/,
  /^launchctl +(?:list|print\S*|blame)\b/i,
  /^git +(?:log|show|diff|status|commit|add|checkout|switch|branch|grep|blame|stash|rebase|merge|tag)\b/i,
  /^ip6?tables +(?:-[nvt]\S* +(?:\w+ +)?)*-[nv]*(?:L|S)\b/,
  /^(?:nft +list|ufw +(?:status|version|show)|firewall-cmd +--(?:list|get|query|state)|auditctl +-[lsv]\b|crontab +-l\b|atq\b|pfctl +-s)\b/i,
  /^(?:docker|podman|nerdctl|crictl) +(?:ps|images|logs|inspect|version|info|stats|top|(?:image|container|network|volume) +ls)\b/i,
  /^kubectl +(?:get|describe|logs|explain|top|version|api-\w+)\b/i,
  /^sysmon(?:64)?(?:\.exe)?["']?(?: +-[cs])? *$/i,
  /^(?:defaults +read|security +find-identity|spctl +--(?:assess|status)|csrutil +status|tmutil +list\w*|xattr +-l|log +show)\b/i,
];
const DEPTH_MAX = 3;
