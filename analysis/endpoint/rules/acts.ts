/** What makes a rule's words an act: a verb bound to its object. Without it the command mentions something, and accuses nobody. */
import { WRITES, type CommandRule } from './rule.ts';

/** The words of a rule's act in what a command line does; a rule without an entry here is its own act. */
export function actOf(
  { id, pattern, also }: CommandRule,
  done: string,
  find: (pattern: RegExp) => RegExpExecArray | null = (each) => each.exec(done),
): string | undefined {
  const acts = ACTS.get(id) ?? (also && !find(also) ? [] : [pattern]);
  for (const act of acts) {
    const found = find(act);
    if (found) return found[0].trim() || done;
  }
  return undefined;
}

/** Programs and services that watch a machine, by the names under which they are stopped. */
const WATCHERS =
  '(?:\\b(?:sysmon\\w*|falcon[\\w-]*|cs(?:falcon\\w*|agent)|sentinel(?:one|agent|monitor|ctl|d)?|cb(?:daemon|defense|agentd|osxsensor\\w*|sensor\\w*)|savservice|sav-protect|sepmasterservice|mfe\\w+|avg\\w*|ekrn|eset\\w*|mbam\\w*|osqueryd?|filebeat|auditbeat|winlogbeat|splunk\\w*|ossec\\w*|aide|clamav\\S*|clamd|freshclam|mdatp|wdavdaemon|r?syslogd?|rsyslogd|syslog-ng|auditd|systemd-journald|journald|apparmor|falcod?|fail2ban|nessus\\w*|windefend|msmpeng|mssense|sense|wdnissvc|wdfilter|wscsvc|securityhealth\\w*|uninst\\.exe)\\b|crowdstrike|carbon ?black|sophos|mcafee|symantec|avast|kaspersky|malwarebytes|littlesnitch|wazuh|opendns|tanium|cylance|arbor|windows[- ]?defender)';
/** Something of these names is written in the registry, in one line or later: the path may stand in a variable. */
const written = (names: string): readonly RegExp[] => [
  new RegExp(`(?:${WRITES.source})[^]{0,400}?${names}`, 'i'),
  new RegExp(`\\$\\w{1,40} *= *[^\\n]{0,200}${names}[^]{0,1000}?(?:${WRITES.source})`, 'i'),
];
const near = (before: string, after: string) => new RegExp(`${before}[^\\n;&|]{0,80}${after}`, 'i');

const DEFENDERS =
  '(?:\\b(?:windefend|msmpeng|mssense|sense|wdnissvc|wdfilter|securityhealth\\w*|wscsvc)\\b|windows[- ]?defender)';

/** Every way to stop, disable or remove what has one of these names. */
const stopping = (watchers: string): readonly RegExp[] => [
  near(
    '\\b(?:systemctl(?: +-\\S+)* +(?:stop|disable|mask|kill|revert)|launchctl +(?:unload|stop|remove|bootout|disable|kill))\\b',
    watchers,
  ),
  near('(?:\\bservice +|/etc/init\\.d/|\\brc-service +)', `${watchers}[\\w.-]{0,40} +(?:stop|disable)\\b`),
  near('\\bchkconfig\\b', `${watchers}[\\w.-]{0,40} +off\\b`),
  near('\\b(?:pkill|killall|taskkill|kill|tskill|wmic +process)\\b', watchers),
  near(
    '\\b(?:stop|disable|remove|uninstall|suspend)-(?:service|process|package|windowsfeature|windowsoptionalfeature|item|ciminstance|scheduledtask)\\b',
    watchers,
  ),
  new RegExp(
    `${watchers}[^\\n;&]{0,120}\\| *(?:%|foreach-object)?[^\\n;&|]{0,20}(?:stop|uninstall|remove|disable)-`,
    'i',
  ),
  near('\\bset-service\\b', `${watchers}[^\\n;&|]{0,80}(?:disabled|stopped)`),
  near('\\bsc(?:\\.exe)?["\']?(?: +\\\\\\\\\\S+)? +(?:stop|delete|pause)\\b', watchers),
  near('\\bsc(?:\\.exe)?["\']?(?: +\\\\\\\\\\S+)? +config\\b', `${watchers}[^\\n;&|]{0,60}(?:disabled|demand|binpath)`),
  near('\\bnet1?(?:\\.exe)?["\']? +stop\\b', watchers),
  near(
    '\\b(?:apt(?:-get)?|yum|dnf|zypper|brew|pacman|choco|snap|winget|rpm|dpkg|pip3?|esxcli software vib)\\b(?: +-\\S+)*? +(?:remove|purge|erase|uninstall|autoremove|-e|-r|-P|-R\\w*|--purge|--erase|--remove)\\b',
    watchers,
  ),
  new RegExp(
    `\\bwmic\\b[^\\n]{0,120}${watchers}[^\\n]{0,120}\\b(?:uninstall|delete|terminate|stopservice|changestartmode)\\b`,
    'i',
  ),
  new RegExp(`\\bmsiexec\\b(?=[^\\n]{0,300}${watchers})[^\\n]{0,300}(?:[/-](?:x|uninstall)\\b|REMOVE=["']?ALL)`, 'i'),
  near(
    '\\b(?:rm|del|erase|rmdir|rd|move|mv|ren|rename|remove-item|takeown|icacls|chmod)\\b[^\\n;&|]{0,40}(?:/opt/|/usr/|/etc/|/Library/|/var/ossec|program files|programdata|system32|drivers)',
    watchers,
  ),
  new RegExp(
    `${watchers}[^\\n;&|]{0,80}(?:[\\\\/ ]uninst\\w*|[-/]{1,2}(?:uninstall|remove|unload|disable)\\b| (?:uninstall|unload|stop|disable)\\b)`,
    'i',
  ),
];

/** Switches of such programs themselves, and tools made to blind them. */
const OWN_SWITCHES: readonly RegExp[] = [
  /(?:antivirus|endpoint protection|endpoint security)[^\n;&|]{0,60}\buninst|\buninst\w*[^\n;&|]{0,60}(?:antivirus|endpoint protection)/i,
  /\bsysmon(?:64)?(?:\.exe)?["']? +[-/]u\b|\bfltmc(?:\.exe)?["']? +unload|\bsetenforce +(?:0|permissive)|SELINUX=(?:disabled|permissive)|\baa-(?:teardown|disable|complain)\b/i,
  /\bbackstab(?:64)?\b|\bedrsandblast|\bkillav\b|\bprocesshacker|\bpchunter|\bgmer\b|\bmdatp +config\b[^\n;&|]{0,60}disabled|aadintpasspermission|freedom[^\n]{0,20}\.exe/i,
];

const LOG_SETTINGS =
  '/etc/(?:systemd/)?(?:journald\\.conf|audispd?\\S{0,20}\\.conf|r?syslog(?:-ng)?(?:\\.conf|\\.d/)|audit/?\\S{0,40}\\.(?:conf|rules)|auditd\\.conf|syslog-ng/)';
const LOG_FILES =
  '["\']?(?:/private)?/var/(?:log|audit)/(?![^\\s;&|"\']{0,200}\\.(?:gz|xz|bz2|old|\\d+)(?:["\'\\s;&|]|$))';
const SYSTEM_LOGS =
  '["\']?/var/(?:log/(?:wtmp|btmp|lastlog|utmp|faillog|secure|auth|syslog|messages|kern|audit|cron|maillog|system|install)|audit/|run/utmp|spool/mail/root)';
const KEYS = '(?:\\bid_(?:rsa|dsa|ed25519|ecdsa)\\b(?!\\.pub)|/\\.ssh(?:/\\*?)?(?=["\'\\s;&|)]|$)|\\.gnupg\\b)';
const KEY_FILES =
  '(?:\\bid_(?:rsa|dsa|ed25519|ecdsa)\\b(?!\\.pub)|\\*?\\.(?:pem|pfx|p12|ppk|pgp|gpg|key|keystore|jks|kdbx|cer|crt|p7b|asc)\\b)';

/** What starts a file by whatever program its ending names. */
const STARTERS =
  '(?:\\b(?:start(?:-process)?|saps|invoke-item|ii|call|create|explorer(?:\\.exe)?|cmd(?:\\.exe)?["\']? +/[a-z])|/tr|-c(?:ommand)?|-filepath)["\']?(?: +(?:/[a-z]+|-[a-z]+|""))* +["\']?';

const ACTS: ReadonlyMap<string, readonly RegExp[]> = new Map<string, readonly RegExp[]>([
  ['security-tool-stopped', [...stopping(WATCHERS), ...OWN_SWITCHES]],
  [
    'defender-off',
    [
      ...stopping(DEFENDERS),
      /\b(?:set|add)-mppreference\b[^\n]{0,200}-(?:disable|exclusion|threatid|\w+defaultaction|puaprotection|enablenetworkprotection|enablecontrolledfolder|mapsreporting|submitsamples|attacksurface|signature\w*disable|unknown)/i,
      /MpPreference\b[^\n]{0,40}\b(?:Add|Set) |Disable(?:RealtimeMonitoring|AntiSpyware|AntiVirus|BehaviorMonitoring|IOAVProtection|ScriptScanning|BlockAtFirstSeen)["']?(?:\s*[=,:]\s*|\s+)(?:\$?true|1|["']?1)\b|-RemoveDefinitions\b/i,
      /\b(?:disable|remove|uninstall)[^\n;&|]{0,60}windows-?defender|\bschtasks\b[^\n]{0,40}\/(?:delete|change|end)[^\n]{0,80}Windows Defender/i,
      ...written(
        `(?:Windows ?Defender|DisableAntiSpyware|HypervisorEnforcedCodeIntegrity|TamperProtection|WinDefend|SecurityHealth|\\\\Services\\\\(?:Sense|Wd\\w+))`,
      ),
      /\b(?:del|erase|rmdir|rd|ren|move|takeown|icacls|remove-item)\b[^\n;&|]{0,80}(?:Windows Defender|MsMpEng)/i,
    ],
  ],
  [
    'logging-configured-off',
    [
      new RegExp(
        `(?:>|\\btee\\b|\\bsed\\b[^\\n;|&]{0,30}-i|\\bperl\\b[^\\n;|&]{0,20}-[a-z]*i|\\brm\\b|\\bmv\\b|\\bln\\b|\\btruncate\\b|\\bshred\\b|\\bchattr\\b|\\bof=)[^\\n;&|]{0,160}${LOG_SETTINGS}`,
        'i',
      ),
      new RegExp(`\\b(?:cp|install)\\b[^\\n;|&]{0,160} ["']?${LOG_SETTINGS}["']?\\s*(?:$|[;&|\\n])`, 'i'),
      ...written(
        `(?:Autologger|ScriptBlockLogging|ModuleLogging|EnableTranscripting|VulnerableDriverBlocklist|DeviceGuard|LsaCfgFlags|RunAsPPL|DisablePrivacy|AutoAdminLogon|VBAWarnings|DisableInternetFilesInPV|DisableAttachementsInPV|DisableUnsafeLocationsInPV|ProtectedView|AccessVBOM|DisableNotificationCenter|UILockdown|PolicyManager|HVCI|smartscreen|NoLockScreen|ThreatIDDefaultAction)`,
      ),
      /\blogman(?:\.exe)?["']? +(?:update|stop|delete)|randomize_va_space *(?:= *)?0|> *\/proc\/sys\/kernel\/|\b(?:set|remove)-etwtraceprovider|unregister-etwprovider|\bsysrc +syslogd|esxcli system (?:syslog|settings)\b[^\n]{0,60}\bset\b/i,
    ],
  ],
  [
    'event-log-off',
    [
      /\bauditpol(?:\.exe)?["']? +\/(?:clear|remove|restore)|\bauditpol(?:\.exe)?["']? +\/set\b[^\n]{0,200}:disable|\bwevtutil(?:\.exe)?["']? +(?:sl|set-log)\b[^\n]{0,120}(?:\/e(?:nabled)?:f|\/ca:|\/ms:\d{1,6}\b)/i,
      /(?:\bsc(?:\.exe)?["']?(?: +\\\\\S+)? +(?:stop|config|delete)|\bnet1?(?:\.exe)?["']? +stop|\bstop-service|\bset-service|\btaskkill)\b[^\n;&|]{0,40}\beventlog\b/i,
      ...written(`(?:WINEVT\\\\Channels|\\\\Eventlog\\b|EventLog\\\\|MiniNt|ChannelAccess)`),
      /invoke-phant0m|\bphant0m|dontLog["' :=]{1,6}true|httpLogging|limit-eventlog|Remove-EventLog/i,
    ],
  ],
  [
    'auditd-off',
    [
      /\bauditctl +-(?:[De]\b *0?|D)/,
      /\b(?:rm|mv|truncate|shred|sed)\b[^\n;&|]{0,80}\/etc\/audit\/|> *["']?\/etc\/audit\//i,
    ],
  ],
  [
    'unix-log-cleared',
    [
      new RegExp(`\\b(?:rm|shred|truncate|unlink|srm)\\b[^\\n;&|]{0,80}${LOG_FILES}`, 'i'),
      new RegExp(
        `(?:^|[;&|\\n] *|\\bcat +/dev/null *|\\becho(?: +(?:-n|""|''))* *|\\btrue *|: *|-c +["'] *)>(?!>) *${LOG_FILES}`,
        'i',
      ),
      new RegExp(`(?:[^>12&]|^)>(?!>) *${SYSTEM_LOGS}|\\btee +${SYSTEM_LOGS}`, 'i'),
      new RegExp(
        `(?:\\bcp +|\\bln +-\\w+ +|\\bif=)/dev/(?:null|zero|urandom)\\b[^\\n;&|]{0,60}(?:of=)?${LOG_FILES}`,
        'i',
      ),
      new RegExp(`\\bdd\\b[^\\n;&|]{0,60}of=${LOG_FILES}`, 'i'),
      /\bfind\b[^\n;&|]{0,60}\/var\/log\b(?![^\n]{0,60}\.(?:gz|xz|bz2|old|\d))[^\n]{0,80}(?:-delete|-exec\w* +(?:rm|shred|truncate))/i,
      /\blog +erase\b|\bjournalctl\b[^\n;&|]{0,60}--vacuum-(?:time=["']?\d+(?:s|m|min|h)?\b|size=["']?\d{1,2}[KM]?\b|files=["']?[01]\b)|\.asl\b/i,
    ],
  ],
  [
    'history-cleared',
    [
      /(?:\b(?:rm|shred|truncate|unlink)\b|>|\bln -sf?|\bcat +\/dev\/null)[^\n;&|]{0,80}(?:_history\b|\$HISTFILE|ConsoleHost_history|\/var\/lib\/docker\/containers)|\bhistory +-[a-z]*c|\bclear-history\b|\bunset +HISTFILE|set +\+o +history|-HistorySaveStyle +SaveNothing/i,
      /(?:remove-item|clear-content|\bdel\b|\brm\b|set-content|out-file)[^\n]{0,120}(?:HistorySavePath|ConsoleHost_history)|HistorySavePath[^\n]{0,80}(?:remove-item|clear-content|set-content|null)|set-psreadlineoption[^\n]{0,60}-HistorySa/i,
      /\becho +(?:["']{1,2} *)?> *\S{0,60}_history/i,
    ],
  ],
  [
    'history-off',
    [
      /HISTFILESIZE=0|HISTSIZE=0|HISTFILE=["']{0,2}(?:\/dev\/null|\s|$)|HISTIGNORE=["']?\*|HISTCONTROL=["']?ignoreall|set \+o history|unset HISTFILE|SaveNothing/im,
      ...written(`ProcessCreationIncludeCmdLine`),
    ],
  ],
  [
    'timestomp',
    [
      /\btimestomp|\.(?:CreationTime|LastWriteTime|LastAccessTime)(?:Utc)? *= *[^= ]|\btouch\b[^\n;&|]{0,60} (?:-[acm]{0,3}[trd]\b|--(?:date|reference|time))|\bsetfile +-[md]\b|\bdate +(?:-s\b|--set|-u +-s|\d{8,12}\b)|\btimedatectl +set-time +["']?\d|\bdebugfs +-w/i,
    ],
  ],
  [
    'mail-cleared',
    [
      /(?:\b(?:rm|shred|truncate|srm|mv|del|remove-item|unlink)\b|>)[^\n;&|]{0,80}(?:\/var\/(?:spool\/)?mail\b|\/Library\/Mail|Windows Mail|unistore|\/var\/mail)/i,
      /New-ComplianceSearchAction[^\n]{0,80}purge|remove-mailitem|ComposeMail/i,
    ],
  ],
  [
    'firewall',
    [
      /\bnetsh(?:\.exe)?["']? +(?:advfirewall +(?:set|reset|import|firewall +(?:add|set|delete))|firewall +(?:set|add|delete))|\b(?:set|new|remove|disable|enable)-netfirewall|\bufw +(?!status|version|show)|\bip6?tables +(?:-\S+ +)*-[FXPDIARN]\b|\bip6?tables +(?:-\S+ +)*--(?:flush|policy|delete|insert|append)|\bnft +(?:flush|add|delete|insert)|\bfirewall-cmd\b[^\n;&|]{0,40}--(?:add|remove|set|panic|permanent|zone)|\bpfctl +(?:[^\n;&|]{0,40} )?-[def]\b|\bipfw +(?:add|delete|flush|disable)|security-group-ingress|esxcli network firewall[^\n]{0,30}\b(?:set|unload)|socketfilterfw[^\n]{0,20}--(?:set|add|remove)/i,
      /(?:\b(?:stop|disable|mask|kill|pkill|killall|unload)\b[^\n;&|]{0,40}(?:firewalld?|\bufw|iptables|nftables|mpssvc|\bpf\b))|\bservice +(?:firewalld|ufw|iptables|pf) +(?:stop|disable)|(?:(?<!tables-save(?: +-[a-z]{1,8}){0,3} {0,4})>|\bsed\b|\brm\b|\btee\b)[^\n;&|]{0,60}\/etc\/(?:ufw|firewalld|iptables)/i,
      ...written(`(?:EnableFirewall|WindowsFirewall|FirewallPolicy)`),
    ],
  ],
  [
    'private-keys',
    [
      new RegExp(
        `\\b(?:cat|cp|scp|rsync|tar|zip|7z|base64|xxd|curl|type|copy|xcopy|robocopy|copy-item|get-content|gc|mv|dd|nc|strings|head|tail)\\b[^\\n;&|]{0,160}${KEYS}`,
        'i',
      ),
      new RegExp(
        `\\b(?:find|gci|get-childitem|dir|ls)\\b[^\\n;&|]{0,160}${KEY_FILES}[^\\n]{0,120}(?:-exec|xargs|copy|\\bcp\\b|rsync|\\bscp\\b|\\btar\\b|\\bzip\\b|base64)`,
        'i',
      ),
      new RegExp(
        `\\b(?:find|dir|where)(?:\\.exe)? +(?:/r +|/s +|/b +)*["']?(?:/(?:root|home|Users|etc)?["']?(?=\\s)|~["']?(?=\\s)|\\$HOME["']?(?=\\s)|[a-z]:\\\\(?=[^\\n;&|]{0,160}(?:\\*|/s\\b)))[^\\n;&|]{0,160}${KEY_FILES}`,
        'i',
      ),
      new RegExp(`\\b(?:gci|get-childitem)\\b(?=[^\\n;&|]{0,200}-recurse)[^\\n;&|]{0,200}${KEY_FILES}`, 'i'),
      /export-pfxcertificate|crypto::(?:certificates|keys|capi)|\bcertutil\b[^\n]{0,40}-exportPFX/i,
    ],
  ],
  [
    'lsass-dump',
    [
      /comsvcs(?:\.dll)?["', ]{1,4}(?:MiniDump|#\+?0*24)|\blsass[^\n]{0,60}\.dmp|\b(?:procdump|sqldumper|createdump|rdrleakdiag|taskmgr|processdump)(?:64)?\b[^\n]{0,80}(?:\blsass|\$?\{?lsass)|\b(?:sqldumper|rdrleakdiag|dumpert|nanodump|xordump|handlekatz)\b|out-minidump|\bfullmemdmp\b|MiniDumpWriteDump|\bprocdump(?:64)?(?:\.exe)?["']?[^\n]{0,60}-(?:ma|mp|r)\b[^\n]{0,20} (?:%|\$|\d)/i,
    ],
  ],
  [
    'cron',
    [
      /\bcrontab +(?!-l)[^\n]|(?:>|\b(?:tee|cp|mv|echo|printf|install|sed|ln|curl|wget|touch|chmod|rm)\b)[^\n;&|]{0,200}(?:\/etc\/cron|\/var\/spool\/cron)/i,
    ],
  ],
  ['cached-logons', [/lsadump::cache|cachedump/i]],
  [
    'proc-memory',
    [/\/proc\/[^\s]{1,40}\/mem\b|\bmimipenguin\b|\/proc\/[^\s]{1,40}\/maps\b[^]{0,200}(?:\bdd\b|gdb|strings|\bmem\b)/i],
  ],
  ['rubeus', [/\brubeus\b/i]],
  [
    'kerberoast',
    [/kerberoast|GetUserSPNs|KerberosRequestorSecurityToken|\bsetspn\b[^\n]{0,60}-q +["']?\*\/\*|asktgs/i],
  ],
  ['ssp', [...written(`Security Packages`)]],
  ['auth-package', [...written(`Authentication Packages`)]],
  ['password-filter', [...written(`Notification Packages|passwordFilter`)]],
  ['lsass-driver', [...written(`(?:LsaDbExtPt|DirectoryServiceExtPt|RunAsPPL)`)]],
  ['appinit', [...written(`(?:AppInit_DLLs|LoadAppInit)`)]],
  ['appcert', [...written(`AppCertDlls`)]],
  [
    'visual-basic',
    [
      /\b[cw]script(?:\.exe)?["']?[^\n;&|]{0,160}\.vb[se]\b|\bmshta\b[^\n;&|]{0,160}\.vb[se]\b|vbscript:|Invoke-MalDoc/i,
      new RegExp(`(?:(?:^|[\\n;&|(]) *|${STARTERS})(?:[^\\s"'|;&<>()]{1,260}|["'][^"'\\n]{1,260})\\.vb[se]\\b`, 'i'),
    ],
  ],
  ['netsh-helper', [/\bnetsh(?:\.exe)?["']? +add +helper|SOFTWARE\\(?:Microsoft\\)?Netsh/i]],
  ['emond', [/\/emond\.d\/|\bemond\b[^\n]{0,40}\.plist/i]],
  [
    'wmi-subscription',
    [
      /__EventFilter|EventConsumer|FilterToConsumerBinding|register-wmievent|set-wmiinstance|root[\\/]subscription|\bmofcomp(?:\.exe)?["']? +[^\n]{0,120}(?:temp|tmp|public|appdata|downloads|%|\$)/i,
    ],
  ],
  [
    'uac-bypass',
    [
      /(?:mscfile|ms-settings|exefile|folder|AppX82a6gwre4fdg3bt635tn5ctqjf8msdd2|\.pwn)\\+shell\\+(?:open|runas)\\+command|\bfodhelper|\bakagi|\buacme\b|\buacmagic|uacbypass|dccwbypass|dccombypass|DelegateExecute|ucmDccw|\\\\\?\\C:\\Windows \\|windir[^\n]{0,40}cmd(?:\.exe)?[^\n]{0,20}&&? *REM|Invoke-(?:Fodhelper|BypassUAC)|\bcmstplua\b/i,
      ...written(
        `(?:EnableLUA|ConsentPromptBehavior|PromptOnSecureDesktop|FilterAdministratorToken|LocalAccountTokenFilterPolicy|eventvwr|sdclt|slui|computerdefaults|wsreset|SilentCleanup|windir)`,
      ),
      /start-process[^\n]{0,40}(?:computerdefaults|sdclt|wsreset|slui|eventvwr)/i,
    ],
  ],
  [
    'token-impersonation',
    [
      /juicypotato|rottenpotato|sweetpotato|printspoofer|godpotato|\bnsudo|\bincognito\.exe|token::elevate|invoke-tokenmanipulation|\bget-?system\b(?![^\n]{0,20}info)|bad[- ]?potato|efspotato|impersonatelogged|DuplicateToken/i,
    ],
  ],
  [
    'process-with-token',
    [
      /CreateProcessWithToken|CreateProcessAsUser|\brunas(?:\.exe)?["']?[^\n]{0,60}\/(?:netonly|savecred)|GetTokenInformation|gwmi win32_process[^\n]{0,120}owner|get-createprocessfromparent/i,
    ],
  ],
  [
    'injection',
    [
      /CreateRemoteThread|\binject(?:view|context|proc|shellcode|dll|or)(?:\.exe)?\b|\bRedVanity\b|EtwpCreateEtwThread|\bCreateThread(?:Native)?\b|VirtualAlloc(?:Ex)?\b|WriteProcessMemory|\bshellcode\b|uuid_?inject|NtMapViewOfSection|QueueUserAPC|\bsrdi\b|Invoke-ReflectivePE|invoke-pshellcode|ReadProcessMemory|redinjection|\bprocess ?injection|\binjection(?:\.exe|\.dll|\.ps1)/i,
    ],
  ],
  [
    'hollowing',
    [
      /process ?hollow|hollowing|hollow\w*\.(?:exe|ps1|dll|c|cs)\b|invoke-\w*hollow|CreateProcessWithPipe|RunPE\b|ZwUnmapViewOfSection/i,
    ],
  ],
  ['doppelganging', [/doppelg|herpaderp|process ?ghosting|ghosting\.exe/i]],
  ['rootkit', [/\brootkit\b|diamorphine|\breptile(?:_cmd|\.ko|\/)|capcom\.sys|puppetstrings/i]],
  [
    'exploit-privileges',
    [
      /printnightmare|invoke-nightmare|hivenightmare|dirty ?(?:pipe|cow)|pwnkit|sudoedit -s|zerologon|\bcve-20\d\d-\d{4,5}[^\s]{0,40}(?:\.exe|\.py|\.sh|\.ps1|-exploit|\/exploit)/i,
    ],
  ],
  [
    'poisoning',
    [/inveigh|\bresponder\.py\b|\bresponder +-[iI]\b|ntlmrelay|llmnr[-_ ]?(?:poison|spoof)|nbns[-_]?spoof/i],
  ],
  [
    'regsvr32',
    [
      /\bregsvr32(?:\.exe)?["']?[^\n]{0,160}(?:\/i:|-i:|scrobj|https?:|\\\\[^\\\s]{2,}\\|\\(?:temp|tmp|appdata|public|downloads|programdata|perflogs)\\|%temp%|\$env:|\.(?:sct|txt|jpg|png|dat|tmp|ocx\w|log|gif|cpl|ini)\b)|\bregsvr32(?:\.exe)?["']?[^\n]{0,60} ["']?(?:[a-z]:\\)?(?!(?:windows|program|users)\b)[^\s\\"':]{1,60}\.dll\b/i,
    ],
  ],
  [
    'web-shell',
    [
      /(?:\becho\b|\bprintf\b|\bcurl\b|\bwget\b|\biwr\b|invoke-webrequest|certutil|set-content|out-file|add-content|\btee\b|xcopy|copy)[^\n]{0,200}(?:wwwroot|\/var\/www\/|htdocs|webapps[\\/])[^\n]{0,80}\.(?:aspx?|ashx|php\d?|jspx?|phtml|war)\b/i,
      /(?:wwwroot|\/var\/www\/|htdocs)[^\n]{0,80}(?:cmd|shell|backdoor|b64|eval|system)\w{0,12}\.(?:aspx?|php|jsp)/i,
    ],
  ],
  [
    'authorized-keys',
    [
      /(?:>|\b(?:tee|cp|mv|install|sed|ln|curl|wget|scp|rsync|touch|nano|vim?|ssh-copy-id|dd|set-content|add-content|out-file|copy|copy-item)\b)[^\n;&|]{0,200}authorized_keys|authorized_keys[^\n]{0,200}(?:>>?|\btee\b)[^\n]{0,80}\$|\bssh-copy-id\b|esxcli[^\n]{0,80}sshkey/i,
    ],
  ],
  [
    'container-escape',
    [
      /hostPID|\bnsenter\b[^\n]{0,40}(?:-t *1\b|--target[ =]1\b|--mount)|release_agent|\/proc\/1\/root|--privileged\b[^\n]{0,200}(?:-v +\/:|chroot|nsenter|--pid[= ]host|\/dev\/(?:sd|vd|dm))| (?:-v *|--volume[= ]+)["']?\/:\/| --mount[= ][^\s,]{0,40}(?:,[^\s,]{1,80}){0,6}(?<=\b(?:src|source)=\/),|--unix-socket[^\n]{0,40}docker\.sock|\bdocker\.sock[^\n]{0,120}(?:\bdocker(?: +-\S+)* +(?:run|exec)\b|containers\/create|chroot|nsenter|\/bin\/(?:ba)?sh\b)/i,
    ],
  ],
  [
    'destroyed',
    [
      /\bsdelete|\bcipher(?:\.exe)?["']? +\/w|\bdd\b(?=[^\n;&|]{0,100}if=\/dev\/(?:zero|u?random))[^\n;&|]{0,100}of=["']?\/dev\/(?!null|shm)|\bformat +[a-z]: +\/|rm +-(?=\w*r)\w+ +(?:--no-preserve-root +)?\/(?:\*| |$)|--no-preserve-root|\bwiper\b|aws s3 rb[^\n]{0,60}--force|esxi[^\n]{0,20}vmdk[^\n]{0,20}rm/i,
    ],
  ],
  [
    'encrypted',
    [
      /\bccencrypt\b|\bopenssl +(?:rsautl|pkeyutl|enc)[^\n]{0,80}-encrypt|7z[^\n]{0,30}-p\S[^\n]{0,80}\.(?:lock|enc)\b|\b(?:akira|lockbit)(?:\.exe|_|-)|ransom(?:ware|note)|\bdiskcryptor|\.encrypted\b|(?:\bfor\b|\bfind\b|\bxargs\b|\bwhile\b)[^]{0,200}\b(?:gpg|openssl)\b[^\n]{0,80}(?: -(?:c|e)\b|--symmetric|--encrypt| enc )|\bgpg\b[^\n]{0,80}(?:--passphrase|--passphrase-fd)[^\n]{0,60}(?:-c\b|--symmetric)|\bmanage-bde\b[^\n]{0,40} -(?:on|protectors)[^\n]{0,60}(?:password|-pw)/i,
    ],
  ],
  [
    'recovery-inhibited',
    [
      /vssadmin(?:\.exe)?["']? +delete|vssadmin(?:\.exe)?["']? +resize[^\n]{0,120}maxsize=\d{1,3}MB|wbadmin(?:\.exe)?["']? +delete +(?:catalog|systemstatebackup|backup\b[^\n]{0,60}keepVersions:0)|shadowcopy[^\n]{0,40}delete|Win32_Shadow[Cc]opy[^\n]{0,80}(?:Delete|Remove)|bcdedit(?:\.exe)?["']?[^\n]{0,60}(?:recoveryenabled["' ]{1,3}(?:no|off|false)|bootstatuspolicy)|DisableSR\b|disable-computerrestore|sc(?:\.exe)?["']? +sdset +VSS|reagentc(?:\.exe)? +\/disable|\btmutil +disable|DisableConfig/i,
      /\b(?:del|rm|erase|remove-item)\b[^\n]{0,160}\*\.(?:bac|wbcat|bkf|vhdx?)\b|\bdel\b[^\n]{0,20}\/s[^\n]{0,160}\*\.bak/i,
      new RegExp(`(?:${WRITES.source}|schtasks[^\\n]{0,40}/(?:change|delete))[^]{0,300}SystemRestore`, 'i'),
    ],
  ],
  [
    'keychain',
    [
      /\bsecurity["']? +(?:dump-keychain|export\b)|\bsecurity["']? +find-(?:generic|internet)-password\b[^\n]{0,80} -[a-z]*[wg]|\bchainbreaker\b|(?:\bcp\b|\btar\b|\bcurl\b|\bscp\b|\bzip\b|\bcat\b)[^\n;&|]{0,100}login\.keychain/i,
    ],
  ],
  [
    'browser-secrets',
    [
      /(?:\b(?:copy|cp|xcopy|robocopy|copy-item|type|cat|get-content|gc|tar|zip|sqlite3|esentutl|mv|move|findstr|grep|scp|curl)\b|compress-archive|readallbytes|>)[^\n]{0,200}(?:[\\/](?:Login Data|Cookies|Web Data|Local State)\b|\blogins\.json\b|\bkey[34]\.db\b|Firefox[\\/]+Profiles)|(?:[\\/](?:Login Data|Web Data|Local State)\b)[^\n]{0,120}(?:copy|select|sqlite)|lazagne[^\n]{0,20}browsers|webbrowserpassview|\bsharpchrom|browserpws|\bhackbrowserdata\b|chromepass|\bsharpweb\b/i,
    ],
  ],
  [
    'credential-manager',
    [
      /vaultcmd|keymgr\.dll|\bcredman\b|dumpWC|windows\.security\.credentials|\binvoke-wcmdump\b|get-vaultcredential|vault::(?:cred|list)|credential-?manager-?(?:dump|extract)/i,
    ],
  ],
  [
    'password-managers',
    [
      /(?:\b(?:copy|cp|scp|find|dir|gci|get-childitem|where|tar|zip|mv|rsync|curl)\b)[^\n]{0,160}\.kdbx\b|keethief|keepass\.config\.xml|(?:\b(?:copy|cp|scp|tar|zip|rsync|find)\b)[^\n]{0,160}(?:bitwarden|1password|lastpass)[\\/]/i,
    ],
  ],
  [
    'password-spraying',
    [
      /(?<!kube)spray(?:ing|er)?\b|passspray|\bmsolspray\b|DomainPasswordSpray|dpsLight|sprayhound|@FOR[^\n]{0,40}users?\.txt[^\n]{0,200}net use/i,
    ],
  ],
  [
    'password-guessing',
    [
      /for[^\n]{0,120}passw[^\n]{0,160}(?:net use|sshpass|ldap|login|credential)|bruteuser|\b(?:hydra|medusa|ncrack)\b[^\n]{0,80} -[a-zA-Z]*[lLpPuUC]\b|patator|brute(?:force)?[-_ ]?(?:ssh|smb|rdp|login|user)|\bsu -c\b[^\n]{0,60}<</i,
    ],
  ],
  [
    'cloud-log-off',
    [
      /cloudtrail +(?:stop-logging|delete-trail|update-trail|put-event-selectors)|cloudtrail-(?:event-selectors|lifecycle|stop|delete)|(?:flow-?logs?[^\n]{0,20}(?:delete|remove))|(?:delete|remove)-(?:flow-logs|log-group|log-stream)|aws logs delete|delete-config(?:uration-recorder|-rule)|guardduty (?:delete|update)-detector|Set-AdminAuditLogConfig[^\n]{0,80}false|AuditBypass|AuditEnabled \$?false|diagnostic-?settings? (?:delete|remove)|gcloud logging sinks (?:delete|update)|eventhub[^\n]{0,30}(?:delete|remove)|vpc-remove-flow-logs/i,
    ],
  ],
  ['log-spoofed', [/sysmon[^\n]{0,20}driver[^\n]{0,20}name|\bperfc\.dat/i]],
  ['safe-mode', [/(?:\/set\b|\breg\b|new-item|set-item)[^\n]{0,80}safeboot/i]],
  [
    'screen',
    [
      /\bscreencapture\b|\bxwd\b|CopyFromScreen|\bpsr(?:\.exe)?["']? +\/start|\bscrot\b|import +-window root|\bgnome-screenshot|nircmd[^\n]{0,20}savescreen|get-screenshot|invoke-screenshot/i,
    ],
  ],
  [
    'audio',
    [
      /SoundRecorder|AudioDeviceCmdlets|\barecord\b|avfoundation[^\n]{0,40}:|winmm[^\n]{0,60}record|get-microphone|record\w*mic/i,
    ],
  ],
  [
    'video',
    [
      /imagesnap|video4linux|\bffmpeg\b[^\n]{0,60}(?:v4l2|dshow|avfoundation)|avicap|webcam(?:_|\.|-)(?:snap|capture|record)/i,
    ],
  ],
  [
    'mail-collected',
    [
      /get-inbox|(?:\b(?:copy|cp|xcopy|robocopy|copy-item|dir|find|gci|get-childitem|tar|zip)\b)[^\n]{0,160}\.(?:ost|pst)\b|mailboxexportrequest|Outlook\.Application[^\n]{0,120}(?:folder|inbox|namespace)|new-mailboxexport|mailsniper|owa[^\n]{0,20}search/i,
    ],
  ],
  [
    'cloud-exfiltration',
    [
      /\brclone(?:\.exe)?["']? +(?:copy|sync|move|copyto)|mega(?:cmd|sync|put)\b|mega\.nz|dropboxapi|(?:curl|invoke-webrequest|wget|iwr|irm)[^\n]{0,200}(?:dropbox|drive\.google|transfer\.sh)|onedrive[^\n]{0,30}upload/i,
    ],
  ],
  [
    'electron',
    [/--gpu-launcher|--utility-cmd-prefix|ELECTRON_RUN_AS_NODE|teams\.exe[^\n]{0,60}--(?:gpu-launcher|utility-cmd)/i],
  ],
  ['browser-extension', [/--load-extension|ExtensionInstallForcelist|\.crx\b/i]],
  [
    'keylogging',
    [
      /keystroke|(?<!ssl)keylog|getasynckeystate|\bpam_tty_audit\b|PROMPT_COMMAND[^\n]{0,80}(?:logger|tee)|trap [^\n]{0,120}BASH_COMMAND[^\n]{0,80}(?:log|>>)|enable_?tty|tty_audit/i,
    ],
  ],
  [
    'resources-used',
    [
      /\bxmrig\b|stratum\+(?:tcp|ssl)|--donate-level\b|--coin[= ](?:monero|xmr)\b|\b(?:minexmr|supportxmr|moneroocean|hashvault|nanopool|2miners|herominers|c3pool|unmineable|minergate|f2pool|nicehash|xmrpool|dwarfpool|miningpoolhub)\.\w{2,8}\b|cpuminer|minerd|yes *> *\/dev\/null|while\(\(Get-Date\)[^\n]{0,80}\[math\]|cryptonight/i,
    ],
  ],
  [
    'accessibility',
    [
      /(?:\b(?:copy|xcopy|takeown|icacls|reg|cp|move|mv|ren|rename)\b|copy-item|set-item|new-item|rename-item)[^]{0,300}(?:\b(?:sethc|utilman|osk|magnify|narrator|displayswitch|atbroker)(?:\.exe|_backup)|Accessibility\\ATs)|(?:Image File Execution Options|Accessibility\\ATs)[^]{0,300}(?:add|set|new)/i,
    ],
  ],
  [
    'non-application-c2',
    [
      /\b(?:ncat|nc)(?:\.exe|\.openbsd|\.traditional)?["']?(?![^\n;&|]{0,60} -[a-z]*z)[^\n;&|]{0,80}\b\d{2,5}\b|invoke-powershell(?:icmp|tcp|udp)|powercat|icmp(?:sh|tunnel)|\bsocat +|\bnetcat +(?![^\n;&|]{0,60}-[a-z]*z)[^\n;&|]{0,60}\d{2,5}/i,
    ],
  ],
]);

/** All patterns of acts, for whoever sorts out which of them can match. */
export const ACT_PATTERNS: readonly RegExp[] = [...ACTS.values()].flat();
