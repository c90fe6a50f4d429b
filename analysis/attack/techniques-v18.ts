/** What ATT&CK v18.1 says otherwise than v19: techniques of enterprise, one a line, `id|name|tactics`. */

/**
 * Facts from MITRE ATT&CK®: © 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of
 * The MITRE Corporation (see NOTICE).
 */
/** Those that v19 renamed, gave other tactics or revoked; ordered by id. */
export const TECHNIQUES_V18 = `
T1006|Direct Volume Access|defense-evasion
T1014|Rootkit|defense-evasion
T1027|Obfuscated Files or Information|defense-evasion
T1027.001|Binary Padding|defense-evasion
T1027.002|Software Packing|defense-evasion
T1027.003|Steganography|defense-evasion
T1027.004|Compile After Delivery|defense-evasion
T1027.005|Indicator Removal from Tools|defense-evasion
T1027.006|HTML Smuggling|defense-evasion
T1027.007|Dynamic API Resolution|defense-evasion
T1027.008|Stripped Payloads|defense-evasion
T1027.009|Embedded Payloads|defense-evasion
T1027.010|Command Obfuscation|defense-evasion
T1027.011|Fileless Storage|defense-evasion
T1027.012|LNK Icon Smuggling|defense-evasion
T1027.013|Encrypted/Encoded File|defense-evasion
T1027.014|Polymorphic Code|defense-evasion
T1027.015|Compression|defense-evasion
T1027.016|Junk Code Insertion|defense-evasion
T1027.017|SVG Smuggling|defense-evasion
T1036|Masquerading|defense-evasion
T1036.001|Invalid Code Signature|defense-evasion
T1036.002|Right-to-Left Override|defense-evasion
T1036.003|Rename Legitimate Utilities|defense-evasion
T1036.004|Masquerade Task or Service|defense-evasion
T1036.005|Match Legitimate Resource Name or Location|defense-evasion
T1036.006|Space after Filename|defense-evasion
T1036.007|Double File Extension|defense-evasion
T1036.008|Masquerade File Type|defense-evasion
T1036.009|Break Process Trees|defense-evasion
T1036.010|Masquerade Account Name|defense-evasion
T1036.011|Overwrite Process Arguments|defense-evasion
T1036.012|Browser Fingerprint|defense-evasion
T1055|Process Injection|defense-evasion,privilege-escalation
T1055.001|Dynamic-link Library Injection|defense-evasion,privilege-escalation
T1055.002|Portable Executable Injection|defense-evasion,privilege-escalation
T1055.003|Thread Execution Hijacking|defense-evasion,privilege-escalation
T1055.004|Asynchronous Procedure Call|defense-evasion,privilege-escalation
T1055.005|Thread Local Storage|defense-evasion,privilege-escalation
T1055.008|Ptrace System Calls|defense-evasion,privilege-escalation
T1055.009|Proc Memory|defense-evasion,privilege-escalation
T1055.011|Extra Window Memory Injection|defense-evasion,privilege-escalation
T1055.012|Process Hollowing|defense-evasion,privilege-escalation
T1055.013|Process Doppelgänging|defense-evasion,privilege-escalation
T1055.014|VDSO Hijacking|defense-evasion,privilege-escalation
T1055.015|ListPlanting|defense-evasion,privilege-escalation
T1070|Indicator Removal|defense-evasion
T1070.001|Clear Windows Event Logs|defense-evasion
T1070.002|Clear Linux or Mac System Logs|defense-evasion
T1070.003|Clear Command History|defense-evasion
T1070.004|File Deletion|defense-evasion
T1070.005|Network Share Connection Removal|defense-evasion
T1070.006|Timestomp|defense-evasion
T1070.007|Clear Network Connection History and Configurations|defense-evasion
T1070.008|Clear Mailbox Data|defense-evasion
T1070.009|Clear Persistence|defense-evasion
T1070.010|Relocate Malware|defense-evasion
T1078|Valid Accounts|defense-evasion,persistence,privilege-escalation,initial-access
T1078.001|Default Accounts|defense-evasion,persistence,privilege-escalation,initial-access
T1078.002|Domain Accounts|defense-evasion,persistence,privilege-escalation,initial-access
T1078.003|Local Accounts|defense-evasion,persistence,privilege-escalation,initial-access
T1078.004|Cloud Accounts|defense-evasion,persistence,privilege-escalation,initial-access
T1112|Modify Registry|defense-evasion,persistence
T1127|Trusted Developer Utilities Proxy Execution|defense-evasion
T1127.001|MSBuild|defense-evasion
T1127.002|ClickOnce|defense-evasion
T1127.003|JamPlus|defense-evasion
T1134|Access Token Manipulation|defense-evasion,privilege-escalation
T1134.001|Token Impersonation/Theft|defense-evasion,privilege-escalation
T1134.002|Create Process with Token|defense-evasion,privilege-escalation
T1134.003|Make and Impersonate Token|defense-evasion,privilege-escalation
T1134.004|Parent PID Spoofing|defense-evasion,privilege-escalation
T1134.005|SID-History Injection|defense-evasion,privilege-escalation
T1140|Deobfuscate/Decode Files or Information|defense-evasion
T1197|BITS Jobs|defense-evasion,persistence
T1202|Indirect Command Execution|defense-evasion
T1205|Traffic Signaling|defense-evasion,persistence,command-and-control
T1205.001|Port Knocking|defense-evasion,persistence,command-and-control
T1205.002|Socket Filters|defense-evasion,persistence,command-and-control
T1207|Rogue Domain Controller|defense-evasion
T1211|Exploitation for Defense Evasion|defense-evasion
T1216|System Script Proxy Execution|defense-evasion
T1216.001|PubPrn|defense-evasion
T1216.002|SyncAppvPublishingServer|defense-evasion
T1218|System Binary Proxy Execution|defense-evasion
T1218.001|Compiled HTML File|defense-evasion
T1218.002|Control Panel|defense-evasion
T1218.003|CMSTP|defense-evasion
T1218.004|InstallUtil|defense-evasion
T1218.005|Mshta|defense-evasion
T1218.007|Msiexec|defense-evasion
T1218.008|Odbcconf|defense-evasion
T1218.009|Regsvcs/Regasm|defense-evasion
T1218.010|Regsvr32|defense-evasion
T1218.011|Rundll32|defense-evasion
T1218.012|Verclsid|defense-evasion
T1218.013|Mavinject|defense-evasion
T1218.014|MMC|defense-evasion
T1218.015|Electron Applications|defense-evasion
T1220|XSL Script Processing|defense-evasion
T1221|Template Injection|defense-evasion
T1222|File and Directory Permissions Modification|defense-evasion
T1222.001|Windows File and Directory Permissions Modification|defense-evasion
T1222.002|Linux and Mac File and Directory Permissions Modification|defense-evasion
T1480|Execution Guardrails|defense-evasion
T1480.001|Environmental Keying|defense-evasion
T1480.002|Mutual Exclusion|defense-evasion
T1484|Domain or Tenant Policy Modification|defense-evasion,privilege-escalation
T1484.001|Group Policy Modification|defense-evasion,privilege-escalation
T1484.002|Trust Modification|defense-evasion,privilege-escalation
T1497|Virtualization/Sandbox Evasion|defense-evasion,discovery
T1497.001|System Checks|defense-evasion,discovery
T1497.002|User Activity Based Checks|defense-evasion,discovery
T1497.003|Time Based Checks|defense-evasion,discovery
T1535|Unused/Unsupported Cloud Regions|defense-evasion
T1542|Pre-OS Boot|defense-evasion,persistence
T1542.001|System Firmware|persistence,defense-evasion
T1542.002|Component Firmware|persistence,defense-evasion
T1542.003|Bootkit|persistence,defense-evasion
T1542.004|ROMMONkit|defense-evasion,persistence
T1542.005|TFTP Boot|defense-evasion,persistence
T1548|Abuse Elevation Control Mechanism|privilege-escalation,defense-evasion
T1548.001|Setuid and Setgid|privilege-escalation,defense-evasion
T1548.002|Bypass User Account Control|privilege-escalation,defense-evasion
T1548.003|Sudo and Sudo Caching|privilege-escalation,defense-evasion
T1548.004|Elevated Execution with Prompt|privilege-escalation,defense-evasion
T1548.005|Temporary Elevated Cloud Access|privilege-escalation,defense-evasion
T1548.006|TCC Manipulation|defense-evasion,privilege-escalation
T1550|Use Alternate Authentication Material|defense-evasion,lateral-movement
T1550.001|Application Access Token|defense-evasion,lateral-movement
T1550.002|Pass the Hash|defense-evasion,lateral-movement
T1550.003|Pass the Ticket|defense-evasion,lateral-movement
T1550.004|Web Session Cookie|defense-evasion,lateral-movement
T1553|Subvert Trust Controls|defense-evasion
T1553.001|Gatekeeper Bypass|defense-evasion
T1553.002|Code Signing|defense-evasion
T1553.003|SIP and Trust Provider Hijacking|defense-evasion
T1553.004|Install Root Certificate|defense-evasion
T1553.005|Mark-of-the-Web Bypass|defense-evasion
T1553.006|Code Signing Policy Modification|defense-evasion
T1556|Modify Authentication Process|credential-access,defense-evasion,persistence
T1556.001|Domain Controller Authentication|credential-access,defense-evasion,persistence
T1556.002|Password Filter DLL|credential-access,defense-evasion,persistence
T1556.003|Pluggable Authentication Modules|credential-access,defense-evasion,persistence
T1556.004|Network Device Authentication|credential-access,defense-evasion,persistence
T1556.005|Reversible Encryption|credential-access,defense-evasion,persistence
T1556.006|Multi-Factor Authentication|credential-access,defense-evasion,persistence
T1556.007|Hybrid Identity|credential-access,defense-evasion,persistence
T1556.008|Network Provider DLL|credential-access,defense-evasion,persistence
T1556.009|Conditional Access Policies|credential-access,defense-evasion,persistence
T1557.001|LLMNR/NBT-NS Poisoning and SMB Relay|credential-access,collection
T1562|Impair Defenses|defense-evasion
T1562.001|Disable or Modify Tools|defense-evasion
T1562.002|Disable Windows Event Logging|defense-evasion
T1562.003|Impair Command History Logging|defense-evasion
T1562.004|Disable or Modify System Firewall|defense-evasion
T1562.006|Indicator Blocking|defense-evasion
T1562.007|Disable or Modify Cloud Firewall|defense-evasion
T1562.008|Disable or Modify Cloud Logs|defense-evasion
T1562.009|Safe Mode Boot|defense-evasion
T1562.010|Downgrade Attack|defense-evasion
T1562.011|Spoof Security Alerting|defense-evasion
T1562.012|Disable or Modify Linux Audit System|defense-evasion
T1562.013|Disable or Modify Network Device Firewall|defense-evasion
T1564|Hide Artifacts|defense-evasion
T1564.001|Hidden Files and Directories|defense-evasion
T1564.002|Hidden Users|defense-evasion
T1564.003|Hidden Window|defense-evasion
T1564.004|NTFS File Attributes|defense-evasion
T1564.005|Hidden File System|defense-evasion
T1564.006|Run Virtual Instance|defense-evasion
T1564.007|VBA Stomping|defense-evasion
T1564.008|Email Hiding Rules|defense-evasion
T1564.009|Resource Forking|defense-evasion
T1564.010|Process Argument Spoofing|defense-evasion
T1564.011|Ignore Process Interrupts|defense-evasion
T1564.012|File/Path Exclusions|defense-evasion
T1564.013|Bind Mounts|defense-evasion
T1564.014|Extended Attributes|defense-evasion
T1574|Hijack Execution Flow|persistence,privilege-escalation,defense-evasion
T1574.001|DLL|persistence,privilege-escalation,defense-evasion
T1574.004|Dylib Hijacking|persistence,privilege-escalation,defense-evasion
T1574.005|Executable Installer File Permissions Weakness|persistence,privilege-escalation,defense-evasion
T1574.006|Dynamic Linker Hijacking|persistence,privilege-escalation,defense-evasion
T1574.007|Path Interception by PATH Environment Variable|persistence,privilege-escalation,defense-evasion
T1574.008|Path Interception by Search Order Hijacking|persistence,privilege-escalation,defense-evasion
T1574.009|Path Interception by Unquoted Path|persistence,privilege-escalation,defense-evasion
T1574.010|Services File Permissions Weakness|persistence,privilege-escalation,defense-evasion
T1574.011|Services Registry Permissions Weakness|persistence,privilege-escalation,defense-evasion
T1574.012|COR_PROFILER|persistence,privilege-escalation,defense-evasion
T1574.013|KernelCallbackTable|persistence,privilege-escalation,defense-evasion
T1574.014|AppDomainManager|persistence,privilege-escalation,defense-evasion
T1578|Modify Cloud Compute Infrastructure|defense-evasion
T1578.001|Create Snapshot|defense-evasion
T1578.002|Create Cloud Instance|defense-evasion
T1578.003|Delete Cloud Instance|defense-evasion
T1578.004|Revert Cloud Instance|defense-evasion
T1578.005|Modify Cloud Compute Configurations|defense-evasion
T1599|Network Boundary Bridging|defense-evasion
T1599.001|Network Address Translation Traversal|defense-evasion
T1600|Weaken Encryption|defense-evasion
T1600.001|Reduce Key Space|defense-evasion
T1600.002|Disable Crypto Hardware|defense-evasion
T1601|Modify System Image|defense-evasion
T1601.001|Patch System Image|defense-evasion
T1601.002|Downgrade System Image|defense-evasion
T1610|Deploy Container|defense-evasion,execution
T1612|Build Image on Host|defense-evasion
T1620|Reflective Code Loading|defense-evasion
T1622|Debugger Evasion|defense-evasion,discovery
T1647|Plist File Modification|defense-evasion
T1656|Impersonation|defense-evasion
T1666|Modify Cloud Resource Hierarchy|defense-evasion
T1672|Email Spoofing|defense-evasion
T1678|Delay Execution|defense-evasion
T1679|Selective Exclusion|defense-evasion
`;

/** Ids that v18.1 does not know. */
export const NEW_IN_V19 = `
T1027.018
T1682
T1683
T1683.001
T1683.002
T1684
T1684.001
T1684.002
T1685
T1685.001
T1685.002
T1685.003
T1685.004
T1685.005
T1685.006
T1686
T1686.001
T1686.002
T1686.003
T1687
T1688
T1689
T1690
`;
