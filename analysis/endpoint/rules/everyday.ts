/** Acts that administrators and developers do every day: they count a grade less, unless something about them is odd. */
import { isIP } from 'node:net';
import { actOf } from './acts.ts';
import { onlyPrintsInPython } from './python-words.ts';
import type { CommandRule } from './rule.ts';

/** Whether everything that a rule recognised in this command line is such an act, command by command. */
export function isEverydayAct(rule: CommandRule, done: string): boolean {
  const shape = EVERYDAY.get(rule.id);
  if (shape === undefined) return false;
  if (rule.id === 'python' && onlyPrintsInPython(done)) return true;
  const acts = done.split(/[\n;]|&&/).filter((piece) => actOf(rule, piece) !== undefined);
  return acts.length > 0 && acts.every((act) => shape.test(act) && !ODD.test(act) && !namesBareAddress(act));
}

/** An address of the internet without a name, where everyday work names hosts. */
function namesBareAddress(text: string): boolean {
  return [...text.matchAll(HOSTS)].some(([, host = '']) => {
    const bare = host.replace(/^\[|\]$/g, '');
    return isIP(bare) !== 0 && !isOwnNetwork(bare);
  });
}

/** Whether an address lies in a private network, or is this machine. */
export const isOwnNetwork = (address: string): boolean => OWN_NETWORK.test(address);

const HOSTS = /(?:\/\/(?:[^\s/@]{1,100}@)?|@)(\[[\da-f:.]{2,45}\]|\d{1,3}(?:\.\d{1,3}){3})(?=[\s/:"'?]|$)/gi;
const OWN_NETWORK = /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|f[cd]|::1|fe80)/i;
/** Places that are hidden or open to all, encodings, programs handed on: no everyday shape has them. */
const ODD =
  /(?:^|[\s"'=:(])\/(?:tmp|dev\/shm|var\/tmp)\/|\/\.\w[^\s/]{0,40}["']?(?:\s|$)(?<!\/\.(?:ssh|config|npmrc|env|bashrc|profile|kube)\S{0,20}["']?\s?)|\\(?:temp|tmp|public|perflogs|appdata)\\|%te?mp%|%public%|\$env:(?:te?mp|public|(?:local)?appdata)|-enc\b|FromBase64|\/dev\/(?:tcp|udp)\/|\| *(?:sudo +)?(?:ba|z|da|k)?sh\b|\b(?:iex|invoke-expression)\b|-w(?:indowstyle)? +hidden/i;

const ANY = /[^]/;
const EVERYDAY: ReadonlyMap<string, RegExp> = new Map([
  ['compiled-there', /\b(?:gcc|g\+\+|cc|clang\+?\+?|go|rustc|csc)\b/i],
  [
    'download',
    /\b(?:scp|sftp|rsync)(?:\.exe)? |\b(?:curl|wget|iwr|irm|fetch|Invoke-WebRequest|Invoke-RestMethod)\b[^\n]{0,300}https?:\/\/|svn[^\n]{0,10}co http|\bwhois\b/i,
  ],
  ['container-secrets', /\bkubectl\b|\bdocker\b/i],
  ['metadata-service', /169\.254\.169\.254(?!\/[^\s"']{0,200}(?:iam|credential|token|identity\/oauth))/i],
  ['alternative-exfiltration', /\bssh +[^\n]{0,80}(?:tar|cat|dd)\b|python[\d.]* +-m +http\.server|ftp:\/\//i],
  ['encrypted-c2', /^[^|<>]{0,200}\bopenssl +s_client\b(?![^\n]{0,400}(?:-quiet\b|[|<>]))/i],
  [
    'unix-log-cleared',
    /\btruncate +-s *0 +\/var\/log\/(?:nginx|apache2|httpd|haproxy|tomcat\d*|redis|mysql|postgresql)\//,
  ],
  ['sudo', /\bsudo +-[lkK]\b|\bvisudo\b/i],
  [
    'firewall',
    /\b(?:ufw +(?:allow|limit|deny|enable|reload)|new-netfirewallrule|firewall-cmd +[^\n]{0,40}(?:--add|--reload|--permanent)|iptables +-[AI]|netsh(?:\.exe)? +advfirewall +firewall +add|nft +add)\b/i,
  ],
  [
    'account-created-local',
    /\b(?:useradd|adduser)\b(?![^\n]{0,120}(?: -o\b|-[ug] *0\b|--uid[ =]0\b|-p |--password|sudo|wheel))/i,
  ],
  ['administrator-added', /\b(?:usermod|gpasswd|adduser|addgroup|dseditgroup)\b/i],
  [
    'permissions-unix',
    /\bchmod +(?:-\w+ +)?(?:0?[46][04][04]|(?:go|o|g)-[rwx]{1,3}) +(?![^\n]{0,200}(?:shadow|sudoers))/,
  ],
  [
    'hidden-files',
    /^[\s"'(]*(?:\/bin\/sh -c ["'] *\( *)?mkdir(?: +-p)? +["']?(?:~|\$HOME|\/root|\/home\/[\w.-]+|\/Users\/[\w.-]+)\/\.(?:ansible|cache|config|local|ssh|kube|docker|npm|gnupg|aws|azure|cargo|m2|gradle)(?:\/[\w.-]+)*["']?[\s)"']*$/,
  ],
  [
    'archived-by-tool',
    /\b(?:pg_dump(?:all)?|mysqldump|mariadb-dump|mongodump)\b[^\n|]{0,400}\| *(?:gzip|zstd|xz|bzip2)(?: +-\w+)* *(?:> *["']?(?!\/dev\/)[^|<>]{1,200})?$/,
  ],
  [
    'python',
    /\bpython[\d.]*(?:\.exe)?["']? +(?:(?:-[abd-zA-Z]{1,4} +)*["']?(?![^\n]{0,200}(?:exploit|payload|shell|backdoor|beacon|implant|brute|dump|crack|poison|relay|https?:))[\w.\/~:\\-]{1,200}\.py\b|-m +(?:venv|pip|json\.tool|unittest|pytest|compileall)\b(?![^\n]{0,400}https?:))/i,
  ],
  ['sniffing', ANY],
  ['deobfuscate', /\bbase64 +(?:-d|-D|--decode)|unxz|\bxxd -r|\bexpand\b/i],
  ['applescript', /osascript(?![^\n]{0,400}(?:do shell script|keystroke|System Events|curl|http))/i],
  ['screen', /\bscreencapture\b(?![^\n]{0,40} -[a-z]*x)|\bgnome-screenshot|\bscrot\b/i],
  ['msbuild', /\bmsbuild(?:\.exe)?\b[^\n]{0,200}\.(?:sln|[cv]\w{1,3}proj)\b/i],
  ['visual-basic', /\b(?:slmgr|prn\w{3,6}|ospp|winrm|gatherNetworkInfo)\.vbs\b/i],
  ['script-proxy', /\b(?:slmgr|winrm)\.vbs/i],
  ['chm', /\bhh(?:\.exe)?["']? +(?![^\n]{0,80}(?:https?:|\\\\[^\\]))/i],
  ['control-panel', /\bcontrol(?:\.exe)?["']? +["']?\w{1,20}\.cpl\b/i],
  ['indirect', /\bforfiles\b|\bwaitfor\b/i],
  [
    'binary-proxy',
    /\bupdate\.exe["']? +--processStart|\bie4uinit\b|\bprovlaunch\b|\bgpscript\b|SettingSyncHost|\bstordiag\b|\bpresentationhost\b|\bmsedge_proxy|\bsquirrel\b|\bodbcad32|\bwab\.exe/i,
  ],
  [
    'trust-subverted',
    /Unblock-File|\bxattr +-(?=[a-z]*d)[a-z]+ +com\.apple|Mount-DiskImage|dismount-diskimage|testsigning/i,
  ],
  ['virtual-instance', ANY],
  ['trap', /\btrap +["'](?:rm|kill|exit|cleanup|echo)\b/i],
  ['udev', ANY],
  ['python-startup', /site\.getsitepackages|PYTHONSTARTUP|\.pth\b/i],
  ['xdg-autostart', ANY],
  ['shim', /\.sdb\b/i],
  ['setuid', /\bchmod +2\d{3}\b|\bsetcap +["']?cap_net_(?:bind_service|raw)/i],
  ['dyld', /LD_LIBRARY_PATH/i],
  ['share-removed', /\bnet(?:\.exe)?["']? +use\b|remove-smbmapping/i],
  ['clipboard', ANY],
  ['cloud-data', ANY],
  ['proxy', /https?_proxy|all_proxy/i],
  ['non-application-c2', /\bsocat +(?![^\n]{0,200}exec:)/i],
  ['tunnel', /\bssh +[^\n]{0,40}-L|dns-query/i],
  ['size-limits', /\bsplit +-b/i],
  ['snapshots', ANY],
  ['serverless', ANY],
  ['cloud-admin', ANY],
  ['account-removed', /\bpasswd\b|\buserdel\b|disable-adaccount|remove-localuser|set-adaccountpassword/i],
  ['winrm', /enter-pssession|new-pssession|invoke-command|winrm(?:\.cmd)? +(?:qc|quickconfig)/i],
  ['vnc', ANY],
  ['share-data', ANY],
  ['javascript', /\bnode(?:\.exe)?["']? +-e/i],
  ['lua', ANY],
  ['password-prompt', /Get-Credential/i],
  ['web-cookies', /--remote-debugging-port/i],
  ['webhook', ANY],
  ['defacement', /\/etc\/motd/i],
  ['registry-passwords', /SimonTatham/i],
  ['software-deployment', ANY],
]);
