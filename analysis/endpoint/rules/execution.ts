/** Execution, movement, collection, command and control, exfiltration and impact. */
import type { CommandRule } from './rule.ts';

/** Our own rules. */
export const EXECUTION_RULES: readonly CommandRule[] = [
  {
    id: 'wmi',
    technique: 'T1047',
    strength: 3,
    title: 'runs something through WMI',
    pattern:
      /\bwmic(?:\.exe)?["']?[^\n]{0,80}\bprocess\b[^\n]{0,20}call|wmic[^\n]{0,20}\/node:|invoke-wmimethod|(?:Win32_Process|process)["')]*[^\n]{0,80}(?:\.Create\b|-Name create|InvokeMethod)|invoke-cimmethod[^\n]{0,60}Win32_Process|\[wmiclass\]|ManagementClass|\bwmiexec\b/i,
  },
  { id: 'wmi-query', technique: 'T1047', strength: 1, title: 'asks WMI', pattern: /\bwmic(?:\.exe)?["']? +/i },
  {
    id: 'powershell-cradle',
    technique: 'T1059.001',
    strength: 2,
    title: 'runs code that it downloads',
    pattern:
      /(?:IEX|Invoke-Expression)\b[^\n]{0,80}(?:Download(?:String|Data)|iwr\b|Invoke-WebRequest|irm\b|Invoke-RestMethod|New-Object)|Download(?:String|Data)[^\n]{0,160}(?:\| *IEX|Invoke-Expression)|\b(?:iwr|irm|curl|wget|Invoke-WebRequest|Invoke-RestMethod)\b[^\n]{0,300}\| *(?:iex|Invoke-Expression)\b|MsXml2\.(?:Server)?XmlHttp|Xml\.XmlDocument[^\n]{0,160}\.Load\(|\bpowercat\b|\bpowersploit\b|invoke-bloodhound|sharphound\.ps1|powerup\b|\bnishang\b/i,
  },
  {
    id: 'powershell-encoded',
    technique: 'T1059.001',
    strength: 2,
    title: 'runs an encoded command',
    pattern:
      /powershell(?:\.exe)?["']?[^\n]{0,80} -(?:e|ec|en|enc|enco|encod|encode|encoded|encodedc[a-z]*) +["']?[A-Za-z0-9+/=]{16}|-(?:e|enc|EncodedCommand) +\$[A-Za-z]/i,
  },
  {
    id: 'powershell-flags',
    technique: 'T1059.001',
    strength: 1,
    title: 'runs PowerShell past its policy',
    pattern: /powershell(?:\.exe)?["']?[^\n]{0,60} -(?:ep?|exec(?:utionpolicy)?|ex) +["']?(?:bypass|unrestricted)/i,
  },
  {
    id: 'powershell-quiet',
    technique: 'T1059.001',
    strength: 1,
    title: 'runs PowerShell without its profile, without questions or elsewhere',
    pattern: /-nop\b|-noni\b|New-PSSession/i,
  },
  {
    id: 'applescript',
    technique: 'T1059.002',
    strength: 3,
    title: 'runs AppleScript',
    pattern:
      /\bosascript\b(?![^\n]{0,200}(?:password|login ?item|clipboard|hidden answer|administrator privileges|notes))/i,
  },
  {
    id: 'cmd-script',
    technique: 'T1059.003',
    strength: 2,
    title: 'runs a script of the command line',
    pattern:
      /\.(?:bat|cmd)\b["')]*\s*$|start-process[^\n]{0,80}\.(?:bat|cmd)|cmd(?:\.exe)?["']? +\/[ckr] +[^\n]{0,80}\becho\b|%LOCALAPPDATA:~|\bmd \/c\b|cmd(?:\.exe)? +\/c +[^\n]{0,20}\bstart\b|WScript\.Shell[^\n]{0,200}objExec/im,
  },
  {
    id: 'unix-shell',
    technique: 'T1059.004',
    strength: 2,
    title: 'runs a shell script',
    pattern:
      /\b(?:curl|wget|fetch)\b[^\n]{0,200}\| *(?:ba|z|da|k)?sh\b|\b(?:ba|z|da)?sh +["']?[^\s-][^\n]{0,80}\.sh\b|\bbash +\$[A-Z]|\bsh +-i\b|\/dev\/tcp\/|busybox +sh|\bmktemp\b[^\n]{0,20}|autosuid|\bpython[0-9.]*[^\n]{0,40}pty\.spawn|(?:^|[;&|] *)\.\/[^\s]{1,40}\.sh|\bawk +'BEGIN|chsh|\benv[^\n]{0,20}SHELL|printenv SHELL|\bnc(?:at)? [^\n]{0,40}-e +\/bin/im,
  },
  {
    id: 'visual-basic',
    technique: 'T1059.005',
    strength: 3,
    title: 'runs Visual Basic',
    pattern: /\b[cw]script(?:\.exe)?["']?[^\n]{0,120}\.vb[se]\b|\.vbs\b|vbscript:|Invoke-MalDoc|VBScript/i,
  },
  {
    id: 'python',
    technique: 'T1059.006',
    strength: 2,
    title: 'runs Python',
    pattern: /\bpython[\d.]*(?:\.exe)?["']? +(?:-c\b|[^\n]{0,80}\.py)|which_python|\bpython[\d.]* -m\b/i,
  },
  {
    id: 'javascript',
    technique: 'T1059.007',
    strength: 3,
    title: 'runs JavaScript',
    pattern: /\b[cw]script(?:\.exe)?["']?[^\n]{0,120}\.jse?\b|\bnode(?:\.exe)?["']? +-e|\bjjs\b/i,
  },
  {
    id: 'autoit',
    technique: 'T1059.010',
    strength: 3,
    title: 'runs AutoIt or AutoHotkey',
    pattern: /\bautoit3?\b|\.au3\b|autohotkey|\.ahk\b/i,
  },
  { id: 'lua', technique: 'T1059.011', strength: 3, title: 'runs Lua', pattern: /\blua[\d.]*(?:jit)? +/i },
  {
    id: 'software-deployment',
    technique: 'T1072',
    strength: 3,
    title: 'uses what deploys software',
    pattern:
      /\bradmin\b|\bpdq(?:deploy|inventory)?\b|\bccmexec|\bansible(?:-playbook)?\b|\bsalt(?:-call)? |\bmeshagent/i,
  },
  {
    id: 'native-api',
    technique: 'T1106',
    strength: 2,
    title: 'calls the system past its libraries',
    pattern:
      /\bsyscalls?(?:\.exe)?\b|CreateProcess\.cs|NtCreate|Get-System(?:Techniques)?[^\n]{0,60}(?:named ?pipe|direct)|Add-Type[^\n]{0,300}DllImport|winpwn[^\n]{0,20}get-system|\bWinExec\b/i,
  },
  {
    id: 'shared-module',
    technique: 'T1129',
    strength: 2,
    title: 'has a program load a module',
    pattern: /\.vib\b|esxcli software vib install|LoadLibrary\b(?![^\n]{0,30}remote)/i,
  },
  {
    id: 'user-runs-file',
    technique: 'T1204.002',
    strength: 2,
    title: 'has a user open a file',
    pattern:
      /Invoke-Maldoc|macro(?:code)?[^\n]{0,80}(?:word|excel)|ClickFix|(?:winword|excel|powerpnt)[^\n]{0,120}(?:cmd|powershell|wscript)|PotentiallyUnwanted|\beicar|RunMRU|\.(?:docm|xlsm|pptm|one)\b[^\n]{0,60}(?:start|invoke-item|open)/i,
  },
  {
    id: 'dde',
    technique: 'T1559.002',
    strength: 3,
    title: 'uses dynamic data exchange',
    pattern: /DDEAUTO|\bDDE\b|ms-msdt:/i,
  },
  {
    id: 'ipc',
    technique: 'T1559',
    strength: 2,
    title: 'talks through named pipes',
    pattern: /named ?pipes?|\\\\\.\\pipe\\|NamedPipe/i,
  },
  {
    id: 'launchctl',
    technique: 'T1569.001',
    strength: 3,
    title: 'starts something through launchctl',
    pattern: /\blaunchctl +(?:submit|start|bootstrap|load|kickstart)\b/i,
  },
  {
    id: 'service-execution',
    technique: 'T1569.002',
    strength: 3,
    title: 'runs something as a service',
    pattern:
      /\bpsexec(?:64|svc)?\b|\bremcom\b|\bpaexec\b|\bcsexec\b|\bsmbexec\b|sc(?:\.exe)?["']? +create[^\n]{0,160}(?:cmd|comspec|powershell)|invoke-psexec/i,
  },
  {
    id: 'systemctl',
    technique: 'T1569.003',
    strength: 3,
    title: 'starts something through systemctl',
    pattern: /\bsystemctl +(?:start|restart|daemon-reload)\b|systemd-run\b(?![^\n]{0,120}--on-)/i,
  },
  {
    id: 'container-exec',
    technique: 'T1609',
    strength: 3,
    title: 'runs a command in a container',
    pattern: /\b(?:docker|podman|crictl|nerdctl) +exec\b|kubectl[^\n]{0,40}\bexec\b/i,
  },
  {
    id: 'container-run',
    technique: 'T1610',
    strength: 2,
    title: 'starts a container',
    pattern: /\b(?:docker|podman) +(?:run|create)\b|kubectl[^\n]{0,40}\b(?:run|apply|create)\b/i,
  },
  {
    id: 'image-built',
    technique: 'T1612',
    strength: 2,
    title: 'builds an image on the machine',
    pattern: /\b(?:docker|podman) +build\b/i,
  },
  {
    id: 'container-escape',
    technique: 'T1611',
    strength: 3,
    title: 'leaves a container',
    pattern:
      /hostPID|nsenter\b|--privileged\b|release_agent|\/proc\/1\/root|docker\.sock|mount +\/dev\/(?:dm|sd|vd)|hostNetwork/i,
  },
  {
    id: 'serverless',
    technique: 'T1648',
    strength: 3,
    title: 'runs a function in a cloud',
    pattern:
      /lambda (?:create-function|invoke|update)|LambdaAttack|az functionapp|cloud functions deploy|gcloud functions/i,
  },
  {
    id: 'cloud-admin',
    technique: 'T1651',
    strength: 3,
    title: 'runs a command through a cloud',
    pattern: /ssm send-command|az vm run-command|invoke-azvmruncommand/i,
  },

  {
    id: 'rdp',
    technique: 'T1021.001',
    strength: 3,
    title: 'uses remote desktop',
    pattern: /\bmstsc(?:\.exe)?\b|TERMSRV\/|RDP-Tcp|\bxfreerdp\b|rdesktop|tscon\b|RDPPORT|sharprdp/i,
  },
  {
    id: 'smb',
    technique: 'T1021.002',
    strength: 3,
    title: 'uses an administrative share',
    pattern:
      /\\\\[^\\\s"']{1,64}\\(?:[a-z]|admin|ipc)\$|net(?:\.exe)?["']? +use +[^\n]{0,40}\\\\[^\n]{0,80}\/u(?:ser)?:|New-PSDrive|invoke-smbexec|\bsmbclient\b/i,
  },
  {
    id: 'dcom',
    technique: 'T1021.003',
    strength: 3,
    title: 'starts something on another machine through DCOM',
    pattern: /GetTypeFromProgID|MMC20\.Application|ShellBrowserWindow|\bdcomexec\b|ExecuteShellCommand/i,
  },
  {
    id: 'ssh',
    technique: 'T1021.004',
    strength: 2,
    title: 'logs in by ssh',
    pattern: /\bssh +(?:-[a-z]+ +)*[a-z0-9_.-]+@|\bvim-cmd hostsvc\/enable_ssh|plink[^\n]{0,120}enable_ssh/i,
  },
  { id: 'vnc', technique: 'T1021.005', strength: 3, title: 'uses VNC', pattern: /\bvnc\b|screensharing|ARDAgent/i },
  {
    id: 'winrm',
    technique: 'T1021.006',
    strength: 3,
    title: 'runs commands through remote management',
    pattern:
      /enable-psremoting|enter-pssession|new-pssession|invoke-command[^\n]{0,60}-computername|\bwinrs\b|\bwinrm(?:\.cmd)? +(?:qc|quickconfig|set)|evil-winrm|\bwsmprovhost/i,
  },
  {
    id: 'removable-media',
    technique: 'T1091',
    strength: 3,
    title: 'copies itself to removable media',
    pattern: /drivetype *= *2[^]{0,400}(?:copy|out-file|set-content)|autorun\.inf/i,
  },
  {
    id: 'lateral-transfer',
    technique: 'T1570',
    strength: 3,
    title: 'copies a tool to another machine',
    pattern:
      /TransportType QUIC|\/TRANSPORT:QUIC|psexec[^\n]{0,40} -c\b|copy(?:-item)?["']? +[^\n]{0,80}\\\\[^\\\s]{1,64}\\(?:[a-z]|admin)\$|-ToSession/i,
  },
  {
    id: 'remote-service-exploited',
    technique: 'T1210',
    strength: 2,
    title: 'attacks a service of another machine',
    pattern: /eternalblue|ms17_010|zerologon|nopac\b/i,
  },

  {
    id: 'local-data',
    technique: 'T1005',
    strength: 2,
    title: 'gathers files',
    acts_by_reading: true,
    pattern:
      /fileExtensionsString|\.docx?[^\n]{0,40}\.(?:txt|xlsx?|pdf)[^\n]{0,120}(?:copy|compress|zip|find)|path to home folder|Group Containers|sqlite_dump|\.sqlite\b[^\n]{0,80}(?:copy|dump|select)|NoteStore/i,
  },
  {
    id: 'removable-data',
    technique: 'T1025',
    strength: 3,
    title: 'gathers files of removable media',
    acts_by_reading: true,
    pattern: /DriveType *-eq *['"]?Removable|drivetype *= *2/i,
  },
  {
    id: 'share-data',
    technique: 'T1039',
    strength: 3,
    title: 'copies files from a share',
    pattern: /copy(?:-item)?["']? +(?:-path +)?["']?\\\\[^\n]{0,120} +[^\n]{0,20}(?:%temp%|\$env|"?\$|[a-z]:\\)/i,
  },
  {
    id: 'staged',
    technique: 'T1074.001',
    strength: 2,
    title: 'gathers data in one place',
    pattern: />> *[^\s]{0,60}(?:loot|staging|collected)|robocopy[^\n]{0,120}(?:temp|public)/i,
  },
  {
    id: 'screen',
    technique: 'T1113',
    strength: 3,
    title: 'records the screen',
    pattern:
      /\bscreencapture\b|\bxwd\b|CopyFromScreen|\bpsr(?:\.exe)?["']? +\/start|\bscrot\b|import +-window root|screenshot|\bgnome-screenshot|\brecall\b|nircmd[^\n]{0,20}savescreen/i,
  },
  {
    id: 'mail-collected',
    technique: 'T1114',
    strength: 3,
    title: 'collects mail',
    acts_by_reading: true,
    pattern:
      /get-inbox|\.ost\b|\.pst\b|mailboxexportrequest|Outlook\.Application[^\n]{0,120}(?:folder|inbox|namespace)|new-mailboxexport|mailsniper|owa[^\n]{0,20}search/i,
  },
  {
    id: 'clipboard',
    technique: 'T1115',
    strength: 3,
    title: 'reads the clipboard',
    acts_by_reading: true,
    pattern:
      /get-clipboard|\bpbpaste\b|\bxclip\b|\bxsel\b|\| *clip(?:\.exe)?\b|set-clipboard|GetClipboardData|the clipboard/i,
  },
  {
    id: 'automated-collection',
    technique: 'T1119',
    strength: 2,
    title: 'gathers by itself',
    pattern:
      /for \/r[^\n]{0,80}copy|get-childitem[^\n]{0,80}-recurse[^\n]{0,120}copy-item|dir[^\n]{0,80}findstr[^\n]{0,80}copy|> *%temp%\\[^\n]{0,40}_1\.txt[^]{0,300}_2\.txt/i,
  },
  {
    id: 'audio',
    technique: 'T1123',
    strength: 3,
    title: 'records sound',
    pattern:
      /\bmicrophone\b|SoundRecorder|AudioDeviceCmdlets|\barecord\b|avfoundation[^\n]{0,40}:|winmm[^\n]{0,60}record|\.m4a\b/i,
  },
  {
    id: 'video',
    technique: 'T1125',
    strength: 3,
    title: 'records with the camera',
    pattern: /\bwebcam\b|\bcamera\b|imagesnap|video4linux|avicap/i,
  },
  {
    id: 'archived',
    technique: 'T1560',
    strength: 2,
    title: 'packs data',
    pattern: /Compress-Archive|IO\.Compression\.ZipFile|CreateFromDirectory/i,
  },
  {
    id: 'archived-by-tool',
    technique: 'T1560.001',
    strength: 3,
    title: 'packs data with a tool',
    pattern:
      /\b(?:win)?rar(?:\.exe)?["']? +a\b|\b7z(?:a|\.exe)?["']? +a\b|\btar +-?(?=[a-z]*c)[a-z]+\b|(?<!\.)\bzip +-|\bgzip\b|\bmakecab\b|openssl +enc\b|\bwinzip|\bdiantz\b|\bgpg +-c|Extract[^\n]{0,20}syslog config|vim-cmd hostsvc\/firmware\/backup/i,
  },
  {
    id: 'archived-by-library',
    technique: 'T1560.002',
    strength: 3,
    title: 'packs data with a library',
    pattern: /import +(?:bz2|gzip|tarfile|zlib)|from zipfile|ZipFile\(|tarfile\.open/i,
  },
  {
    id: 'cloud-data',
    technique: 'T1530',
    strength: 3,
    title: 'copies data out of cloud storage',
    pattern:
      /aws[^\n]{0,40}s3 (?:cp|sync)|gsutil (?:cp|-m cp|rsync)|az storage (?:blob|file) download|azcopy|get-azstorageblobcontent/i,
  },
  {
    id: 'repositories',
    technique: 'T1213',
    strength: 2,
    title: 'copies documents out of shared systems',
    pattern:
      /sharepoint[^\n]{0,40}(?:get|download)|(?:\b(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod)\b[^\n]{0,200}|https?:\/\/[^\s"']{0,100})\bconfluence\b[^\n]{0,60}(?:\/rest\/api|\/export|\/download|\/spaces)/i,
  },

  {
    id: 'web-c2',
    technique: 'T1071.001',
    strength: 2,
    title: 'speaks to a server with odd agents',
    pattern: /-UserAgent\b|--user-agent\b|curl[^\n]{0,40} -A +["']|HttpBrowser|malicious[^\n]{0,20}user.?agent/i,
  },
  {
    id: 'dns-c2',
    technique: 'T1071.004',
    strength: 3,
    title: 'speaks to a server through DNS',
    acts_by_reading: true,
    pattern:
      /Resolve-DnsName[^\n]{0,80}(?:TXT|\$\(|Get-Random)|dns[-_]?(?:beacon|domain-length|large|cat)|nslookup[^\n]{0,40}-(?:q|type|querytype)=txt|\bdnscat|iodine\b/i,
  },
  {
    id: 'application-c2',
    technique: 'T1071',
    strength: 2,
    title: 'speaks to a server',
    pattern: /telnet_client|\birc\b|mqtt/i,
  },
  {
    id: 'proxy',
    technique: 'T1090.001',
    strength: 3,
    title: 'passes traffic on',
    pattern:
      /portproxy|http_proxy=|socks5?[:= ]|(?<![\w.-])(?:chisel|earthworm|proxychains4?|lcx)\b|(?:^|[;&|(\n\\/"'] *|\b(?:sudo|nohup|exec|start) +)ssf[ds]?(?:\.exe)?(?=["'\s]|$)|export +(?:https?|all)_proxy/i,
  },
  {
    id: 'multi-hop-proxy',
    technique: 'T1090.003',
    strength: 3,
    title: 'passes traffic through others',
    pattern: /\bpsiphon|\btor(?:\.exe)?\b(?! the)|\bi2p\b|tor2web|\.onion\b/i,
  },
  {
    id: 'non-application-c2',
    technique: 'T1095',
    strength: 3,
    title: 'speaks to a server without a protocol of applications',
    pattern:
      /\bncat(?:\.exe)?\b|\bnc(?:\.exe)?["']? +[^\n]{0,60}\d{2,5}\b(?![^\n]{0,20}-z)|invoke-powershell(?:icmp|tcp|udp)|powercat|icmp(?:sh|tunnel)|\bsocat\b|netcat/i,
  },
  {
    id: 'web-service-c2',
    technique: 'T1102',
    strength: 2,
    title: 'takes orders from a web service',
    pattern: /paste\.rs|pastebin\.com|api\.telegram|gist\.githubusercontent|slack\.com\/api|api\.notion|dropboxapi/i,
  },
  {
    id: 'download',
    technique: 'T1105',
    strength: 3,
    title: 'brings a tool from outside',
    pattern:
      /certutil(?:\.exe)?["']?[^\n]{0,80}(?:urlcache|verifyctl|\burl\b)|bitsadmin(?:\.exe)?["']?[^\n]{0,40}\/transfer|MpCmdRun(?:\.exe)?["']?[^\n]{0,40}-DownloadFile|\.DownloadFile\(|finger(?:\.exe)? +[^\n]{1,60}@|\b(?:scp|rsync)(?:\.exe)? +(?![^\n;&|]{0,400}[ "'][\w.@[\]%{}$#-]{2,}:[^\s"';&|]{0,200}["']?\s*(?:$|[\n;&|]))|\bsftp +|\bwhois +-h|printbrm|replace(?:\.exe)? +\\\\|GUP\.exe +-unzip|curl(?:\.exe)?["']? +[^\n]{0,160}(?:-[a-z]*[oO]\b|--output|--remote-name)|\bwget +(?!--post)[^\n]{0,20}http|(?:iwr|Invoke-WebRequest|wget|irm|Invoke-RestMethod)\b[^\n]{0,200}-outfile|download-file\.(?:vbs|js|ps1)|\bfetch +-o|imewdbld|lwp-download|\bcertreq\b[^\n]{0,20}-post|hh(?:\.exe)? +http|\bftp(?:\.exe)? +-s:|nimgrab|svn[^\n]{0,10}co http/i,
  },
  {
    id: 'sent-out',
    technique: 'T1048',
    strength: 2,
    title: 'sends files to another host',
    // Within one's own network it is a file that is spread, not one that leaves.
    narrower: {
      technique: 'T1570',
      pattern: /[@\s"'/](?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}[:/]/,
    },
    pattern:
      /\b[Cc][Uu][Rr][Ll](?:\.exe)?["']? +(?:[^\n;&|]{0,160} )?(?:-[a-z]{0,6}T\b|--upload-file)|\b(?:scp|rsync)(?:\.exe)? +[^\n;&|]{0,400}[ "'][\w.@[\]%{}$#-]{2,}:[^\s"';&|]{0,200}["']?\s*(?:$|[\n;&|])/,
  },
  {
    id: 'streamed-out',
    technique: 'T1048',
    strength: 2,
    title: 'packs data and sends it to another host in one go',
    pattern:
      /\b(?:tar|zip|7z|gzip|cpio)\b[^\n;&|]{0,200}\|[^\n;&]{0,120}\b(?:curl\b[^\n;&|]{0,120}(?: -[a-z]{0,6}T\b|--upload-file|--data-binary +@-|-F\b|-d +@-)|nc\b|ncat\b|socat\b|wget\b[^\n;&|]{0,120}--post-file)/,
  },
  {
    id: 'download-weak',
    technique: 'T1105',
    strength: 1,
    title: 'fetches something from the web',
    pattern: /\b(?:curl|wget|iwr|Invoke-WebRequest|irm)\b[^\n]{0,200}https?:\/\/|Net\.WebClient|Start-BitsTransfer/i,
  },
  {
    id: 'encoding',
    technique: 'T1132.001',
    strength: 3,
    title: 'encodes what it sends',
    pattern:
      /\bbase64\b[^\n]{0,60}\n[^\n]{0,40}curl|b64encode[^\n]{0,60}\n?[^\n]{0,40}curl|curl[^\n]{0,80}-d[^\n]{0,40}base64|xor[^\n]{0,60}(?:post|invoke-webrequest|encode)|bxor[^]{0,400}Invoke-WebRequest/i,
  },
  {
    id: 'remote-access-tools',
    technique: 'T1219',
    strength: 3,
    title: 'installs or uses a tool for remote access',
    pattern:
      /teamviewer|anydesk|screenconnect|connectwise|logmein|gotoassist|gotomypc|ultraviewer|ammyy|\bnetsupport|\bremotepc\b|splashtop|\brustdesk\b|\batera|\buvnc|ultravnc|\bdameware|mspy|remoteutilities|\baweray|supremo|zohoassist|\bmeshcentral|\bsimple-?help|vscode[^\n]{0,20}tunnel|code(?:\.exe)? +tunnel|Connect\.exe/i,
  },
  {
    id: 'dga',
    technique: 'T1568.002',
    strength: 3,
    title: 'makes up domain names',
    pattern: /\bdga\b|domain generation/i,
  },
  {
    id: 'odd-port',
    technique: 'T1571',
    strength: 2,
    title: 'speaks on an odd port',
    pattern: /Test-NetConnection[^\n]{0,80}-port +(?!80\b|443\b|22\b|53\b|3389\b)\d+|\btelnet +\S+ +(?!23\b)\d+/i,
  },
  {
    id: 'tunnel',
    technique: 'T1572',
    strength: 3,
    title: 'carries traffic inside other traffic',
    pattern:
      /\bngrok\b|\bcloudflared\b|devtunnel|\bdoh\b|doh-|DohServer|dns-query|ssh +[^\n]{0,40}-[LRD] *\d|plink[^\n]{0,60}-[RL] +\d|\bfrpc?\b|\bligolo|localtonet|\biodine/i,
  },
  {
    id: 'encrypted-c2',
    technique: 'T1573',
    strength: 3,
    title: 'speaks to a server inside TLS',
    pattern: /SslStream|openssl +s_client|AuthenticateAsClient/i,
  },
  {
    id: 'content-injection',
    technique: 'T1659',
    strength: 3,
    title: 'changes traffic on its way',
    pattern: /--proxy +http[^]{0,300}X-[A-Za-z]+|mitmproxy|bettercap|\bettercap\b/i,
  },

  {
    id: 'automated-exfiltration',
    technique: 'T1020',
    strength: 2,
    title: 'sends data out by itself',
    pattern: /exfil[^\n]{0,200}(?:Invoke-WebRequest|-Method (?:put|post))|invoke-webrequest[^\n]{0,80}-method put/i,
  },
  {
    id: 'size-limits',
    technique: 'T1030',
    strength: 3,
    title: 'sends data in pieces',
    pattern: /\bsplit +-b|chunkSize|dd[^\n]{0,60}bs=[^\n]{0,40}skip=/i,
  },
  {
    id: 'c2-exfiltration',
    technique: 'T1041',
    strength: 2,
    title: 'sends data over its channel',
    pattern:
      /c2[^\n]{0,40}(?:exfil|upload)|-Method Post[^\n]{0,120}-(?:InFile|Body)[^\n]{0,60}(?:Get-Content|ReadAllBytes)|Send-MailMessage[^\n]{0,20}\$/i,
  },
  {
    id: 'alternative-exfiltration',
    technique: 'T1048',
    strength: 3,
    title: 'sends data over another protocol',
    pattern:
      /\bssh +[^\n]{0,80}(?:tar|cat|dd)\b|tar +[^\n]{0,80}\| *(?:\([^\n]{0,20})?ssh|--post-file|Send-MailMessage[^\n]{0,160}-Attach|ftp:\/\/|\bftp +-|icmp[^\n]{0,60}(?:Send|exfil)|\bdns[^\n]{0,20}exfil|python[\d.]* +-m +(?:http\.server|SimpleHTTPServer)|\.UploadFile\(|\btftp\b|rclone(?:\.exe)?["']? +(?:copy|sync)|curl[^\n]{0,40}-F +["']?file=@(?![^\n]{0,80}(?:webhook|discord|slack))|gpg[^\n]{0,40}\| *ftp|Ping\.Send|nslookup[^\n]{0,60}\$/i,
  },
  {
    id: 'webhook',
    technique: 'T1567.004',
    strength: 3,
    title: 'sends data to a webhook',
    pattern: /(?:discord(?:app)?\.com\/api\/webhooks|hooks\.slack\.com|webhook\.site|webhook\.office)/i,
  },
  {
    id: 'cloud-exfiltration',
    technique: 'T1567.002',
    strength: 3,
    title: 'sends data to storage of a cloud',
    pattern:
      /rclone|mega(?:cmd|sync|\.nz)|dropbox(?:api)?|drive\.google|onedrive[^\n]{0,30}upload|transfer\.sh|aws s3 (?:cp|sync) +(?:\/|\.|~|[a-z]:)/i,
  },
  {
    id: 'web-exfiltration',
    technique: 'T1567',
    strength: 2,
    title: 'sends data to a web service',
    pattern: /configsecuritypolicy(?:\.exe)?|pastebin[^\n]{0,40}post|file\.io|anonfiles|gofile\.io/i,
  },

  {
    id: 'destroyed',
    technique: 'T1485',
    strength: 3,
    title: 'destroys data',
    pattern:
      /\bsdelete|cipher(?:\.exe)?["']? +\/w|\bdd +[^\n]{0,60}if=\/dev\/(?:zero|u?random)[^\n]{0,60}of=|dd +of=[^\n]{0,60}if=\/dev\/(?:zero|u?random)|format +[a-z]: +\/|rm -rf +\/(?: |$)|--no-preserve-root|overwrite|\bwiper\b|delete-bucket|aws s3 rb|gcloud[^\n]{0,30}delete[^\n]{0,20}--quiet|esxi[^\n]{0,20}vmdk[^\n]{0,20}rm/i,
  },
  {
    id: 'encrypted',
    technique: 'T1486',
    strength: 3,
    title: 'encrypts files',
    pattern:
      /\bccencrypt\b|gpg +[^\n]{0,40}-(?:c|e|-symmetric|-batch)|openssl +(?:rsautl|pkeyutl|enc)[^\n]{0,80}-encrypt|7z[^\n]{0,30}-p\S[^\n]{0,80}\.(?:lock|enc)|akira|lockbit|ransom(?:ware|note)|diskcryptor|bitlocker[^\n]{0,20}(?:-on|enable)|manage-bde +-on|gpg4win|\.encrypted\b|openssl genrsa/i,
  },
  {
    id: 'service-stopped',
    technique: 'T1489',
    strength: 3,
    title: 'stops a service',
    pattern:
      /\bsc(?:\.exe)?["']? +stop\b|\bnet1?(?:\.exe)?["']? +stop\b|\btaskkill(?:\.exe)?["']? +|stop-service\b|\bsystemctl +(?:stop|disable)\b|\bkillall\b|\bpkill\b|\bkill +-(?:SIG)?(?:TERM|KILL|9)|service \w+ stop|esxcli vm process kill/i,
  },
  {
    id: 'recovery-inhibited',
    technique: 'T1490',
    strength: 3,
    title: 'makes recovery impossible',
    pattern:
      /vssadmin(?:\.exe)?["']? +(?:delete|resize)|wbadmin(?:\.exe)?["']? +delete|shadowcopy[^\n]{0,40}delete|Win32_Shadow[Cc]opy[^\n]{0,60}(?:Delete|Remove)|bcdedit(?:\.exe)?["']?[^\n]{0,60}(?:recoveryenabled|bootstatuspolicy)|DisableSR|SystemRestore|disable-computerrestore|sc(?:\.exe)?["']? +sdset +VSS|reagentc(?:\.exe)? +\/disable|\*\.(?:bac|bak|wbcat|bkf)\b|tmutil +(?:delete|disable)|DisableConfig/i,
  },
  {
    id: 'defacement',
    technique: 'T1491.001',
    strength: 3,
    title: 'leaves a note',
    acts_by_reading: true,
    pattern:
      /ransom[-_ ]?note|SystemParametersInfo|set-wallpaper|\bwallpaper\b|your files (?:have been|are) encrypted|\/etc\/motd|legalnotice(?:text|caption)/i,
  },
  {
    id: 'resources-used',
    technique: 'T1496',
    strength: 3,
    title: 'uses the machine for itself',
    pattern:
      /\bxmrig\b|stratum\+(?:tcp|ssl)|--donate-level\b|--coin[= ](?:monero|xmr)\b|\b(?:minexmr|supportxmr|moneroocean|hashvault|nanopool|2miners|herominers|c3pool|unmineable|minergate|f2pool|nicehash|xmrpool|dwarfpool|miningpoolhub)\.\w{2,8}\b|cpuminer|minerd|yes *> *\/dev\/null|while\(\(Get-Date\)[^\n]{0,80}\[math\]|cryptonight|stress(?:-ng)? +-/i,
  },
  {
    id: 'service-exhausted',
    technique: 'T1499',
    strength: 2,
    title: 'overloads a machine',
    pattern: /:\(\)\{ *:\|:&|\bhping3?\b|slowloris|loic\b/i,
  },
  {
    id: 'shutdown',
    technique: 'T1529',
    strength: 3,
    title: 'shuts the machine down',
    pattern:
      /\bshutdown(?:\.exe)?["']? +[-/]|\bhalt\b|\bpoweroff\b|\breboot\b|restart-computer|stop-computer|\binit +[06]\b|logoff(?:\.exe)?\b|ExitWindowsEx|rundll32[^\n]{0,40}SetSuspendState|vim-cmd vmsvc\/power|esxi?[^\n]{0,20}(?:shutdown|power|reboot)|esx_?(?:process_?terminate|vm)/i,
  },
  {
    id: 'account-removed',
    technique: 'T1531',
    strength: 3,
    title: 'takes accounts away',
    pattern:
      /\bnet1?(?:\.exe)?["']? +user\b[^\n]{0,80}\/del|remove-(?:local|ad|azuread|msol|mg)user|\buserdel\b|-deleteUser|dscl[^\n]{0,20}-delete \/Users|^[ \t]*(?:sudo +)?passwd +[A-Za-z]|az ad user delete|disable-(?:local|ad)(?:user|account)|\bnet1?(?:\.exe)?["']? +user +[^\s\/]{1,64} +(?:[^\s\/]{1,64}|[^\n]{0,80}\/active:no)\s*$|Set-AzureADUser[^\n]{0,60}AccountEnabled|aws iam delete-user|set-adaccountpassword|\/logoff/im,
  },
  {
    id: 'snapshots',
    technique: 'T1578',
    strength: 3,
    title: 'copies or makes machines of a cloud',
    pattern:
      /create-snapshot|snapshot create|run-instances|create-launch-template|create-instances|az vm create|new-azvm|modify-snapshot-attribute|gcloud compute (?:instances|snapshots) create/i,
  },

  {
    id: 'phishing-attachment',
    technique: 'T1566.001',
    strength: 3,
    title: 'gets a document as mail would bring it',
    pattern:
      /phishing ?attachment|PhishingAttachment|\.xlsm\b[^\n]{0,120}(?:outfile|download)|Outlook[^\n]{0,40}\\Content\.Outlook/i,
  },
  {
    id: 'phishing-link',
    technique: 'T1566.002',
    strength: 2,
    title: 'opens a link as mail would bring it',
    pattern: /paste and (?:run|go)|\s#[^\n]{0,120}(?:captcha|not a robot|verification (?:id|hash|code))|keybd_event/i,
  },
  {
    id: 'wordlist-scan',
    technique: 'T1595.003',
    strength: 3,
    title: 'tries names on a web server',
    pattern: /wordlist|\bgobuster\b|\bdirb(?:uster)?\b|\bffuf\b|\bferoxbuster\b/i,
  },
  {
    id: 'supply-chain',
    technique: 'T1195',
    strength: 2,
    title: 'changes what others install',
    pattern: /npm[^\n]{0,40}(?:publish|postinstall)|pip install[^\n]{0,40}--index-url|octopus scanner/i,
  },
];
