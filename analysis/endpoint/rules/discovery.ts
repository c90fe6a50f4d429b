/** Discovery: what an intruder asks a machine and a domain about themselves. */
import type { CommandRule } from './rule.ts';

/** Our own rules; each by itself is often an administrator. */
export const DISCOVERY_RULES: readonly CommandRule[] = [
  {
    id: 'services',
    technique: 'T1007',
    strength: 2,
    title: 'lists services',
    pattern:
      /\btasklist(?:\.exe)?["']? +\/svc|\bsc(?:\.exe)?["']? +query(?:ex)?\b|\bget-service\b|\bnet(?:\.exe)?["']? +start\s*$|systemctl[^\n]{0,20}list-units|launchctl list|service --status-all|wmic service (?:list|get)|schtasks(?:\.exe)?["']? +\/query|(?:get-childitem|gci|ls)[^\n]{0,60}HKLM:\\SYSTEM\\CurrentControlSet\\Services/im,
  },
  {
    id: 'windows-open',
    technique: 'T1010',
    strength: 3,
    title: 'lists open windows',
    pattern: /MainWindowTitle|EnumWindows|get-process[^\n]{0,60}MainWindow|\bwmctrl\b/i,
  },
  {
    id: 'registry-query',
    technique: 'T1012',
    strength: 1,
    title: 'reads the registry',
    pattern:
      /\breg(?:\.exe)?["']? +query\b|get-item(?:property)?(?:value)?["' ]{1,3}(?:-path +)?["']?(?:HK|Registry::)/i,
  },
  {
    id: 'network-config',
    technique: 'T1016',
    strength: 2,
    title: 'asks for the network configuration',
    pattern:
      /\bipconfig\b|\bifconfig\b|\bip +(?:a|addr|address|route|r|link)\b|netsh(?:\.exe)?["']? +(?:interface|wlan|int|lan)\b[^\n]{0,30}show|\broute(?:\.exe)? +print|\bnbtstat\b|get-net(?:ipconfiguration|adapter|ipaddress|ipinterface|route)\b|objectcategory=subnet|\bnslookup\b|resolv\.conf|scutil --dns|networksetup -|Win32_NetworkAdapter|\bnetstat -[a-z]*r|net config workstation/i,
  },
  {
    id: 'internet-check',
    technique: 'T1016.001',
    strength: 3,
    title: 'tries whether the internet can be reached',
    pattern:
      /\bping(?:\.exe)?["']? +(?:-[nc] *\d+ +)?(?:8\.8\.8\.8|8\.8\.4\.4|1\.1\.1\.1|www\.|google\.com)|\bTest-(?:Net)?Connection\b[^\n]{0,80}(?:8\.8\.8\.8|1\.1\.1\.1|google|microsoft)|tracert?(?:oute)?(?:\.exe)? +(?:8\.8|google)/i,
  },
  {
    id: 'wifi',
    technique: 'T1016.002',
    strength: 3,
    title: 'lists wireless networks',
    pattern: /netsh(?:\.exe)?["']? +wlan[^\n]{0,20}(?:show|export)|\bairport -|nmcli[^\n]{0,20}wifi/i,
  },
  {
    id: 'remote-systems',
    technique: 'T1018',
    strength: 2,
    title: 'looks for other machines',
    pattern:
      /\bnet(?:\.exe)?["']? +view(?! *\\\\)|\barp(?:\.exe)?["']? +-[a-z]|\bnltest(?:\.exe)?["']?[^\n]{0,20}\/(?:dclist|dsgetdc)|objectcategory=computer|dclist|get-(?:ad|net|domain)computer|get-(?:net|domain)controller|get-addomaincontroller|\bip +neigh|for \/l[^\n]{0,80}ping|1\.\.25[45][^\n]{0,160}(?:ping|test-connection)|seq +1 +25[45]|\/etc\/hosts|dsquery[^\n]{0,20}(?:computer|server)|group[^\n]{0,30}"?domain (?:controllers|computers)|\bnbtscan\b|spoolvulnscan|\bfruit\b|ms17-?10|bluekeep|pingsweep|adrecon[^\n]{0,20}computers|ip tcp_metrics|\[System\.DirectoryServices\.ActiveDirectory\.Domain\]|DomainControllers/i,
  },
  {
    id: 'whoami',
    technique: 'T1033',
    strength: 2,
    title: 'asks who is logged on',
    pattern:
      /\bwhoami\b|\bquser\b|\bqwinsta\b|\bquery(?:\.exe)? +(?:user|session)|\bw\b *$|\bwho\b *(?:$|[-|;>])|\busers\b *$|WindowsIdentity\]?::GetCurrent|\[System\.Environment\]::UserName|get-(?:net|domain)?loggedon|invoke-userhunter|find-domainuserlocation|%username%|\$env:username|stealthuserhunter/im,
  },
  {
    id: 'port-scan',
    technique: 'T1046',
    strength: 3,
    title: 'scans for open ports',
    pattern:
      /\bnmap\b|\bmasscan\b|\brustscan\b|\bnc(?:at)?\b[^\n]{0,30}-[a-z]*z|TcpClient[^\n]{0,120}(?:\.Connect|BeginConnect)[^\n]{0,200}|\bportscan|for (?:port|i)[^\n]{0,80}\/dev\/tcp|\/dev\/tcp\/[^\n]{0,40}\$port|invoke-portscan|\bnaabu\b|advanced[_ ]?(?:ip|port)[_ ]?scan|telnet [^\n]{0,40}\d+[^\n]{0,20}open|kubectl[^\n]{0,80}nmap/i,
  },
  {
    id: 'connections',
    technique: 'T1049',
    strength: 2,
    title: 'lists network connections',
    pattern:
      /\bnetstat\b|get-nettcpconnection|get-netudpendpoint|\bss +-[a-z]+|\blsof +-[a-z]*i|\bnet(?:\.exe)?["']? +(?:session|use)\s*$|\bsockstat\b|\bwho -a\b/im,
  },
  {
    id: 'processes',
    technique: 'T1057',
    strength: 2,
    title: 'lists processes',
    pattern:
      /\btasklist(?!(?:\.exe)?["']? +\/svc)\b|\bps +(?:-?aux|-?ef|-[a-z]+|>>)|\bps\b *$|get-process\b(?![^\n]{0,40}(?:stop|lsass|description))|wmic(?:\.exe)?["']? +process +(?:get|list)|Win32_Process\b(?![^\n]{0,80}(?:create|invoke))|taskmgr(?:\.exe)? +\/7|\bpslist\b|\btop -b/im,
  },
  {
    id: 'local-groups',
    technique: 'T1069.001',
    strength: 3,
    title: 'lists local groups',
    pattern:
      /\bnet1?(?:\.exe)?["']? +localgroup\b(?![^\n]{0,120}\/(?:add|del))|get-localgroup|\bdscacheutil -q group|\bdscl\b[^\n]{0,20}-list \/Groups|getent group|\/etc\/group\b|wmic group|(?:^|[;&|] *)groups\b/im,
  },
  {
    id: 'domain-groups',
    technique: 'T1069.002',
    strength: 3,
    title: 'lists groups of the domain',
    pattern:
      /\bnet1?(?:\.exe)?["']? +groups?\b(?![^\n]{0,120}\/(?:add|del))|get-(?:ad|net|domain)group|get-adprincipalgroup|objectcategory=group|find-localadminaccess|find-gpolocation|get-netgpo|DoesNotRequirePreAuth|\bsharphound\b|invoke-bloodhound|dsquery[^\n]{0,20}group|\bldapsearch\b[^\n]{0,200}group|trustedtodelegation|userswithgroups/i,
  },
  {
    id: 'system-info',
    technique: 'T1082',
    strength: 2,
    title: 'asks about the system',
    pattern:
      /\bsysteminfo\b|\buname\b|\/etc\/(?:os-release|lsb-release|issue|redhat-release)|\bsystem_profiler\b|\bhostname\b|\bver\b *$|wmic(?:\.exe)?["']? +(?:os|computersystem|bios|cpu|csproduct|baseboard|qfe|logicaldisk|diskdrive|volume)|\b(?:Win32_OperatingSystem|Win32_ComputerSystem|Win32_BIOS|Win32_Processor)\b|get-computerinfo|MachineGuid|\bsw_vers\b|\bsysctl -n hw|csrutil status|\bdmidecode\b|\blscpu\b|^ *(?:set|env|printenv)\s*$|vssadmin(?:\.exe)? +list|gatherNetworkInfo|winpeas|\bseatbelt\b|generalrecon|morerecon|itm4nprivesc|powershellsensitive|oldchecks|otherchecks|RBCD-Check|get-culture|\bwatson\b|\blinpeas\b|esxcli system|\/sys\/class\/dmi|HARDWARE\\DESCRIPTION\\System|CurrentVersion["']? +\/v +ProductName|griffon|driverquery|bcdedit(?:\.exe)?\s*$|Confirm-SecureBoot|kldstat|hypervisor[-_ ]?detect|invoke-azurestealth|azurestealth|Get-MpComputerStatus|DISKPART[^\n]{0,30}list|ioreg\b|get-winevent[^\n]{0,10}-listlog/im,
  },
  {
    id: 'files-listed',
    technique: 'T1083',
    strength: 1,
    title: 'lists files and folders',
    pattern:
      /\bdir(?:\.exe)? +\/[sab]|\btree(?:\.com)?["']? +\/|\bfind +[~/.][^\n]{0,80}-(?:name|type|iname)|\bls +-[a-zA-Z]*[alR]|get-childitem[^\n]{0,60}-recurse|\bgci\b[^\n]{0,30}-r|\blocate\b|findmnt|dirlister|where(?:\.exe)? +\/r|esxcli storage|\bfd +-/i,
  },
  {
    id: 'local-accounts',
    technique: 'T1087.001',
    strength: 3,
    title: 'lists local accounts',
    pattern:
      /\bnet1?(?:\.exe)?["']? +users?\s*(?:$|[>|&;])|get-localuser|cat[^\n]{0,20}\/etc\/passwd|grep[^\n]{0,40}\/etc\/passwd|\/etc\/sudoers[^\n]{0,20}>|\blastlog(?:in)?\b|\bdscl\b[^\n]{0,20}list \/Users|dscacheutil -q user|wmic(?:\.exe)?["']? +useraccount|\bgetent passwd|\blsof -u\b|(?:^|[;&|] *)(?:id|last)\s*(?:$|[>;|])|sysadminctl -list|cmdkey(?:\.exe)?["']? +\/list/im,
  },
  {
    id: 'domain-accounts',
    technique: 'T1087.002',
    strength: 3,
    title: 'lists accounts of the domain',
    pattern:
      /\bnet1?(?:\.exe)?["']? +users?\b[^\n]{0,60}\/do(?:main)?\b(?![^\n]{0,40}\/(?:add|del))|get-(?:ad|net|domain)user|objectcategory=(?:person|user|organizationalunit)|get-adobject|get-adcomputer|\badrecon\b|exchaddresses|adfind[^\n]{0,60}(?:-default|-sc admincountdmp|-sc adinfo|objectclass=computer)|dsquery[^\n]{0,20}user|userenum|\bldapdomaindump\b|\bldapsearch\b|SearchRooT|adsisearcher|query(?:\.exe)? +user +\/server|UserAccountControl:1\.2|wmic[^\n]{0,40}\/namespace[^\n]{0,30}ldap|get-aduser|GetHostAddresses[^\n]{0,200}rpc|ADSI[^\n]{0,40}LDAP|suspicious laps|ms-mcs-admpwd|\bget-laps/i,
  },
  {
    id: 'email-accounts',
    technique: 'T1087.003',
    strength: 3,
    title: 'lists mail addresses',
    pattern: /global ?address ?list|get-globaladdresslist|get-recipient\b/i,
  },
  {
    id: 'cloud-accounts',
    technique: 'T1087.004',
    strength: 3,
    title: 'lists accounts of a cloud',
    pattern:
      /aws iam (?:list-users|list-roles|get-account-authorization)|get-(?:azuread|az|mg|msol)user\b|az ad user list|gcloud iam service-accounts list|roadrecon|azurehound/i,
  },
  {
    id: 'devices',
    technique: 'T1120',
    strength: 2,
    title: 'lists attached devices',
    pattern:
      /Win32_PnPEntity|get-pnpdevice|fsutil(?:\.exe)? +fsinfo +drives|get-printer\b|\blsusb\b|\blspci\b|Win32_Printer|printui(?:\.dll)?|system_profiler +SPUSB/i,
  },
  {
    id: 'time',
    technique: 'T1124',
    strength: 3,
    title: 'asks for the time and the time zone',
    pattern:
      /\bnet(?:\.exe)?["']? +time\b|\bw32tm(?:\.exe)?["']? +\/(?:tz|stripchart|query)|^ *(?:get-date|date|time)\s*(?:\/t\s*)?$|\btzutil\b|systemsetup -get(?:time|net)|timedatectl|get-timezone/im,
  },
  {
    id: 'shares',
    technique: 'T1135',
    strength: 3,
    title: 'lists network shares',
    pattern:
      /\bnet(?:\.exe)?["']? +view +["']?\\\\|\bnet(?:\.exe)?["']? +share\s*(?:$|[>|&])|get-smbshare|\bsmbstatus\b|smbutil view|\bshowmount\b|invoke-sharefinder|find-domainshare|\bsharpshares\b|\bsnaffler\b|shareenumeration|\bsmbmap\b|smbclient +-L|df -aH/im,
  },
  {
    id: 'password-policy',
    technique: 'T1201',
    strength: 3,
    title: 'asks for the password policy',
    pattern:
      /\bnet(?:\.exe)?["']? +accounts\b|pwpolicy|\/etc\/(?:pam\.d\/(?:common-password|passwd|system-auth)|login\.defs|security\/pwquality)|addefaultdomainpasswordpolicy|get-passpol|secedit(?:\.exe)?["']? +\/export|get-account-password-policy|\bchage +-l|get-domainpolicy|get-adfinegrained/i,
  },
  {
    id: 'browser-data',
    technique: 'T1217',
    strength: 3,
    title: 'reads bookmarks and history of browsers',
    pattern:
      /\bplaces\.sqlite\b|\bBookmarks(?:\.plist)?\b|\\Favorites\b|browserhistory|History[^\n]{0,30}(?:Chrome|Edge)|(?:Chrome|Edge)[^\n]{0,80}\\History\b|get-browserdata/i,
  },
  {
    id: 'trusts',
    technique: 'T1482',
    strength: 3,
    title: 'asks for the trusts of the domain',
    pattern:
      /\bnltest(?:\.exe)?["']?[^\n]{0,20}\/(?:domain_trusts|trusted_domains|all_trusts)|get-(?:net)?(?:domain|forest)(?:trust|map)|get-adtrust|trustdmp|trustedDomain|get-addomain\b|get-netforest|dsquery[^\n]{0,60}trusted/i,
  },
  {
    id: 'virtual-machine',
    technique: 'T1497.001',
    strength: 3,
    title: 'asks whether it runs in a virtual machine',
    pattern:
      /systemd-detect-virt|virtualization environment|(?:vmware|virtualbox|vbox|qemu)[^\n]{0,60}(?:grep|exit|detected|-match|-like|if )|(?:grep|-match|-like|egrep)[^\n]{0,60}(?:vmware|virtualbox|vbox|qemu|hypervisor)|MSAcpi_ThermalZone|hv_vendor_id|dmidecode[^\n]{0,40}(?:grep|product)/i,
  },
  {
    id: 'sleep-evasion',
    technique: 'T1497.003',
    strength: 2,
    title: 'waits to outlast a sandbox',
    pattern: /ping(?:\.exe)? +(?:-n|-c) *\d{2,} [^\n]{0,60}(?:>|&)|timeout(?:\.exe)? +(?:\/t +)?\d{3,}/i,
  },
  {
    id: 'software',
    technique: 'T1518',
    strength: 2,
    title: 'lists installed software',
    pattern:
      /CurrentVersion\\Uninstall|win32_product\b(?![^\n]{0,80}install)|wmic(?:\.exe)?["']? +product +(?:get|list|where)|\bdpkg -l\b|\brpm -qa\b|get-package\b|Internet Explorer["']? +\/v +(?:svc)?version|dotnetsearch|\/Applications[^\n]{0,30}Info(?:\.plist)?|CFBundleShortVersion|winget list|powersharppack[^\n]{0,60}dotnet/i,
  },
  {
    id: 'security-software',
    technique: 'T1518.001',
    strength: 3,
    title: 'asks which defences are there',
    pattern:
      /securitycenter2|AntiVirusProduct|get-mp(?:preference|threat|computerstatus)\b|\bfltmc(?:\.exe)?\b|firewall[^\n]{0,20}(?:show|dump)|get-netfirewall|(?:virus|carbonblack|defender|cylance|falcon|sentinel|\bsophos|symantec|crowdstrike)[^\n]{0,60}(?:get-process|findstr|-like|tasklist|grep)|(?:get-process|findstr|tasklist|grep)[^\n]{0,200}(?:virus|carbonblack|cylance|falcon|crowdstrike|defender|msmpeng|sysmon)|\bedrchecker\b|MSFT_MpPreference[^\n]{0,20}get|get-service[^\n]{0,80}(?:defender|sense)|invoke-edr|MpPreference[^\n]{0,60}Exclusion[^\n]{0,20}select|fw +status|esxcli software vib/i,
  },
  {
    id: 'location',
    technique: 'T1614',
    strength: 3,
    title: 'asks where on earth the machine is',
    pattern: /ipinfo\.io|ifconfig\.(?:me|co)|ip-api\.com|geoip|api\.ipify|checkip\.amazonaws|ipconfig\.io|whatismyip/i,
  },
  {
    id: 'language',
    technique: 'T1614.001',
    strength: 3,
    title: 'asks for the language of the machine',
    pattern:
      /Nls\\Language|\bchcp\b|locale\.conf|\blocalectl\b|\$LANG\b|(?<![-\w])LANG=(?!\S* +\S)|grep LANG|printenv LANG|\/get-intl|keyboardlayout|^ *locale\b|get-win(?:userlanguagelist|systemlocale|homelocation)|AppleLanguages|GetKeyboardLayoutList/im,
  },
  {
    id: 'group-policy',
    technique: 'T1615',
    strength: 3,
    title: 'reads group policies',
    pattern: /\bgpresult\b|get-gpo\b|get-domaingpo|get-netgpo|GPORemoteAccessPolicy|GPOAudit|get-gporeport/i,
  },
  {
    id: 'drivers-listed',
    technique: 'T1652',
    strength: 3,
    title: 'lists drivers',
    pattern:
      /driverquery|kextfind|kextstat\s*$|\/lib\/modules|\blsmod\b|Win32_SystemDriver|get-windowsdriver|kmutil showloaded/im,
  },
  {
    id: 'logs-listed',
    technique: 'T1654',
    strength: 3,
    title: 'reads logs to learn from them',
    pattern:
      /wevtutil(?:\.exe)?["']? +(?:el|enum-logs|qe|query-events|gli)|get-eventlog[^\n]{0,60}(?:where|export|select)|get-winevent\b[^\n]{0,120}(?:export|where|select|-filter)|journalctl[^\n]{0,40}(?:grep|>)/i,
  },
  {
    id: 'containers-listed',
    technique: 'T1613',
    strength: 3,
    title: 'lists containers and clusters',
    pattern:
      /\b(?:docker|podman) +(?:ps|stats|inspect|images|info|container ls)|kubectl[^\n]{0,30}get +(?:pods|nodes|services|deployments|all|namespaces)|crictl ps/i,
  },
  {
    id: 'cloud-services',
    technique: 'T1526',
    strength: 3,
    title: 'lists services of a cloud',
    pattern:
      /get-az(?:ure)?resource\b|aws[^\n]{0,30}(?:describe-|list-functions|list-services)|az resource list|awsdiscovery|azurediscovery|gcloud services list|roadtools/i,
  },
  {
    id: 'cloud-storage',
    technique: 'T1619',
    strength: 3,
    title: 'lists storage of a cloud',
    pattern:
      /aws s3(?:api)? (?:ls|list-)|list-objects|enumerateazureblobs|az storage (?:blob|container) list|gsutil ls|gcloud storage ls/i,
  },
  {
    id: 'cloud-infrastructure',
    technique: 'T1580',
    strength: 2,
    title: 'lists infrastructure of a cloud',
    pattern: /aws ec2 describe|az vm list|gcloud compute instances list|discovery\.ec2/i,
  },
];
