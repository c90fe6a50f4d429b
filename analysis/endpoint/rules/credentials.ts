/** Credential access: what reads secrets out of memory, files, stores and directories, or guesses them. */
import { WRITES, type CommandRule } from './rule.ts';

/** Our own rules; facts are ATT&CK's, patterns are ours. */
export const CREDENTIAL_RULES: readonly CommandRule[] = [
  {
    id: 'lsass-dump',
    technique: 'T1003.001',
    strength: 3,
    title: 'dumps the memory of LSASS',
    pattern:
      /comsvcs(?:\.dll)?["', ]{1,4}(?:MiniDump|#\+?0*24)|\blsass[^\n]{0,60}\.dmp|\b(?:procdump|sqldumper|rdrleakdiag|dumpert|nanodump|xordump|handlekatz|createdump)\b|out-minidump|\bfullmemdmp\b|MiniDumpWriteDump/i,
  },
  {
    id: 'lsass-tools',
    technique: 'T1003.001',
    strength: 3,
    title: 'reads credentials out of LSASS',
    pattern: /sekurlsa::|\bpypykatz\b|invoke-mimikatz|\bsafetykatz\b|\blsassy\b|\bsafedump\b|kittiedump/i,
  },
  {
    id: 'mimikatz',
    technique: 'T1003',
    strength: 2,
    title: 'runs mimikatz',
    pattern: /\bmimikatz\b|privilege::debug|\bmimidrv\b/i,
  },
  {
    id: 'sam-hive',
    technique: 'T1003.002',
    strength: 3,
    title: 'copies a registry hive with credentials',
    pattern:
      /\breg(?:\.exe)?["']? +(?:save|export) +["']?(?:hklm|HKEY_LOCAL_MACHINE)\\(?:(?:sam|security)\b|system\\?(?:["'\s]|$))|\\config\\(?:sam|security)\b|\bpwdump|\bpowerdump\b|lsadump::sam|\bsamfile\b|\bhashdump\b|\bsamdump/i,
  },
  {
    id: 'ntds',
    technique: 'T1003.003',
    strength: 3,
    title: 'copies the directory database',
    pattern: /\bntds(?:\.dit|util)\b|\\NTDS\\|ac i ntds|\bifm\b[^\n]{0,40}create full/i,
  },
  {
    id: 'shadow-copy-made',
    technique: 'T1003.003',
    strength: 2,
    title: 'makes a shadow copy to read locked files',
    pattern:
      /vssadmin(?:\.exe)?["']? +create shadow|wmic[^\n]{0,40}shadowcopy[^\n]{0,20}create|win32_shadowcopy[^\n]{0,40}create/i,
  },
  {
    id: 'lsa-secrets',
    technique: 'T1003.004',
    strength: 3,
    title: 'reads LSA secrets',
    pattern: /lsadump::(?:secrets|lsa)|\\Policy\\Secrets|hklm\\security\\policy|\blsa[-_ ]?secrets?\b/i,
  },
  {
    id: 'cached-logons',
    technique: 'T1003.005',
    strength: 2,
    title: 'reads cached domain logons',
    pattern: /lsadump::cache|cachedump|\bcmdkey(?:\.exe)?["']? +\/list/i,
  },
  {
    id: 'dcsync',
    technique: 'T1003.006',
    strength: 3,
    title: 'asks a domain controller to replicate secrets',
    pattern: /lsadump::dcsync|\bdcsync\b|\bsecretsdump\b|DsGetNCChanges/i,
  },
  {
    id: 'proc-memory',
    technique: 'T1003.007',
    strength: 2,
    title: 'reads the memory of a process through /proc',
    acts_by_reading: true,
    pattern: /\/proc\/[^\s]{1,40}\/(?:maps|mem)\b|\bmimipenguin\b|\bgcore\b/i,
  },
  {
    id: 'shadow-file',
    technique: 'T1003.008',
    strength: 3,
    title: 'reads password hashes of the system',
    acts_by_reading: true,
    pattern: /\/etc\/(?:shadow|gshadow|master\.passwd|security\/passwd)\b|\bunshadow\b/i,
  },
  {
    id: 'dumpers',
    technique: 'T1003',
    strength: 3,
    title: 'runs a tool that dumps credentials',
    pattern:
      /\bgsecdump\b|\bfgdump\b|\bquarkspwdump\b|NPPSpy|KRShowKeyMgr|appcmd(?:\.exe)?["']? +list +apppool[^\n]{0,30}\/(?:@t|text)|\bwce(?:32|64)?\.exe\b|\bdumpcreds\b/i,
  },
  {
    id: 'netlogon-ntlm',
    technique: 'T1187',
    strength: 2,
    title: 'makes the machine authenticate to somewhere',
    pattern:
      /\brpcping\b[^\n]{0,80}(?:ntlm|-s\b)|\bpetitpotam\b|spoolsample|\bdfscoerce\b|printerbug|\.scf\b[^\n]{0,80}iconfile=\\\\/i,
  },
  {
    id: 'kerberoast',
    technique: 'T1558.003',
    strength: 3,
    title: 'asks for service tickets to crack them',
    pattern:
      /kerberoast|GetUserSPNs|KerberosRequestorSecurityToken|\bsetspn(?:\.exe)?["']? +(?:-t\b[^\n]{0,40})?-q\b|asktgs/i,
  },
  {
    id: 'asrep',
    technique: 'T1558.004',
    strength: 3,
    title: 'asks for tickets without pre-authentication',
    pattern: /asrep(?:roast)?\b|GetNPUsers/i,
  },
  {
    id: 'golden-ticket',
    technique: 'T1558.001',
    strength: 3,
    title: 'forges a ticket',
    pattern: /kerberos::golden|rubeus[^\n]{0,60}golden|\bticketer(?:\.py)?\b/i,
  },
  {
    id: 'silver-ticket',
    technique: 'T1558.002',
    strength: 2,
    title: 'forges a service ticket',
    pattern: /rubeus[^\n]{0,60}silver|kerberos::golden[^\n]{0,200}\/service:/i,
  },
  {
    id: 'rubeus',
    technique: 'T1558',
    strength: 2,
    title: 'runs Rubeus',
    pattern: /\brubeus\b|klist(?:\.exe)? +(?:tickets|purge|get)/i,
  },
  {
    id: 'pass-the-ticket',
    technique: 'T1550.003',
    strength: 3,
    title: 'uses a stolen ticket',
    pattern: /kerberos::ptt|rubeus[^\n]{0,60}\bptt\b/i,
  },
  {
    id: 'pass-the-hash',
    technique: 'T1550.002',
    strength: 3,
    title: 'uses a stolen hash',
    pattern:
      /sekurlsa::pth|invoke-wmiexec|\bcrackmapexec\b[^\n]{0,120}-H\b|\bpth-\w+|--?hashes [0-9a-f]{0,32}:[0-9a-f]{32}/i,
  },
  {
    id: 'files-with-passwords',
    technique: 'T1552.001',
    strength: 2,
    title: 'searches files for passwords',
    acts_by_reading: true,
    pattern:
      /(?:findstr|select-string|\bgrep\b|\bsls\b)[^\n]{0,120}(?:passw|pwd|credential|secret)|unattend(?:ed)?\.xml|\.netrc\b|\blazagne(?:\.py|\.exe)? +(?:all|-)|\bpasshunt\b|sensitivefiles|\bsnaffler\b[^\n]{0,30}-o|\bsessiongopher\b|\bsharpcloud\b|web\.config[^\n]{0,80}connectionstring|\.aws\/credentials|\.azure\/|git-credentials|\bwinscp\.ini\b|credentials? in files?|\bpowersql\b|passwords?\.(?:txt|xml|kdbx?)\b/i,
  },
  {
    id: 'registry-passwords',
    technique: 'T1552.002',
    strength: 3,
    title: 'searches the registry for passwords',
    acts_by_reading: true,
    pattern:
      /reg(?:\.exe)?["']? +query[^\n]{0,160}(?:passw|\/f +pass|putty\\sessions|winlogon[^\n]{0,40}defaultpassword)|SimonTatham\\PuTTY|ORL\\WinVNC|DefaultPassword/i,
  },
  {
    id: 'history-read',
    technique: 'T1552.003',
    strength: 3,
    title: 'reads command histories for secrets',
    acts_by_reading: true,
    pattern:
      /\bcat\b[^\n]{0,60}\.(?:bash|zsh|sh)_history|ConsoleHost_history|HistorySavePath[^\n]{0,80}(?:cat|get-content|type|select-string)|(?:get-content|type|cat)[^\n]{0,80}HistorySavePath|\$HISTFILE[^\n]{0,20}grep/i,
  },
  {
    id: 'private-keys',
    technique: 'T1552.004',
    strength: 3,
    title: 'collects private keys and certificates',
    acts_by_reading: true,
    pattern:
      /\.(?:pem|pfx|p12|ppk|gpg|asc|key|pgp|p7b|cer|crt|keystore|jks)\b[^\n]{0,80}(?:copy|find|dir|rsync|cp |include|ls )|(?:find|dir|ls|gci|get-childitem|copy|cp|rsync)\b[^\n]{0,160}(?:\bid_(?:rsa|dsa|ed25519|ecdsa)\b|\.(?:pem|pfx|p12|ppk|pgp|gpg)\b|\.ssh\b)|export-pfxcertificate|crypto::(?:certificates|keys|capi)|CertUtil[^\n]{0,20}-exportPFX|dsregcmd|\.gnupg\b/i,
  },
  {
    id: 'metadata-service',
    technique: 'T1552.005',
    strength: 3,
    title: 'asks the metadata service of a cloud',
    acts_by_reading: true,
    pattern: /169\.254\.169\.254|metadata\.google\.internal/i,
  },
  {
    id: 'gpp',
    technique: 'T1552.006',
    strength: 3,
    title: 'searches group policies for passwords',
    acts_by_reading: true,
    pattern:
      /\bgpp(?:-?decrypt|password|autologon)|cpassword|\\sysvol\\[^\n]{0,120}(?:\.xml|groups)|findstr[^\n]{0,80}sysvol|get-gpp/i,
  },
  {
    id: 'container-secrets',
    technique: 'T1552.007',
    strength: 3,
    title: 'reads secrets of containers',
    acts_by_reading: true,
    pattern:
      /kubectl[^\n]{0,80}(?:secrets?\b|serviceaccount\/token)|kubernetes\.io\/serviceaccount|docker[^\n]{0,40}secret|\/var\/run\/secrets/i,
  },
  {
    id: 'cloud-secrets',
    technique: 'T1552',
    strength: 2,
    title: 'fetches secrets of a cloud account',
    pattern:
      /aws[^\n]{0,40}(?:secretsmanager|ssm get-parameter|get-password-data)|az keyvault secret|gcloud secrets|credential-access\.(?:ec2|secretsmanager|ssm)|get-azkeyvaultsecret/i,
  },
  {
    id: 'browser-secrets',
    technique: 'T1555.003',
    strength: 3,
    title: 'reads passwords stored in browsers',
    acts_by_reading: true,
    pattern:
      /(?:User Data|Chrome|Chromium|Edge|Opera|Brave)[^\n]{0,60}(?:Login Data|Cookies|Web Data|Local State)|\blogins\.json\b|\bkey[34]\.db\b|Firefox[\\/]+Profiles|lazagne[^\n]{0,20}browsers|webbrowserpassview|\bsharpchrom|browserpws|\bhackbrowserdata\b|chromepass|\bsharpweb\b/i,
  },
  {
    id: 'keychain',
    technique: 'T1555.001',
    strength: 3,
    title: 'reads the keychain',
    acts_by_reading: true,
    pattern:
      /security["']? +(?:dump-keychain|find-(?:generic|internet)-password|find-certificate|export)|login\.keychain|\bchainbreaker\b/i,
  },
  {
    id: 'credential-manager',
    technique: 'T1555.004',
    strength: 3,
    title: 'lists credentials that Windows keeps',
    pattern:
      /vaultcmd|keymgr\.dll|\bcredman\b|dumpWC|windows\.security\.credentials|\binvoke-wcmdump\b|get-vaultcredential|vault::(?:cred|list)|credential-?manager/i,
  },
  {
    id: 'password-managers',
    technique: 'T1555.005',
    strength: 3,
    title: 'reads the database of a password manager',
    acts_by_reading: true,
    pattern: /\.kdbx\b|keepass|keethief|bitwarden|1password|lastpass/i,
  },
  {
    id: 'password-stores',
    technique: 'T1555',
    strength: 2,
    title: 'collects stored passwords',
    pattern:
      /lazagne|\bsharpdpapi\b|dpapi::|\bnetpass\b|mailpassview|\bwinlogon[^\n]{0,30}credentials|wifi[^\n]{0,20}(?:password|cred)|wlan[^\n]{0,40}key=clear|\bsecretserver|invoke-grabcred/i,
  },
  {
    id: 'keylogging',
    technique: 'T1056.001',
    strength: 3,
    title: 'records keystrokes',
    pattern:
      /keystroke|keylog|getasynckeystate|\bpam_tty_audit\b|PROMPT_COMMAND[^\n]{0,80}(?:logger|tee)|trap [^\n]{0,120}BASH_COMMAND[^\n]{0,80}(?:log|>>)|enable_?tty|tty_audit/i,
  },
  {
    id: 'password-prompt',
    technique: 'T1056.002',
    strength: 3,
    title: 'asks the user for a password in a window',
    pattern:
      /PromptForCredential|display dialog[^\n]{0,200}(?:password|hidden answer)|CredUIPromptFor|Get-Credential -Message|invoke-(?:prompt|loginprompt|credentialphisher)/i,
  },
  {
    id: 'api-hooking',
    technique: 'T1056.004',
    strength: 3,
    title: 'hooks functions that see credentials',
    pattern: /\bhook(?:ing)?\.dll\b|mavinject[^\n]{0,80}hook|sethook/i,
  },
  {
    id: 'sniffing',
    technique: 'T1040',
    strength: 3,
    title: 'captures network traffic',
    pattern:
      /\btcpdump\b|\b[td]?wireshark\b|\btshark\b|\bdumpcap\b|\bpktmon(?:\.exe)?\b|netsh(?:\.exe)?["']? +trace +start|\bwindump\b|\brawcap\b|pcapdemo|New-NetEventSession|Add-NetEventPacketCaptureProvider|\bsnoop -|libpcap|SO_ATTACH_FILTER|AF_PACKET|packet[-_ ]?(?:capture|sniff)/i,
  },
  {
    id: 'password-guessing',
    technique: 'T1110.001',
    strength: 2,
    title: 'tries passwords against an account',
    pattern:
      /for[^\n]{0,120}passw[^\n]{0,160}(?:net use|sshpass|ldap|login|credential)|bruteuser|\bhydra\b|\bmedusa\b|\bncrack\b|patator|brute(?:force)?[-_ ]?(?:ssh|smb|rdp|login|user)|passwords?\.(?:txt|split)[^\n]{0,200}|\bsu -c\b[^\n]{0,60}<<|lockout_threshold/i,
  },
  {
    id: 'password-cracking',
    technique: 'T1110.002',
    strength: 3,
    title: 'cracks hashes',
    pattern: /\bhashcat\b|\bjohn(?:\.exe)?["']? +(?:--|[^\n]{0,60}hash)/i,
  },
  {
    id: 'password-spraying',
    technique: 'T1110.003',
    strength: 3,
    title: 'tries one password against many accounts',
    pattern:
      /(?:password|domain)?-?spray|passspray|\bmsolspray\b|DomainPasswordSpray|dpsLight|sprayhound|@FOR[^\n]{0,40}users?\.txt[^\n]{0,200}net use/i,
  },
  {
    id: 'credential-stuffing',
    technique: 'T1110.004',
    strength: 3,
    title: 'tries stolen pairs of names and passwords',
    pattern: /credstuff|userpass[^\n]{0,80}sshpass|kerbrute[^\n]{0,20}bruteforce|unamepass/i,
  },
  {
    id: 'kerbrute',
    technique: 'T1110',
    strength: 2,
    title: 'guesses passwords over Kerberos',
    pattern: /\bkerbrute\b[^\n]{0,30}(?:brute|spray)/i,
  },
  {
    id: 'web-cookies',
    technique: 'T1539',
    strength: 3,
    title: 'reads session cookies',
    acts_by_reading: true,
    pattern:
      /cookies\.sqlite|cookies?\.binarycookies|Network\\Cookies|\bsharpcookie|stealcookie|--remote-debugging-port/i,
  },
  {
    id: 'password-filter',
    technique: 'T1556.002',
    strength: 3,
    title: 'registers a password filter',
    pattern: /Lsa[^\n]{0,80}Notification Packages|"Notification Packages"|passwordFilter/i,
  },
  {
    id: 'pam',
    technique: 'T1556.003',
    strength: 3,
    title: 'changes how PAM decides',
    pattern:
      /\/etc\/pam\.d\/(?:su|sshd|sudo|system-auth|common-auth|login)\b[^\n]{0,10}|pam_(?:succeed_if|permit|evil|exec|unix)\.so/i,
    also: /sed|echo|>>|cp |tee|curl|install/i,
  },
  {
    id: 'wdigest',
    technique: 'T1112',
    strength: 3,
    title: 'has Windows keep passwords in clear text',
    pattern: /WDigest[^\n]{0,80}UseLogonCredential|UseLogonCredential/i,
    also: WRITES,
  },
  {
    id: 'poisoning',
    technique: 'T1557.001',
    strength: 3,
    title: 'answers name lookups of others',
    pattern: /inveigh|\bresponder(?:\.py)?\b|ntlmrelay|llmnr|nbns[-_]?spoof/i,
  },
  {
    id: 'forge-saml',
    technique: 'T1606.002',
    strength: 3,
    title: 'forges SAML tokens',
    pattern: /AADIntSAMLToken|\bshimit\b|golden ?saml/i,
  },
  {
    id: 'device-tokens',
    technique: 'T1528',
    strength: 2,
    title: 'steals access tokens',
    pattern:
      /get-aadintaccesstoken|roadtx|tokentactics|az account get-access-token|azureaccesstoken|\.azure[\\/]+accessTokens/i,
  },
];
