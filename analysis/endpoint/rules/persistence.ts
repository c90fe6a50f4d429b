/** Persistence and privilege escalation: what brings an intruder back, or higher. */
import { WRITES, type CommandRule } from './rule.ts';

/** Groups of Windows whose members may do everything on a machine or in a domain, by their names in four languages and by number. */
const ONE_WORD = '(?:administrators|administratoren|administrateurs|administradores|S-1-5-32-544)';
const SEVERAL_WORDS =
  '(?:(?:domain|enterprise|schema) admins|(?:dom(?:\u00e4|a|ae)nen|organisations|schema)-admins|admins du domaine|administrateurs de l.entreprise|administrateurs du sch(?:\u00e9|e)ma|admins\\. del dominio|administradores de (?:empresas|esquema))';
const ADMINISTRATORS = `(?:["'](?:builtin\\\\)?(?:${ONE_WORD}|${SEVERAL_WORDS})["']|(?:builtin\\\\)?${ONE_WORD})(?=[\\s,]|$)`;
/** Groups of Linux whose members become root without a further right. */
const ROOT_GROUPS = '(?:sudo|wheel|docker|lxd|root)(?![\\w.-])';

/** Our own rules. */
export const PERSISTENCE_RULES: readonly CommandRule[] = [
  {
    id: 'logon-script',
    technique: 'T1037.001',
    strength: 3,
    title: 'sets a logon script',
    pattern: /UserInitMprLogonScript/i,
  },
  {
    id: 'login-hook',
    technique: 'T1037.002',
    strength: 3,
    title: 'sets a login hook',
    pattern: /com\.apple\.loginwindow[^\n]{0,20}Log(?:in|out)Hook/i,
  },
  {
    id: 'rc-scripts',
    technique: 'T1037.004',
    strength: 3,
    title: 'writes into a script that runs at boot',
    pattern: /\/etc\/rc\.(?:common|local|d\/)|\/etc\/init\.d\/rc\.local/i,
  },
  {
    id: 'startup-items',
    technique: 'T1037.005',
    strength: 3,
    title: 'adds a startup item',
    pattern: /\/Library\/StartupItems/i,
  },
  {
    id: 'at-job',
    technique: 'T1053.002',
    strength: 3,
    title: 'schedules a command with at',
    pattern: /(?:^|[|;&] *)at(?:\.exe)?["']? +(?:now|\d{1,2}:\d\d|-f|midnight|noon|\\\\)|\| *at +now/im,
  },
  {
    id: 'cron',
    technique: 'T1053.003',
    strength: 3,
    title: 'adds a cron job',
    pattern: /\bcrontab +(?!-l)[^\n]|\/etc\/cron(?:\.d|\.daily|\.hourly|\.weekly|\.monthly|tab)|\/var\/spool\/cron/i,
  },
  {
    id: 'scheduled-task',
    technique: 'T1053.005',
    strength: 3,
    title: 'creates a scheduled task',
    pattern:
      /\bschtasks(?:\.exe)?["']?[^\n]{0,40}\/(?:create|change|run)\b|(?:new|register|set)-scheduledtask|PS_ScheduledTask|Schedule\.Service|at[^\n]{0,10}ATSVC|SchTasks[^\n]{0,80}\/XML/i,
  },
  {
    id: 'systemd-timer',
    technique: 'T1053.006',
    strength: 3,
    title: 'adds a timer of systemd',
    pattern: /\.timer\b|systemd-run[^\n]{0,120}--on-(?:calendar|boot|active|unit)/i,
  },
  {
    id: 'container-cron',
    technique: 'T1053.007',
    strength: 3,
    title: 'schedules work in a cluster',
    pattern: /\bcronjobs?\b/i,
    also: /kubectl|kubernetes|docker/i,
  },
  {
    id: 'default-account',
    technique: 'T1078.001',
    strength: 3,
    title: 'activates an account that comes with the system',
    pattern:
      /\buser +["']?guest\b[^\n]{0,60}(?:active|add|\*|\S)|dscl[^\n]{0,60}guest|GuestEnabled|sysadminctl -guest/i,
  },
  {
    id: 'local-account-used',
    technique: 'T1078.003',
    strength: 2,
    title: 'makes a dormant account usable',
    pattern:
      /dsenableroot|dseditgroup -o edit -a|\bchsh\b[^\n]{0,40}(?:nobody|daemon|bin)|usermod +(?:--password|-p |--shell|-s )|\bsu -[^\n]{0,40}nobody|get-psexec[^\n]{0,40}local|loginlocaladmin|winpwn[^\n]{0,20}localadmin|reactivat[^\n]{0,40}account/i,
  },
  {
    id: 'cloud-account',
    technique: 'T1078.004',
    strength: 2,
    title: 'prepares an account of a cloud',
    pattern:
      /gcloud iam (?:service-accounts create|roles create)|az ad sp create|new-azureadserviceprincipal|new-azadserviceprincipal/i,
  },
  {
    id: 'account-manipulated',
    technique: 'T1098',
    strength: 2,
    title: 'changes what an account may do',
    pattern:
      /(?:net1?(?:\.exe)?["']? +(?:local)?group\b[^\n]{0,80}\/add)|add-(?:local|ad)groupmember|(?:set|rename)-(?:ad|local)user\b|Add-ADGroupMember|add-user-to-group|attach-user-policy|usermod +-[a-zA-Z]*G|\bgpasswd\b|add-domainobjectacl|add-azureadgroupmember|new-azroleassignment|add-azureaddirectoryrolemember|iam service-accounts keys create|set-aduser|dsmod user|passwd -[du] |net user[^\n]{0,60}\/logonpasswordchg|gcloud iam service-accounts keys/i,
  },
  {
    id: 'administrator-added',
    technique: 'T1098.007',
    strength: 3,
    title: 'puts an account into a group of administrators',
    pattern: new RegExp(
      [
        String.raw`\bnet1?(?:\.exe)?["']? +(?:local)?group\b(?=[^\n;&|]{0,200}\/add\b) +(?:\/\w{1,20} +){0,3}${ADMINISTRATORS}`,
        String.raw`\badd-(?:local|ad)groupmember\b(?: +|[^\n;&|]{0,160} -(?:group|name|identity|sid)[ :]+)${ADMINISTRATORS}`,
        String.raw`\busermod\b[^\n;&|]{0,80} (?:-[a-z]{0,4}G|--groups)[ =]+["']?(?:[\w.-]{1,32},){0,8}${ROOT_GROUPS}`,
        String.raw`\bgpasswd +(?:-a|--add) +[^\s;&|-]\S{0,31} +${ROOT_GROUPS}`,
        String.raw`\b(?:adduser|addgroup) +[^\s;&|-][^\s;&|]{0,31} +${ROOT_GROUPS}`,
        String.raw`\bdseditgroup\b[^\n;&|]{0,80} -a +[^\n;&|]{1,80} admin\b`,
      ].join('|'),
      'i',
    ),
  },
  {
    id: 'mailbox-delegate',
    technique: 'T1098.002',
    strength: 3,
    title: 'gives away rights on a mailbox',
    pattern: /add-mailboxpermission|add-recipientpermission|set-mailbox[^\n]{0,80}(?:grantsend|forward)/i,
  },
  {
    id: 'cloud-role',
    technique: 'T1098.003',
    strength: 3,
    title: 'gives a role in a cloud',
    pattern:
      /add-msolrolemember|add-azureaddirectoryrole|new-azureadmsroleassignment|az role assignment create|add-iam-policy-binding|new-azroleassignment/i,
  },
  {
    id: 'cluster-admin',
    technique: 'T1098.006',
    strength: 3,
    title: 'gives the rights over a whole cluster',
    pattern:
      /\bkubectl\b[^\n;&|]{0,200}\bcreate +clusterrolebinding\b[^\n;&|]{0,200}--clusterrole[= ]["']?cluster-admin\b/i,
  },
  {
    id: 'authorized-keys',
    technique: 'T1098.004',
    strength: 3,
    title: 'adds a key for logins by ssh',
    pattern: /authorized_keys/i,
  },
  {
    id: 'cloud-credentials-added',
    technique: 'T1098.001',
    strength: 3,
    title: 'adds credentials to an account of a cloud',
    pattern:
      /create-access-key|new-azureadapplication(?:password|key)|az ad (?:app|sp) credential|New-AzADAppCredential|new-azureadserviceprincipal(?:password|key)|create-login-profile/i,
  },
  {
    id: 'account-created-local',
    technique: 'T1136.001',
    strength: 3,
    title: 'creates a local account',
    pattern:
      /\bnet1?(?:\.exe)?["']? +user\b(?![^\n]{0,120}\/do)[^\n]{0,120}\/add|new-localuser|\buseradd\b|\badduser\b|dscl[^\n]{0,20}-create \/Users(?![^\n]{0,80}(?:IsHidden|UniqueID))|sysadminctl -addUser|pw +useradd|\bnewusers\b|NetUserAdd/i,
  },
  {
    id: 'account-created-domain',
    technique: 'T1136.002',
    strength: 3,
    title: 'creates an account in the domain',
    pattern:
      /\bnet1?(?:\.exe)?["']? +user\b[^\n]{0,120}\/add[^\n]{0,40}\/do|\bnet1?(?:\.exe)?["']? +user\b[^\n]{0,120}\/do[^\n]{0,40}\/add|new-aduser|dsadd user|UserPrincipal\b[^\n]{0,120}|objectClass: (?:person|user)[^\n]{0,200}|ldapadd|samba-tool user create/i,
  },
  {
    id: 'account-created-cloud',
    technique: 'T1136.003',
    strength: 3,
    title: 'creates an account in a cloud',
    pattern:
      /aws iam create-user|az ad user create|new-(?:azureaduser|msoluser|mguser|azaduser)|gcloud iam service-accounts create|gam create user/i,
  },
  {
    id: 'office-startup',
    technique: 'T1137',
    strength: 3,
    title: 'has Office load something at its start',
    pattern:
      /Office\\[\d.]{2,5}\\(?:Outlook\\(?:Security|Today|Webview)|(?:Word|Excel|PowerPoint)\\(?:Options|Security))|Office test\\Special|\\Microsoft\\(?:Word\\STARTUP|Excel\\XLSTART|AddIns)\b|Addins?\\[^\n]{0,60}\.(?:xll|wll|ppam|xlam|dotm)|RegisterXLL|\.Rules\b[^\n]{0,60}Create|Outlook\.Application[^\n]{0,200}(?:rule|VbaProject)|VbaProject\.OTM|Startup-?Path[^\n]{0,20}\.dotm/i,
  },
  {
    id: 'browser-extension',
    technique: 'T1176',
    strength: 3,
    title: 'adds an extension to a browser',
    pattern:
      /--load-extension|\bextensions?\b[^\n]{0,80}(?:chrome|edge|firefox|chromium)|(?:chrome|edge|firefox|chromium)[^\n]{0,80}\bextension|ExtensionInstallForcelist|\.crx\b|--install-extension/i,
  },
  {
    id: 'bits-job',
    technique: 'T1197',
    strength: 3,
    title: 'uses a BITS job',
    pattern:
      /\bbitsadmin(?:\.exe)?["']? +\/(?:create|addfile|setnotifycmdline|resume|complete|transfer)|start-bitstransfer|desktopimgdownldr/i,
  },
  {
    id: 'domain-policy',
    technique: 'T1484.001',
    strength: 3,
    title: 'changes a group policy',
    pattern: /(?:new|set)-gpo|sharpgpoabuse|set-gpregistryvalue|GroupPolicyRefreshTime|new-gplink|lgpo(?:\.exe)?\b/i,
  },
  {
    id: 'domain-trust-changed',
    technique: 'T1484.002',
    strength: 3,
    title: 'changes the trust of a domain',
    pattern:
      /aadintbackdoor|ConvertTo-AADIntBackdoor|set-msoldomain(?:authentication|federation)|new-mgdomainfederation/i,
  },
  {
    id: 'transport-agent',
    technique: 'T1505.002',
    strength: 3,
    title: 'adds an agent to a mail server',
    pattern: /install-transportagent|enable-transportagent/i,
  },
  {
    id: 'web-shell',
    technique: 'T1505.003',
    strength: 3,
    title: 'puts a file where a web server serves it',
    pattern:
      /(?:inetpub\\wwwroot|\/var\/www\/|htdocs|webapps[\\/])[^\n]{0,60}(?:\.(?:aspx?|php|jsp)|$)|(?:xcopy|copy|move|cp|echo)\b[^\n]{0,160}(?:wwwroot|\/var\/www\/|htdocs)/im,
  },
  {
    id: 'iis-module',
    technique: 'T1505.004',
    strength: 3,
    title: 'adds a module to IIS',
    pattern: /new-webglobalmodule|appcmd(?:\.exe)?["']? +(?:install|add) +module|enable-iismodule/i,
  },
  {
    id: 'termsrv',
    technique: 'T1505.005',
    strength: 3,
    title: 'changes the terminal service',
    pattern: /termsrv\.dll|TermService\\Parameters[^\n]{0,40}ServiceDll/i,
  },
  { id: 'launch-agent', technique: 'T1543.001', strength: 3, title: 'adds a launch agent', pattern: /LaunchAgents/i },
  {
    id: 'systemd-service',
    technique: 'T1543.002',
    strength: 3,
    title: 'adds a service of systemd',
    pattern:
      /\/(?:etc|lib|usr\/lib)\/systemd\/(?:system|user)\/[^\n]{0,80}\.service|\.config\/systemd\/user|\/etc\/init\.d\/|update-rc\.d|systemctl +(?:--user +)?enable\b|\/usr\/local\/etc\/rc\.d/i,
  },
  {
    id: 'windows-service',
    technique: 'T1543.003',
    strength: 3,
    title: 'creates or changes a service',
    pattern:
      /\bsc(?:\.exe)?["']? +(?:\\\\\S+ +)?(?:create\b|config\b[^\n]{0,80}binpath)|new-service\b|set-servicebinarypath|\\Services\\[^\\\n]{1,80}[^\n]{0,40}(?:ImagePath|ServiceDll)|Win32_Service[^\n]{0,80}create|\binstsrv\b/i,
  },
  {
    id: 'launch-daemon',
    technique: 'T1543.004',
    strength: 3,
    title: 'adds a launch daemon',
    pattern: /LaunchDaemons/i,
    also: /\bcp\b|\bmv\b|tee|>|plutil|launchctl load|bootstrap/i,
  },
  {
    id: 'container-service',
    technique: 'T1543.005',
    strength: 2,
    title: 'has a container start always',
    pattern: /docker run[^\n]{0,80}--restart[= ]always|(?<!--ignore-)DaemonSet/i,
  },
  {
    id: 'event-triggered',
    technique: 'T1546',
    strength: 2,
    title: 'has something run when an event comes',
    pattern:
      /AutodialDLL|Command Processor[^\n]{0,80}|\\Hangs[^\n]{0,40}Debugger|ClxDllPath|STARTUP-PATH|Windows Error Reporting\\(?:Hangs|RuntimeExceptionHelperModules)|\\DebugObjectRPCEnabled|DbgManagedDebugger|AeDebug|ReflectDebugger|\\Explorer\\MyComputer\\(?:backuppath|cleanuppath)|SilentProcessExit/i,
    also: WRITES,
  },
  {
    id: 'file-association',
    technique: 'T1546.001',
    strength: 3,
    title: 'changes what opens a kind of file',
    pattern: /\bassoc +\.|\bftype +\w+=|\\(?:txt|htm|doc|exe)file\\shell\\open\\command/i,
  },
  {
    id: 'screensaver',
    technique: 'T1546.002',
    strength: 3,
    title: 'sets a screen saver',
    pattern: /SCRNSAVE\.EXE|ScreenSaveActive|ScreenSaverIsSecure/i,
  },
  {
    id: 'wmi-subscription',
    technique: 'T1546.003',
    strength: 3,
    title: 'subscribes to events of WMI',
    pattern:
      /__EventFilter|EventConsumer|FilterToConsumerBinding|\bmofcomp(?:\.exe)?\b|register-wmievent|set-wmiinstance|root[\\/]subscription/i,
  },
  {
    id: 'shell-profile',
    technique: 'T1546.004',
    strength: 3,
    title: 'writes into the profile of a shell',
    pattern:
      /(?:>>|tee|cp|echo|sed)[^\n]{0,200}(?:\.(?:bash_profile|bashrc|profile|zshrc|zshenv|zprofile|zlogin|bash_login|bash_logout|cshrc|shrc|login)\b|\/etc\/profile|\/etc\/bash(?:rc|\.bashrc)|\/etc\/zsh)/i,
  },
  {
    id: 'trap',
    technique: 'T1546.005',
    strength: 3,
    title: 'has a trap run commands',
    pattern: /\btrap +["'][^\n]{1,200}["'] +(?:SIG|EXIT|DEBUG|INT\b|TERM\b|ERR\b)/i,
  },
  {
    id: 'netsh-helper',
    technique: 'T1546.007',
    strength: 3,
    title: 'adds a helper to netsh',
    pattern: /netsh(?:\.exe)?["']? +add +helper|\\Netsh["'\\ ]/i,
  },
  {
    id: 'accessibility',
    technique: 'T1546.008',
    strength: 3,
    title: 'replaces a program of the logon screen',
    pattern: /\b(?:sethc|utilman|osk|magnify|narrator|displayswitch|atbroker)(?:\.exe|_backup)|Accessibility\\ATs/i,
    also: /copy|takeown|icacls|Image File Execution|reg|cp |move|ren/i,
  },
  {
    id: 'appcert',
    technique: 'T1546.009',
    strength: 3,
    title: 'registers a DLL for every process',
    pattern: /AppCertDlls/i,
  },
  {
    id: 'appinit',
    technique: 'T1546.010',
    strength: 3,
    title: 'registers a DLL for every window',
    pattern: /AppInit_DLLs|LoadAppInit|appinit/i,
  },
  {
    id: 'shim',
    technique: 'T1546.011',
    strength: 3,
    title: 'installs an application shim',
    pattern: /\bsdbinst(?:\.exe)?\b|AppCompatFlags\\(?:Custom|InstalledSDB)|\.sdb\b/i,
  },
  {
    id: 'ifeo',
    technique: 'T1546.012',
    strength: 3,
    title: 'has a debugger start instead of a program',
    pattern: /Image File Execution Options/i,
    also: WRITES,
  },
  {
    id: 'powershell-profile',
    technique: 'T1546.013',
    strength: 3,
    title: 'writes into the profile of PowerShell',
    pattern:
      /(?:add|set|out|new)-(?:content|file|item)[^\n]{0,60}\$profile|\$profile[^\n]{0,60}(?:add-content|out-file|-value|>>)|Microsoft\.PowerShell_profile\.ps1/i,
  },
  { id: 'emond', technique: 'T1546.014', strength: 3, title: 'adds a rule to emond', pattern: /emond/i },
  {
    id: 'com-hijack',
    technique: 'T1546.015',
    strength: 3,
    title: 'replaces a COM class',
    pattern:
      /\\CLSID\\\{?[^\n]{0,60}(?:InprocServer|LocalServer|ScriptletURL|TreatAs|InProcServer32)|InprocServer32|rundll32(?:\.exe)?["']? +-sta|GetTypeFromCLSID/i,
    also: /reg|set-item|new-item|-sta|CLSID/i,
  },
  {
    id: 'installer-package',
    technique: 'T1546.016',
    strength: 2,
    title: 'has a package run something when installed',
    pattern: /(?:preinst|postinst|preinstall|postinstall)\b|\bdpkg-deb\b|\bpkgbuild\b|\brpmbuild\b/i,
  },
  {
    id: 'udev',
    technique: 'T1546.017',
    strength: 3,
    title: 'adds a rule of udev',
    pattern: /\/etc\/udev\/rules\.d|RUN\+=/i,
  },
  {
    id: 'python-startup',
    technique: 'T1546.018',
    strength: 3,
    title: 'has Python load code at its start',
    pattern:
      /sitecustomize|usercustomize|site-packages[^\n]{0,120}\.pth\b|\.pth\b[^\n]{0,80}import|PYTHONSTARTUP|site\.getsitepackages/i,
  },
  {
    id: 'autostart-driver',
    technique: 'T1547',
    strength: 2,
    title: 'installs a driver',
    pattern: /\bpnputil(?:\.exe)?["']? +(?:\/add-driver|-i|-a)|\\RunOnceEx\b/i,
  },
  {
    id: 'run-key',
    technique: 'T1547.001',
    strength: 3,
    title: 'has something run at logon',
    pattern:
      /CurrentVersion\\{1,2}(?:Policies\\{1,2}Explorer\\{1,2})?Run(?:Once|OnceEx|Services|ServicesOnce)?\b|Start Menu\\Programs\\Startup|\bStartUp\\[^\n]{0,60}\.(?:lnk|bat|vbs|jse?|exe|cmd)|Terminal Server\\Wds\\rdpwd|StartupPrograms|User Shell Folders|Explorer\\Shell Folders|SpecialFolders[^\n]{0,20}Startup|shell:startup|secedit[^\n]{0,40}\/configure|Directory\\Background\\shell|645FF040-5081|Windows NT\\CurrentVersion\\Windows[^\n]{0,30}(?:Load|Run)\b|Control\\Session Manager[^\n]{0,30}BootExecute/i,
  },
  {
    id: 'auth-package',
    technique: 'T1547.002',
    strength: 3,
    title: 'registers an authentication package',
    pattern: /Authentication Packages/i,
  },
  {
    id: 'time-provider',
    technique: 'T1547.003',
    strength: 3,
    title: 'registers a time provider',
    pattern: /TimeProviders/i,
  },
  {
    id: 'winlogon',
    technique: 'T1547.004',
    strength: 3,
    title: 'has Winlogon start something',
    pattern: /\\Winlogon[^\n]{0,80}(?:Userinit|Shell|Notify|mpnotify)\b|Winlogon\\Notify/i,
    also: WRITES,
  },
  {
    id: 'ssp',
    technique: 'T1547.005',
    strength: 3,
    title: 'registers a security support provider',
    pattern: /Security Packages/i,
  },
  {
    id: 'kernel-module',
    technique: 'T1547.006',
    strength: 3,
    title: 'loads a kernel module',
    pattern:
      /\binsmod\b|\bmodprobe\b(?! +-r)|\bkextload\b|kextutil|\/etc\/modules\b|modules-load\.d|\.kext\b|depmod|kldload|iokit/i,
  },
  {
    id: 'reopened-applications',
    technique: 'T1547.007',
    strength: 3,
    title: 'has applications open again',
    pattern: /com\.apple\.loginwindow|loginwindow[^\n]{0,60}plist|LoginwindowLaunchesRelaunchApps/i,
  },
  {
    id: 'lsass-driver',
    technique: 'T1547.008',
    strength: 3,
    title: 'has LSASS load a library',
    pattern: /LsaDbExtPt|DirectoryServiceExtPt|Lsa[^\n]{0,20}RunAsPPL/i,
  },
  {
    id: 'shortcut',
    technique: 'T1547.009',
    strength: 3,
    title: 'writes a shortcut',
    pattern: /CreateShortcut|\[InternetShortcut\]|\.url\b[^\n]{0,40}>>/i,
  },
  {
    id: 'port-monitor',
    technique: 'T1547.010',
    strength: 3,
    title: 'registers a monitor of the spooler',
    pattern: /Print\\Monitors/i,
  },
  {
    id: 'print-processor',
    technique: 'T1547.012',
    strength: 3,
    title: 'registers a print processor',
    pattern: /Print Processors|prtprocs/i,
  },
  {
    id: 'xdg-autostart',
    technique: 'T1547.013',
    strength: 3,
    title: 'adds an autostart entry of the desktop',
    pattern: /\.config\/autostart|\/etc\/xdg\/autostart/i,
  },
  {
    id: 'active-setup',
    technique: 'T1547.014',
    strength: 3,
    title: 'registers in Active Setup',
    pattern: /Active Setup/i,
  },
  {
    id: 'login-item',
    technique: 'T1547.015',
    strength: 3,
    title: 'adds a login item',
    pattern: /login ?item|make login item|backgrounditems\.btm|WindowsTerminal[^\n]{0,80}settings\.json/i,
  },
  {
    id: 'setuid',
    technique: 'T1548.001',
    strength: 3,
    title: 'uses a bit that runs a file as its owner',
    acts_by_reading: true,
    pattern:
      /\bchmod +(?:[ugo]*\+[a-z]*s|[2467]\d{3})\b|chmod [ug]\+xs|\bsetcap\b|-perm +[-/]?(?:[246]000|[ug][=+]s)|setuid\b|cap_setuid|getcap -r/i,
  },
  {
    id: 'uac-bypass',
    technique: 'T1548.002',
    strength: 3,
    title: 'passes by User Account Control',
    pattern:
      /(?:mscfile|ms-settings|exefile|folder|AppX82a6gwre4fdg3bt635tn5ctqjf8msdd2|\.pwn)\\+shell\\+(?:open|runas)\\+command|fodhelper|\beventvwr(?:\.exe|\.msc)?\b|computerdefaults|\bsdclt\b|\bwsreset\b|slui(?:\.exe)?\b|\bEnableLUA\b|ConsentPromptBehavior|PromptOnSecureDesktop|\bakagi|\buacme\b|\buacmagic|uacbypass|dccwbypass|dccombypass|DelegateExecute|ucmDccw|disk cleanup[^\n]{0,40}|SilentCleanup|\\\\\?\\C:\\Windows \\|FilterAdministratorToken|LocalAccountTokenFilterPolicy|windir[^\n]{0,40}cmd(?:\.exe)?[^\n]{0,20}&&? *REM|Invoke-(?:Fodhelper|BypassUAC)|\bcmstplua\b/i,
  },
  {
    id: 'sudo',
    technique: 'T1548.003',
    strength: 3,
    title: 'changes or uses how sudo asks',
    pattern: /\/etc\/sudoers|visudo|timestamp_timeout|tty_tickets|\bsudo +-[lkK]\b|NOPASSWD|doas\.conf/i,
  },
  {
    id: 'elevated-prompt',
    technique: 'T1548.004',
    strength: 2,
    title: 'asks for higher rights in a window',
    pattern: /with administrator privileges|AuthorizationExecuteWithPrivileges|security_authtrampoline/i,
  },
  {
    id: 'token-impersonation',
    technique: 'T1134.001',
    strength: 3,
    title: 'takes over a token',
    pattern:
      /juicypotato|rottenpotato|sweetpotato|printspoofer|godpotato|\bnsudo|incognito|token::elevate|invoke-tokenmanipulation|getsystem|bad[- ]?potato|efspotato|impersonatelogged|DuplicateToken/i,
  },
  {
    id: 'process-with-token',
    technique: 'T1134.002',
    strength: 3,
    title: 'starts a process with a token',
    pattern:
      /CreateProcessWithToken|CreateProcessAsUser|\brunas(?:\.exe)?["']? +\/(?:user|netonly|savecred)|GetTokenInformation|gwmi win32_process[^\n]{0,120}owner|get-createprocessfromparent/i,
  },
  {
    id: 'parent-spoofing',
    technique: 'T1134.004',
    strength: 3,
    title: 'pretends another parent process',
    pattern: /ppid-?spoof|UpdateProcThreadAttribute|parent ?(?:pid|process) ?(?:spoof|id)\b/i,
  },
  {
    id: 'sid-history',
    technique: 'T1134.005',
    strength: 3,
    title: 'adds to the SID history',
    pattern: /sid::(?:add|patch)|sidhistory/i,
  },
  {
    id: 'exploit-privileges',
    technique: 'T1068',
    strength: 2,
    title: 'uses a hole to get higher rights',
    pattern:
      /printnightmare|invoke-nightmare|hivenightmare|dirty ?(?:pipe|cow)|pwnkit|\bcve-20\d\d-\d{4,5}\b|sudoedit -s|zerologon/i,
  },
  {
    id: 'hijack-dll',
    technique: 'T1574.001',
    strength: 2,
    title: 'has a program load a library from where it should not',
    pattern:
      /(?:copy|ren|move|copy-item)[^\n]{0,160}(?:amsi|version|wlbsctrl|dbghelp|uxtheme|cryptsp|ntprint|ualapi|WinAppXRT|wow64log|TextShaping|edputil)\.dll|GUP\.exe|DOTNET_STARTUP_HOOKS|COR_PROFILER|APPX_PROCESS|sideload/i,
  },
  {
    id: 'cor-profiler',
    technique: 'T1574.012',
    strength: 3,
    title: 'has .NET load a profiler',
    pattern: /COR(?:ECLR)?_(?:ENABLE_PROFILING|PROFILER)/i,
  },
  {
    id: 'dyld',
    technique: 'T1574.006',
    strength: 3,
    title: 'has programs load a library first',
    pattern: /LD_PRELOAD|\/etc\/ld\.so\.preload|DYLD_INSERT_LIBRARIES|LD_LIBRARY_PATH/i,
  },
  {
    id: 'path-interception',
    technique: 'T1574.008',
    strength: 2,
    title: 'puts a program where it is found first',
    pattern: /WindowsApps\\[^\n]{0,40}\.exe|Get-Variable\.exe|export PATH=[^\n]{0,60}(?:\/tmp|\.:)/i,
  },
  {
    id: 'unquoted-path',
    technique: 'T1574.009',
    strength: 3,
    title: 'uses a path without quotes',
    pattern: /C:\\Program\.exe|Program Files\\windows_service|unquoted/i,
  },
  {
    id: 'service-permissions',
    technique: 'T1574.011',
    strength: 2,
    title: 'changes who may change a service',
    pattern:
      /\bsc(?:\.exe)?["']? +sdset|\bsubinacl\b|get-acl[^\n]{0,40}\\Services|weakservice|FailureCommand|sc(?:\.exe)? +failure\b/i,
  },
  {
    id: 'modified-host',
    technique: 'T1554',
    strength: 2,
    title: 'changes a program that belongs to the system',
    pattern: /(?:cp|mv|install)[^\n]{0,80} \/(?:usr\/)?s?bin\/(?:ssh|login|su|sudo|ls|ps)\b/i,
  },
];
