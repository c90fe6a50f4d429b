/** Stealth and defence impairment: what hides, and what switches off whoever would see. */
import { WRITES, type CommandRule } from './rule.ts';

/** Our own rules. */
export const STEALTH_RULES: readonly CommandRule[] = [
  {
    id: 'steganography',
    technique: 'T1001.002',
    strength: 3,
    title: 'hides data in a picture',
    pattern:
      /extract-invoke-psimage|invoke-psimage|steghide|\.(?:jpe?g|png)["' ,][^\n]{0,120}(?:-encoding byte|copy \/b|\.tar)|steganograph/i,
  },
  {
    id: 'direct-volume',
    technique: 'T1006',
    strength: 3,
    title: 'reads a volume past the file system',
    acts_by_reading: true,
    pattern: /\\\\\.\\(?:[a-z]:|PhysicalDrive|HarddiskVolume)|New-Object IO\.FileStream "\\\\|\bninjacopy\b/i,
  },
  {
    id: 'rootkit',
    technique: 'T1014',
    strength: 3,
    title: 'loads a rootkit',
    pattern: /\brootkit\b|diamorphine|reptile|capcom\.sys|puppetstrings|\bloadable kernel module[^\n]{0,40}hid/i,
  },
  {
    id: 'obfuscated',
    technique: 'T1027',
    strength: 2,
    title: 'hides what it does in its own text',
    pattern:
      /-f *["'][^"'\n]{1,40}["'] *,[^\n]{0,200}["']\{\d\}|\(["']\{\d\}\{\d\}|\[char\] *(?:0x)?\d{2,3} *\+|-join *\(?\[char|(?:\^[a-z]){4}|%[a-z]+:~-?\d+,-?\d+%[^\n]{0,40}%[a-z]+:~|\$env:[a-z]+\[\d|FromBase64String|ToBase64String|(?:base64|b64decode|openssl +(?:enc +)?-?base64) +(?:-d|-D|--decode|-r)(?! +[\w.\/~-]{1,200} *>)|-(?:e|ec|enc|encodedcommand) +["']?[A-Za-z0-9+/=]{40}|-bxor|StringReverse|Invoke-Obfuscation|dosfuscation|\$\{[^\n}]{0,20}[~!@#$%^&*]{2}/i,
  },
  {
    id: 'packed',
    technique: 'T1027.002',
    strength: 3,
    title: 'uses a packed program',
    pattern: /\bupx\b|_upx|--brute|vmprotect|themida/i,
  },
  {
    id: 'compiled-there',
    technique: 'T1027.004',
    strength: 3,
    title: 'compiles a program on the machine',
    pattern:
      /\bcsc(?:\.exe)?["']? +[^\n]{0,80}(?:\.cs\b|\/out:|\/target|-out:)|\b(?:gcc|g\+\+|cc|clang\+?\+?)["']? +[^\n]{0,80}\.(?:c|cc|cpp|m)\b|\bgo +(?:run|build)\b|dynamiccompile|CodeDomProvider|CompileAssemblyFrom|\bvbc(?:\.exe)?["']? +\/|rustc +/i,
  },
  {
    id: 'html-smuggling',
    technique: 'T1027.006',
    strength: 3,
    title: 'carries a file inside a page',
    pattern: /html ?smuggling|msSaveOrOpenBlob|createObjectURL/i,
  },
  {
    id: 'dynamic-api',
    technique: 'T1027.007',
    strength: 2,
    title: 'looks functions up by hash',
    pattern: /ninja_syscall|syscall[^\n]{0,20}\.exe|GetProcAddress[^\n]{0,80}hash|\bhellsgate\b/i,
  },
  {
    id: 'fileless',
    technique: 'T1027.011',
    strength: 2,
    title: 'keeps code in the registry',
    pattern: /HK(?:CU|LM)[^\n]{0,160}FromBase64String|FromBase64String\(\(?(?:gp|get-itemproperty)/i,
  },
  {
    id: 'command-obfuscation',
    technique: 'T1027.010',
    strength: 2,
    title: 'hides a command in odd characters',
    pattern: /\^p\^o\^w|p"o"w"e|c\^m\^d|s"c"h"t|`[a-z]`?[a-z]`[a-z]|ieX *\$\(|gcm +\(?['"]ie\{0\}/i,
  },
  {
    id: 'encoded-file',
    technique: 'T1027.013',
    strength: 3,
    title: 'unpacks an encoded or encrypted file',
    pattern:
      /ConvertTo-SecureString[^\n]{0,40}(?:-key|76492d11)|FromBase64String[^\n]{0,160}WriteAllBytes|xor[^\n]{0,40}(?:decrypt|encrypt)/i,
  },
  {
    id: 'invisible-unicode',
    technique: 'T1027.018',
    strength: 3,
    title: 'uses invisible characters in names',
    pattern: /\[char\] *0x(?:200[b-f]|202[a-e]|206\d|feff)|\\u200[b-f]|\\u202[a-e]/i,
  },
  {
    id: 'renamed-tool',
    technique: 'T1036.003',
    strength: 3,
    title: 'gives a system program another name',
    pattern:
      /(?:copy|cp|copy-item|ren|move|mv|xcopy)["']? +[^\n]{0,160}\b(?:cmd|powershell|cscript|wscript|rundll32|certutil|regsvr32|mshta|psexec|net|wmic|calc|notepad|svchost|\$env:ComSpec|bin\/sh|bin\/bash)(?:\.exe)?["')]* +[^\n]{0,120}\.(?:exe|scr|com|tmp|dat|txt|jpg)|\bcp +\/bin\/(?:sh|bash)|copy +["']?\$env:ComSpec/i,
  },
  {
    id: 'masqueraded-service',
    technique: 'T1036.004',
    strength: 3,
    title: 'names a task or service like one of the system',
    pattern:
      /\bsc(?:\.exe)? +create +["']?(?:win32times?|windows ?update|svch0st|wuauserv\w)|mount -B \/proc\/|exec -a +["']?\[|prctl|schtasks[^\n]{0,40}\/tn +["']?win32times/i,
  },
  {
    id: 'masqueraded-place',
    technique: 'T1036.005',
    strength: 2,
    title: 'puts a program where one of the system is expected',
    pattern:
      /mkdir[^\n]{0,60}\/\.\.\.|\/(?:tmp|dev\/shm|var\/tmp)[^\n]{0,40}\/(?:sh|bash|sshd|cron|kworker)\b|(?:temp|appdata|public|programdata)[^\n]{0,40}\\(?:svchost|lsass|csrss|explorer|services|winlogon|taskhostw?|spoolsv)\.exe/i,
  },
  {
    id: 'space-after-name',
    technique: 'T1036.006',
    strength: 3,
    title: 'ends a name in a space',
    pattern: /["'][^"'\n]{1,60}\.(?:txt|pdf|docx?|jpg) +["']|\\ +(?:["']\s*|[^\S ]\s*)?$/i,
    also: /chmod|mv |cp |open |touch|\.\//i,
  },
  {
    id: 'double-extension',
    technique: 'T1036.007',
    strength: 3,
    title: 'hides the real ending of a file',
    pattern: /\.(?:pdf|docx?|xlsx?|jpe?g|png|txt|zip)\.(?:exe|scr|sh|com|vbs|js|ps1|bat|cmd|lnk)\b/i,
  },
  {
    id: 'masquerading',
    technique: 'T1036',
    strength: 1,
    title: 'copies a system program elsewhere',
    pattern: /copy(?:-item)?["']? +[^\n]{0,60}system32\\[a-z]+\.exe/i,
  },
  {
    id: 'injection',
    technique: 'T1055',
    strength: 2,
    title: 'puts code into another process',
    pattern:
      /CreateRemoteThread|\binject(?:ion|view|context|proc|shellcode|dll|or)?\b[^\n]{0,40}|\bRedVanity\b|EtwpCreateEtwThread|\bCreateThread(?:Native)?\b|VirtualAlloc(?:Ex)?\b|WriteProcessMemory|\bshellcode\b|uuid_?inject|NtMapViewOfSection|QueueUserAPC|\bsrdi\b|Invoke-ReflectivePE|invoke-pshellcode|ReadProcessMemory|redinjection/i,
  },
  {
    id: 'dll-injection',
    technique: 'T1055.001',
    strength: 3,
    title: 'loads a library into another process',
    pattern: /dll ?injection|Invoke-DllInjection|LoadLibrary[^\n]{0,40}Remote/i,
  },
  {
    id: 'hijacked-thread',
    technique: 'T1055.003',
    strength: 3,
    title: 'takes over a thread',
    pattern: /SetThreadContext|SuspendThread|injectcontext/i,
  },
  {
    id: 'apc-injection',
    technique: 'T1055.004',
    strength: 3,
    title: 'queues code to a thread',
    pattern: /QueueApc|QueueUserAPC|EarlyBird/i,
  },
  {
    id: 'proc-memory-written',
    technique: 'T1055.009',
    strength: 3,
    title: 'writes into the memory of a process',
    pattern:
      /\/proc\/[^\n]{1,20}\/mem\b[^\n]{0,40}(?:dd|of=|>)|got_?injection|rop_?(?:mprotect|chain)|instruction_?overwrite|return_address/i,
  },
  {
    id: 'hollowing',
    technique: 'T1055.012',
    strength: 3,
    title: 'replaces the content of a process',
    pattern: /hollow|CreateProcessWithPipe|RunPE\b|ZwUnmapViewOfSection/i,
  },
  {
    id: 'doppelganging',
    technique: 'T1055.013',
    strength: 3,
    title: 'runs a process out of a transaction',
    pattern: /doppelg|herpaderp|ghosting/i,
  },
  {
    id: 'listplanting',
    technique: 'T1055.015',
    strength: 3,
    title: 'hides code in a list of a window',
    pattern: /listplanting/i,
  },
  {
    id: 'history-cleared',
    technique: 'T1070.003',
    strength: 3,
    title: 'clears the history of commands',
    pattern:
      /(?:rm|shred|truncate|unlink|>|ln -sf?|cat \/dev\/null|echo)[^\n]{0,60}\.?(?:bash|zsh|sh)_history|\bhistory +-c|clear-history|HistorySavePath|ConsoleHost_history[^\n]{0,40}|unset HISTFILE|set \+o history|-HistorySaveStyle|\/var\/lib\/docker\/containers|rm[^\n]{0,30}\$HISTFILE/i,
  },
  {
    id: 'logs-cleared-other',
    technique: 'T1070',
    strength: 2,
    title: 'removes traces',
    pattern:
      /fsutil(?:\.exe)?["']? +usn +deletejournal|\busn deletejournal|\bwevtutil\b[^\n]{0,20}indicator|\b(?:del|remove-item|rm)\s[^\n]{0,80}(?:\\recent\\|jumplist|\\prefetch\b|setupapi\.dev\.log)|Remove-WebConfigurationProperty|IndexedDB|copy-item[^\n]{0,60}\.txt[^\n]{0,80}remove-item|chattr \+i[^\n]{0,40}log/i,
  },
  {
    id: 'file-deleted',
    technique: 'T1070.004',
    strength: 1,
    title: 'deletes files',
    pattern:
      /\bdel(?:\.exe)? +(?:\/[a-z] +)*["']?[%$\\a-z]|\berase +|\brmdir +\/s|\brd +\/s|remove-item\b(?!property)(?![^\n]{0,60}HK)|\brm +-[a-z]*f|\bshred\b|\bsdelete\b|\bunlink\b|\bsrm\b|Prefetch\\/i,
  },
  {
    id: 'share-removed',
    technique: 'T1070.005',
    strength: 3,
    title: 'removes a network share',
    pattern:
      /\bnet(?:\.exe)?["']? +(?:share|use)\b[^\n]{0,80}\/del|remove-(?:smb|file)share|AutoShare(?:Server|Wks)|remove-smbmapping|disable[^\n]{0,20}admin ?shares?/i,
  },
  {
    id: 'timestomp',
    technique: 'T1070.006',
    strength: 3,
    title: 'changes the times of a file',
    pattern:
      /timestomp|\.(?:CreationTime|LastWriteTime|LastAccessTime)(?:Utc)? *= *|\btouch +-(?:(?=[a-z]*[amt])[a-z]+|-date|r)\b|\bsetfile -[md]|\bdate +\d{8,12}\b|date -s|timedatectl set-time|debugfs -w/i,
  },
  {
    id: 'mail-cleared',
    technique: 'T1070.008',
    strength: 3,
    title: 'removes mail',
    pattern:
      /\/var\/(?:spool\/)?mail\b|~?\/Library\/Mail|ComposeMail|New-ComplianceSearchAction[^\n]{0,40}purge|remove-mailitem|Windows Mail|unistore/i,
  },
  {
    id: 'deobfuscate',
    technique: 'T1140',
    strength: 3,
    title: 'decodes a file',
    pattern:
      /certutil(?:\.exe)?["']? +(?:-[fv] +)*[-/](?:decode|encode|decodehex)|\b(?:base64|b64decode) +(?:-d|-D|--decode|-r)|decode_base64|b64decode\(|-(?:de|en)code +[^\n]{0,80}\.(?:exe|txt|tmp)|unxz|\bxxd -r|xor_decrypt|expand(?:\.exe)? +[^\n]{0,60}-F:|tcm\.tmp/i,
  },
  {
    id: 'developer-tools',
    technique: 'T1127',
    strength: 3,
    title: 'runs code through a tool of developers',
    pattern:
      /\bjsc(?:\.exe)?\b|\bcdb\.exe|\bwinappdeploy|\bdnx(?:\.exe)?\b|\brcsi\b|\bbginfo\b|\bvisualuiaverify|aspnet_compiler|\bmsdeploy\b/i,
  },
  {
    id: 'msbuild',
    technique: 'T1127.001',
    strength: 3,
    title: 'builds and runs a project',
    pattern: /\bmsbuild(?:\.exe)?\b/i,
  },
  {
    id: 'indirect',
    technique: 'T1202',
    strength: 3,
    title: 'has another program start something',
    pattern:
      /\bpcalua\b|\bforfiles\b|\bconhost(?:\.exe)?["']? +["'a-z]|\bscriptrunner\b|\bbash(?:\.exe) +-c|RunMRU|Explorer[^\n]{0,30}\/root|wlrmdr|\bwaitfor\b|Start-Process -FilePath [^\n]{0,40}Shell:|ssh(?:\.exe)? -o ProxyCommand|sendkeys[^\n]{0,40}\^\{?ESC|explorer(?:\.exe)?["']? +\/root/i,
  },
  {
    id: 'rogue-dc',
    technique: 'T1207',
    strength: 3,
    title: 'acts as a domain controller',
    pattern: /dcshadow|lsadump::dcshadow/i,
  },
  {
    id: 'xsl',
    technique: 'T1220',
    strength: 3,
    title: 'runs script out of a style sheet',
    pattern: /\bmsxsl\b|wmic[^\n]{0,80}\/format:["']?(?!csv|list|table|htable|value|rawxml|mof)[^\n]{4}/i,
  },
  {
    id: 'script-proxy',
    technique: 'T1216',
    strength: 3,
    title: 'runs script through a signed script',
    pattern:
      /\bpubprn\.vbs|SyncAppvPublishingServer|\bmanage-bde\.wsf|\bwinrm\.vbs|CL_(?:Invocation|Mutexverifiers|LoadAssembly)|UtilityFunctions\.ps1|pester\.bat|slmgr\.vbs/i,
  },
  {
    id: 'template-injection',
    technique: 'T1221',
    strength: 3,
    title: 'opens a document with a template from elsewhere',
    pattern: /attachedTemplate|template injection/i,
  },
  {
    id: 'permissions-windows',
    technique: 'T1222.001',
    strength: 3,
    title: 'changes who may use files',
    pattern:
      /\bicacls\b|\bcacls\b|\btakeown\b|\battrib(?:\.exe)?["']? +[-+]r\b|set-acl\b|\bsubinacl\b|SymlinkEvaluation|SymlinkRemoteTo/i,
  },
  {
    id: 'permissions-unix',
    technique: 'T1222.002',
    strength: 3,
    title: 'changes who may use files',
    pattern:
      /\bchmod\b(?! *(?:\+x|u\+xs|g\+xs|[ugo]*\+[a-z]*s|[2467]\d{3})\b)|\bchown\b|\bchgrp\b|\bchattr +-[a-z]|chown\.c|\bsetfacl\b/i,
  },
  {
    id: 'chm',
    technique: 'T1218.001',
    strength: 3,
    title: 'opens a compiled help file',
    pattern: /\bhh(?:\.exe)?["']? +[^\n]{0,80}|\.chm\b/i,
  },
  {
    id: 'control-panel',
    technique: 'T1218.002',
    strength: 3,
    title: 'runs an item of the control panel',
    pattern: /\bcontrol(?:\.exe)?["']? +[^\n]{0,80}\.cpl|Control Panel\\Cpls/i,
  },
  {
    id: 'cmstp',
    technique: 'T1218.003',
    strength: 3,
    title: 'installs a profile that runs code',
    pattern: /\bcmstp(?:\.exe)?\b/i,
  },
  {
    id: 'installutil',
    technique: 'T1218.004',
    strength: 3,
    title: 'runs code through InstallUtil',
    pattern: /installutil/i,
  },
  {
    id: 'mshta',
    technique: 'T1218.005',
    strength: 3,
    title: 'runs an HTML application',
    pattern: /\bmshta(?:\.exe)?\b|\.hta\b/i,
  },
  {
    id: 'msiexec',
    technique: 'T1218.007',
    strength: 3,
    title: 'runs code through the installer',
    pattern:
      /\bmsiexec(?:\.exe)?["']? +[^\n]{0,20}\/(?:q|i|y|z|package)|Win32_Product[^\n]{0,120}(?:install|PackageLocation)|\.msi\b[^\n]{0,40}\/q/i,
  },
  {
    id: 'odbcconf',
    technique: 'T1218.008',
    strength: 3,
    title: 'loads a library through odbcconf',
    pattern: /\bodbcconf(?:\.exe)?\b/i,
  },
  {
    id: 'regsvcs',
    technique: 'T1218.009',
    strength: 3,
    title: 'runs code through Regsvcs or Regasm',
    pattern: /\bregsvcs\b|\bregasm\b|EnterpriseServices\.dll/i,
  },
  {
    id: 'regsvr32',
    technique: 'T1218.010',
    strength: 3,
    title: 'registers a server that runs code',
    pattern: /\bregsvr32(?:\.exe)?\b(?![^\n]{0,40}VirtualBox)/i,
  },
  {
    id: 'rundll32',
    technique: 'T1218.011',
    strength: 2,
    title: 'runs a function of a library',
    pattern: /\brundll32(?:\.exe)?["']? +[^\n]{2}/i,
  },
  {
    id: 'rundll32-odd',
    technique: 'T1218.011',
    strength: 3,
    title: 'runs script or another program through rundll32',
    pattern:
      /rundll32(?:\.exe)?["']? +[^\n]{0,120}(?:javascript:|vbscript:|mshtml|LaunchINFSection|SetupInfObject|InstallHinfSection|OpenURL|FileProtocolHandler|LaunchApplication|StartW|Control_RunDLL|InstallScreenSaver|RouteTheCall|ShellExec_RunDLL|RegisterOCX|PrintHTML|#\d|,krnl|\.(?:png|jpg|init|dat|txt|tmp))/i,
  },
  {
    id: 'verclsid',
    technique: 'T1218.012',
    strength: 3,
    title: 'runs a class through verclsid',
    pattern: /\bverclsid\b/i,
  },
  {
    id: 'mavinject',
    technique: 'T1218.013',
    strength: 3,
    title: 'puts a library into a process through mavinject',
    pattern: /\bmavinject(?:\.exe)?["']?/i,
  },
  {
    id: 'mmc',
    technique: 'T1218.014',
    strength: 2,
    title: 'runs code through the management console',
    pattern: /\bmmc(?:\.exe)?["']? +[^\n]{0,80}\.msc/i,
  },
  {
    id: 'electron',
    technique: 'T1218.015',
    strength: 3,
    title: 'runs code through an application made with Electron',
    pattern: /--gpu-launcher|--utility-cmd-prefix|ELECTRON_RUN_AS_NODE|teams\.exe[^\n]{0,60}--|--inspect-brk/i,
  },
  {
    id: 'binary-proxy',
    technique: 'T1218',
    strength: 3,
    title: 'runs code through a signed program',
    pattern:
      /register-cimprovider|infdefaultinstall|microsoft\.workflow\.compiler|\bdiskshadow(?:\.exe)?["']? +[-/]s|wuauclt(?:\.exe)?["']? +\/UpdateDeploymentProvider|\bgpscript(?:\.exe)?\b|\bie4uinit\b|\bprovlaunch\b|Provisioning\\Commands|\bextexport\b|\bpresentationhost\b|\bxwizard\b|\bdevtoolslauncher|\bodbcad32|\bsyncappv|\bwsl(?:\.exe)? +-e|\bcmdl32\b|\bstordiag\b|\bmsedge_proxy|\bcustomshellhost|\bsquirrel\b|\bupdate\.exe +--(?:processStart|download)|\bwab\.exe|certoc|\bkernelpackage|aspnet_compiler|\bimewdbld|powershell[^\n]{0,40}-psconsolefile|SettingSyncHost/i,
  },
  {
    id: 'trust-subverted',
    technique: 'T1553',
    strength: 3,
    title: 'weakens what checks signatures',
    pattern:
      /testsigning +on|nointegritychecks|Unblock-File|xattr +-[a-z]*d|spctl[^\n]{0,20}--(?:master-disable|add)|Mount-DiskImage|dismount-diskimage|ZoneIdentifier|Zone\.Identifier|\\Cryptography\\(?:OID|Providers\\Trust)|SaveZoneInformation|FuncName|driver ?signature|LoadIntegrityCheck/i,
  },
  {
    id: 'root-certificate',
    technique: 'T1553.004',
    strength: 3,
    title: 'trusts another root certificate',
    pattern:
      /certutil(?:\.exe)?["']? +[^\n]{0,30}-addstore|import-certificate|add-trusted-cert|update-ca-(?:certificates|trust)|\/etc\/pki\/ca-trust|ca-certificates|\.CertStoreLocation|New-SelfSignedCertificate|X509Store|SystemCertificates/i,
  },
  {
    id: 'hide-artifacts',
    technique: 'T1564',
    strength: 2,
    title: 'hides something from users',
    pattern: /macrocode|\bnircmd\b[^\n]{0,40}hide|net(?:\.exe)? +user +\$ |vssadmin[^\n]{0,20}resize/i,
  },
  {
    id: 'hidden-files',
    technique: 'T1564.001',
    strength: 3,
    title: 'hides files',
    pattern:
      /\battrib(?:\.exe)?["']? +[^\n]{0,20}\+[hs]\b|(?:mkdir|touch|mv|cp|echo)[^\n]{0,120}\/\.[a-z][^\s\/]{0,40}(?:\s|\/|$)|chflags +hidden|AppleShowAllFiles|ShowSuperHidden|Advanced["']? +[^\n]{0,40}\/v +Hidden\b|setfile -a v|xattr -lr/im,
  },
  {
    id: 'hidden-users',
    technique: 'T1564.002',
    strength: 3,
    title: 'hides an account',
    pattern: /IsHidden +1|UniqueID +(?:[1-4]?\d{1,2})\b|SpecialAccounts\\Userlist|Hide500Users|user +\S{1,40}\$ +/i,
  },
  {
    id: 'hidden-window',
    technique: 'T1564.003',
    strength: 2,
    title: 'opens no window',
    pattern:
      /-w(?:indow)?(?:style)? +["']?(?:hidden|1\b)|WindowStyle *(?:= *)?["']?hidden|\bheadless\b[^\n]{0,60}(?:conhost|--)|conhost[^\n]{0,20}--headless/i,
  },
  {
    id: 'alternate-stream',
    technique: 'T1564.004',
    strength: 3,
    title: 'hides data in an alternate stream',
    pattern:
      /\.[a-z]{1,4}:[a-z_]+\.?[a-z]{0,4}\b["']?(?=[^\n\\/]{0,4}(?:\s|$|["')&]))|-stream +["']?(?!zone)|::\$index_allocation|::\$data|extrac32[^\n]{0,120}\.txt:/im,
  },
  {
    id: 'virtual-instance',
    technique: 'T1564.006',
    strength: 3,
    title: 'hides in a virtual machine',
    pattern: /\bvboxmanage\b|VBoxSVC|VBoxHeadless|New-VM\b|\bqemu-system|Microsoft-Hyper-V|VirtualBox/i,
  },
  {
    id: 'vba-stomping',
    technique: 'T1564.007',
    strength: 3,
    title: 'hides the code of a macro',
    pattern: /vba ?stomp|evilclippy/i,
  },
  {
    id: 'mail-rules',
    technique: 'T1564.008',
    strength: 3,
    title: 'hides mail by rules',
    pattern: /new-inboxrule|set-inboxrule|new-transportrule|gmail[^\n]{0,20}filter/i,
  },
  {
    id: 'file-paths-excluded',
    technique: 'T1564.012',
    strength: 2,
    title: 'works where the scanner is told not to look',
    pattern: /exclusion ?path[^\n]{0,60}copy/i,
  },
  {
    id: 'defender-off',
    technique: 'T1685',
    strength: 3,
    title: 'switches protection off or around',
    pattern:
      /set-mppreference|add-mppreference|DisableRealtimeMonitoring|DisableAntiSpyware|DisableAntiVirus|DisableBehaviorMonitoring|DisableIOAVProtection|MpPreference[^\n]{0,40}(?:Add|Set) |ExclusionPath|\bWinDefend\b|\bMsMpEng\b|Windows ?Defender(?![^\n]{0,40}(?:DownloadFile|MpCmdRun[^\n]{0,30}-download))|windows-defender|RemoveDefinitions|\bSense\b[^\n]{0,20}(?:stop|disabled)|HypervisorEnforcedCodeIntegrity|TamperProtection|SpynetReporting|SubmitSamplesConsent|PUAProtection|EnableNetworkProtection|MpEnablePus|EnableControlledFolder/i,
  },
  {
    id: 'amsi-off',
    technique: 'T1685',
    strength: 3,
    title: 'switches the scanning of scripts off',
    pattern:
      /AmsiUtils|amsiInitFailed|AMSI[^\n]{0,40}(?:bypass|Providers|disable)|AmsiEnable|amsiScanBuffer|\bblocketw|ETWEnabled|COMPlus_ETW|etw[^\n]{0,20}(?:patch|bypass)|EventProvider[^\n]{0,60}m_enabled|inv-phantom/i,
  },
  {
    id: 'security-tool-stopped',
    technique: 'T1685',
    strength: 3,
    title: 'stops or removes a security tool',
    narrower: { technique: 'T1685.004', pattern: /\bauditd\b/i },
    pattern:
      /(?:stop|disable|uninstall|remove|unload|kill|taskkill|delete|sc |fltmc|launchctl|systemctl|service|pkill|rpm -e|dpkg)[^\n]{0,80}(?:sysmon|falcon|crowdstrike|sentinel|carbon ?black|cbdaemon|cbdefense|sophos|mcafee|symantec|avast|kaspersky|eset|malwarebytes|littlesnitch|osquery|filebeat|auditbeat|winlogbeat|splunk|wazuh|ossec|aide|clamav|mdatp|rsyslog|syslogd?|auditd|journald|apparmor|arbor|nessus|opendns|tanium|cylance|uninst\.exe|backstab)|sysmon(?:64)?(?:\.exe)?["']? +-u|fltmc(?:\.exe)?["']? +unload|\bbackstab|setenforce +0|SELINUX=(?:disabled|permissive)|\bedrsandblast|\bkillav\b|processhacker|\bpchunter|\bgmer\b|uninstall(?:er)?[^\n]{0,60}(?:antivirus|protection)|mdatp config|freedom[^\n]{0,20}\.exe|aadintpasspermission/i,
  },
  {
    id: 'logging-configured-off',
    technique: 'T1685',
    strength: 2,
    title: 'has logs not be written',
    pattern:
      /journald\.conf|audispd\.conf|\/etc\/(?:r?syslog(?:-ng)?\.conf|auditd\.conf|audit\/)|Autologger|logman(?:\.exe)?["']? +(?:update|stop|delete)|ScriptBlockLogging|ModuleLogging|EnableTranscripting|randomize_va_space|sysrq|VulnerableDriverBlocklist|DeviceGuard|LsaCfgFlags|RunAsPPL|OOBE[^\n]{0,60}DisablePrivacy|AutoAdminLogon|(?:VBAWarnings|DisableInternetFilesInPV|DisableAttachementsInPV|DisableUnsafeLocationsInPV|ProtectedView|AccessVBOM)|DisableNotificationCenter|UILockdown|PolicyManager|set-etwtraceprovider|remove-etwtraceprovider|unregister-etwprovider|sysrc syslogd|vim-cmd hostsvc|esxcli system (?:syslog|settings)|Set-ExecutionPolicy[^\n]{0,40}LocalMachine|HVCI|smartscreen|ESXi?[^\n]{0,30}firewall|NoLockScreen|dont-?expire|ThreatIDDefaultAction/i,
  },
  {
    id: 'event-log-off',
    technique: 'T1685.001',
    strength: 3,
    title: 'has Windows not log events',
    pattern:
      /auditpol(?:\.exe)?["']? +\/(?:set|clear|remove|restore)|wevtutil(?:\.exe)?["']? +(?:sl|set-log)\b|\bWINEVT\\Channels|EventLog\\(?:Setup|Security|System|Application)|(?:sc|net|stop-service|set-service)[^\n]{0,40}\beventlog\b|invoke-phant0m|phant0m|dontLog|httpLogging|MiniNt|limit-eventlog|Remove-EventLog|ChannelAccess|\\Eventlog\\/i,
  },
  {
    id: 'cloud-log-off',
    technique: 'T1685.002',
    strength: 3,
    title: 'has a cloud not log',
    pattern:
      /cloudtrail +(?:stop-logging|delete-trail|update-trail|put-event-selectors)|cloudtrail-(?:event-selectors|lifecycle|stop|delete)|flow-?logs?[^\n]{0,20}(?:delete|remove)|(?:delete|remove)-(?:flow-logs|log-group|log-stream)|aws logs (?:delete|create-log)|delete-config(?:uration-recorder|-rule)|guardduty (?:delete|update)-detector|Set-AdminAuditLogConfig|AuditBypass|AuditEnabled \$?false|diagnostic-?settings? (?:delete|remove)|gcloud logging sinks (?:delete|update)|eventhub[^\n]{0,30}(?:delete|remove)|vpc-remove-flow-logs/i,
  },
  {
    id: 'log-spoofed',
    technique: 'T1685.003',
    strength: 2,
    title: 'fakes what a tool reports',
    pattern: /sysmon[^\n]{0,20}driver[^\n]{0,20}name|perfc|fake[^\n]{0,20}log/i,
  },
  {
    id: 'auditd-off',
    technique: 'T1685.004',
    strength: 3,
    title: 'removes the rules of the Linux audit',
    pattern: /\bauditctl +-[De]|\/etc\/audit\/rules\.d/i,
  },
  {
    id: 'event-log-cleared',
    technique: 'T1685.005',
    strength: 3,
    title: 'clears event logs',
    pattern:
      /wevtutil(?:\.exe)?["']? +(?:cl|clear-log)\b|clear-eventlog|ClearEventLog|\.Clear\(\)[^\n]{0,20}log|NTEventlogFile[^\n]{0,60}clear|remove-item[^\n]{0,60}\.evtx|del[^\n]{0,60}\.evtx/i,
  },
  {
    id: 'unix-log-cleared',
    technique: 'T1685.006',
    strength: 3,
    title: 'clears logs of Linux or macOS',
    pattern:
      /(?:rm|shred|truncate|unlink|srm|cat|dd|echo|find|>|cp \/dev\/null|tee)[^\n]{0,80}(?:\/var\/log\/|\/var\/audit|\/var\/spool\/mail\/root|\.asl\b)|log +erase|journalctl[^\n]{0,40}--(?:vacuum|rotate|flush)|\/var\/log\/(?:wtmp|btmp|lastlog|secure|auth)/i,
  },
  {
    id: 'firewall',
    technique: 'T1686',
    strength: 3,
    title: 'changes or switches off the firewall',
    pattern:
      /netsh(?:\.exe)?["']? +(?:advfirewall +(?!show|firewall +(?:dump|show))|firewall +(?:set|add|delete))|EnableFirewall|WindowsFirewall|FirewallPolicy|set-netfirewall|new-netfirewall|remove-netfirewall|disable-netfirewall|enable-netfirewall|\bufw\b|\biptables\b(?!-save\b)|\bnft\b +(?:flush|add|delete)|firewall-cmd|firewalld|\bpfctl\b|\bservice pf\b|esxcli network firewall|socketfilterfw|\/etc\/ufw|\bipfw\b|security-group-ingress/i,
  },
  {
    id: 'safe-mode',
    technique: 'T1688',
    strength: 3,
    title: 'boots without protection',
    pattern: /\bsafeboot\b|SafeBoot\\/i,
  },
  {
    id: 'downgrade',
    technique: 'T1689',
    strength: 3,
    title: 'uses an old version that logs less',
    pattern:
      /powershell(?:\.exe)?["']? +[^\n]{0,20}-v(?:ersion)? +["']?2\b|-PSVersion 2|forceAcceptanceLevel|acceptance[^\n]{0,10}level/i,
  },
  {
    id: 'history-off',
    technique: 'T1690',
    strength: 3,
    title: 'has commands not be remembered',
    pattern:
      /HISTCONTROL|HISTFILESIZE|HISTSIZE=0|HISTFILE=|HISTIGNORE|ProcessCreationIncludeCmdLine|Set-PSReadLineOption[^\n]{0,60}SaveNothing|set \+o history|unset HISTFILE/i,
  },
  {
    id: 'registry-written',
    technique: 'T1112',
    strength: 1,
    title: 'writes to the registry',
    pattern: WRITES,
    also: /HK(?:LM|CU|CR|U|CC|EY_)|Registry::|\.reg\b/i,
  },
  {
    id: 'registry-odd',
    technique: 'T1112',
    strength: 2,
    title: 'changes settings that protect or inform the user',
    pattern:
      /DisableTaskMgr|DisableRegistryTools|DisableCMD|NoRun\b|NoControlPanel|NoClose|NoLogOff|HideSCA|HideFileExt|DisableLockWorkstation|DisableChangePassword|StartMenuLogOff|shutdownwithoutlogon|TerminalServer?[^\n]{0,60}fDenyTSConnections|fDenyTSConnections|DisableRestrictedAdmin|NoDesktop|NoFind|NoFileMenu|NoSetTaskbar|NoTrayContext|NoPropertiesMy|NoDispCPL|legalnotice|DisableWindowsUpdate|NoAutoUpdate|ZoneMap|Internet Settings|DisallowRun|RestrictRun|RemoteAccessPolicy|fAllowToGetHelp|Allowed(?:Telemetry)|AllowTelemetry|EnableSmartScreen|wallpaper|Screensav|ContextMenuHandlers|UseActionCenterExperience|AppCompatFlags|DisableHWAcceleration|DisableWindowsConsumer|ProxyEnable|NoViewContextMenu|Lsa[^\n]{0,20}(?:DisableDomainCreds|LmCompatibility|EveryoneIncludes)|TdrLevel|snmp|FolderType|EnablePortProxy|CrashDumpEnabled/i,
    also: WRITES,
  },
];
