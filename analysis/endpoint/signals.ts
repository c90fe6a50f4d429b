/** What single events of a host say by themselves: memory of LSASS opened, persistence written, logs cleared. */
import type { Severity } from '../../protocol/index.ts';
import { textsOf, type LogEvent } from '../events/index.ts';
import { clusterActOf, isClusterAudit, isJudgedAct } from './cluster-acts.ts';
import { DEFENDER } from './defender.ts';
import { fileOf, startsProcess } from './process-tree.ts';
import { asksReplication, replicated } from './replication.ts';
import { carriesBlock } from './script-blocks.ts';

/** One such statement. */
export interface EventSignal {
  rule: string;
  title: string;
  technique: string | undefined;
  also_technique?: string;
  severity: Severity;
  /** What makes two of them the same, beside rule and host. */
  subject: string;
  /** What the event says, for the evidence. */
  text: string;
}

/** What an event says; undefined for nearly all of them. */
export function signalOf(event: LogEvent): EventSignal | undefined {
  if (isClusterAudit(event)) return clusterActOf(event);
  return readerOf(event)?.((name) => textsOf(event, name)[0] ?? '');
}

/** Whether this trade can say anything about such an event, good or bad. */
export function isSpokenAbout(event: LogEvent): boolean {
  const { channel = '', event_id = '' } = event.origin;
  if (isClusterAudit(event)) return isJudgedAct(event);
  if (carriesBlock(event) || startsProcess(event)) return true;
  if (/^security$/i.test(channel) && Object.hasOwn(ABOUT_ACCOUNTS, event_id))
    return ABOUT_ACCOUNTS[event_id]?.(event) ?? false;
  if (readerOf(event) !== undefined || isEnding(event)) return true;
  if (!SYSMON_LOG.test(channel)) return event_id === '4688';
  // A connection is judged by the process that made it: without its name nobody knows whose it is.
  return event_id === '3' ? textsOf(event, 'ProcessGuid')[0] !== undefined : STARTS_AND_LOADS.has(event_id);
}

/** What kind of event it is, for people: its log and its number. */
export function kindOf(event: LogEvent): string {
  const { product, service, channel, event_id } = event.origin;
  const { fields } = event;
  if (fields.has('flow_id') && fields.has('event_type')) return suricataKindOf(event);
  const is_foreign = channel === undefined && fields.has('LogName') && fields.has('Message');
  const log = is_foreign ? FOREIGN : (channel ?? [product, service].filter((part) => part !== undefined).join('/'));
  return `${log || 'a log that does not say what it is'}${event_id === undefined ? '' : ` ${event_id}`}`;
}

function suricataKindOf(event: LogEvent): string {
  const [type = ''] = textsOf(event, 'event_type');
  return type === 'alert' ? 'Suricata alert (hand its alerts in one by one: each is judged)' : `Suricata ${type}`;
}

/** Of these only some can be judged: how a logon over the network was made, or what else was read of the directory, is not. */
const ABOUT_ACCOUNTS: Readonly<Record<string, (event: LogEvent) => boolean>> = {
  '4624': (event) => /^(?:2|7|11)$/.test(textsOf(event, 'LogonType')[0] ?? ''),
  '4625': () => true,
  '4662': (event) =>
    asksReplication(textsOf(event, 'Properties')[0] ?? '') && textsOf(event, 'SubjectUserName').length > 0,
  '4768': () => true,
  '4769': () => true,
  '4771': () => true,
  '4776': () => true,
};

/** Only says that a process or a session ended: nothing to judge, and nothing that hides an intruder. */
export function isEnding({ origin: { channel = '', event_id = '' } }: LogEvent): boolean {
  return SYSMON_LOG.test(channel) ? event_id === '5' : /^security$/i.test(channel) && SECURITY_ENDINGS.has(event_id);
}

/** A number means something only in its own log: 104 is a log cleared in System, and the time zone of a guest in that of remote desktops. */
function readerOf({ origin: { channel = '', event_id = '' } }: LogEvent): Read | undefined {
  const readers = SYSMON_LOG.test(channel) ? SYSMON : OTHERS.get(channel.toLowerCase());
  return readers && Object.hasOwn(readers, event_id) ? readers[event_id] : undefined;
}

/** Reads the fields of an event by their names. */
export type Read = (text: (name: string) => string) => EventSignal | undefined;

const SYSMON: Readonly<Record<string, Read>> = {
  '8': (text) => {
    const [source, target] = [fileOf(text('SourceImage')), fileOf(text('TargetImage'))];
    if (source === '' || source === target || THREAD_MAKERS.has(source)) return undefined;
    return signal(
      'event/remote-thread',
      `${source} made a thread in ${target}`,
      'T1055',
      'medium',
      `${source} ${target}`,
      text('SourceImage'),
    );
  },
  '10': (text) => {
    const source = fileOf(text('SourceImage'));
    if (fileOf(text('TargetImage')) !== 'lsass.exe' || !READS_MEMORY.has(text('GrantedAccess').toLowerCase()))
      return undefined;
    const is_hidden = /UNKNOWN\(/.test(text('CallTrace'));
    if (LSASS_READERS.has(source) && !is_hidden) return undefined;
    const how = is_hidden ? ' out of memory that belongs to no library' : '';
    return signal(
      'event/lsass-opened',
      `${source} opened the memory of LSASS${how}`,
      'T1003.001',
      is_hidden ? 'high' : 'medium',
      source,
      `${text('SourceImage')} ${text('GrantedAccess')}`,
    );
  },
  '11': (text) => {
    const path = text('TargetFilename');
    if (/lsass[^\\]*\.dmp$/i.test(path))
      return signal(
        'event/lsass-file',
        `a dump of LSASS was written: ${fileOf(path)}`,
        'T1003.001',
        'critical',
        path,
        path,
      );
    if (/\\Start Menu\\Programs\\Startup\\[^\\]+\.(?:exe|lnk|bat|cmd|vbs|jse?|ps1|hta|scr)$/i.test(path))
      return signal(
        'event/startup-folder',
        `a file was put into a startup folder: ${fileOf(path)}`,
        'T1547.001',
        'medium',
        path,
        path,
      );
    return undefined;
  },
  '13': (text) => {
    const [target, details] = [text('TargetObject'), text('Details')];
    const writer = fileOf(text('Image'));
    const kind = REGISTRY.find(({ pattern }) => pattern.test(target));
    if (!kind || (kind.details && !kind.details.test(details)) || kind.except?.test(`${writer} ${details}`))
      return undefined;
    return signal(
      kind.rule,
      `${writer} ${kind.title}: ${details.slice(0, DETAILS_CHARS_MAX)}`,
      kind.technique,
      kind.severity,
      target.toLowerCase(),
      `${target} = ${details}`,
    );
  },
  '20': (text) =>
    signal(
      'event/wmi-consumer',
      `WMI got a consumer: ${text('Destination').slice(0, DETAILS_CHARS_MAX)}`,
      'T1546.003',
      'high',
      text('Name'),
      text('Destination'),
    ),
  '21': (text) =>
    signal(
      'event/wmi-binding',
      'WMI bound a consumer to a filter',
      'T1546.003',
      'high',
      text('Consumer'),
      `${text('Filter')} ${text('Consumer')}`,
    ),
  '25': (text) =>
    signal(
      'event/process-tampered',
      `the image of ${fileOf(text('Image'))} was replaced`,
      'T1055.012',
      /edge|chrome|firefox|setup/i.test(text('Image')) ? 'low' : 'medium',
      text('Image'),
      `${text('Image')} ${text('Type')}`,
    ),
};

const SECURITY: Readonly<Record<string, Read>> = {
  '1102': (text) => cleared(text, 'event/security-log-cleared', '1102', 'the security log'),
  '4662': replicated,
  '4697': (text) => service(text('ServiceName'), text('ServiceFileName')),
  '4698': (text) => {
    const content = text('TaskContent');
    const command = /<Command>([^<]{1,260})/.exec(content)?.[1] ?? '';
    if (/^\\Microsoft\\Windows\\/.test(text('TaskName'))) return undefined;
    return signal(
      'event/task-created',
      `a scheduled task was created: ${text('TaskName')}`,
      'T1053.005',
      SUSPICIOUS_COMMAND.test(content) ? 'high' : 'low',
      text('TaskName'),
      `${text('TaskName')} ${command}`,
    );
  },
  '4720': (text) =>
    signal(
      'event/account-created',
      `${text('SubjectUserName')} created the account ${text('TargetUserName')}`,
      'T1136.001',
      text('TargetUserName').endsWith('$') ? 'high' : 'medium',
      text('TargetUserName'),
      text('TargetUserName'),
    ),
  '4732': (text) =>
    /administrators|S-1-5-32-544/i.test(`${text('TargetUserName')} ${text('TargetSid')}`)
      ? signal(
          'event/administrator-added',
          `${text('SubjectUserName')} added an administrator`,
          'T1098',
          'medium',
          text('MemberSid'),
          `${text('MemberName')} ${text('MemberSid')}`,
        )
      : undefined,
};

const SYSTEM: Readonly<Record<string, Read>> = {
  '104': (text) => cleared(text, 'event/log-cleared', '104', 'a log'),
  '7045': (text) => service(text('ServiceName'), text('ImagePath')),
};

const OTHERS: ReadonlyMap<string, Readonly<Record<string, Read>>> = new Map([
  ['security', SECURITY],
  ['system', SYSTEM],
  ['microsoft-windows-windows defender/operational', DEFENDER],
]);

/** Collectors that keep no fields of such a record keep its message: the user stands in it, or nobody says who it was. */
function cleared(text: (name: string) => string, rule: string, id: string, log: string): EventSignal | undefined {
  const provider = text('Provider_Name');
  if (provider !== '' && !/eventlog$/i.test(provider)) return undefined;
  const message = text('Message').slice(0, MESSAGE_CHARS_MAX).replace(/\s+/g, ' ').trim();
  const user = text('SubjectUserName') || (/Account Name: (\S{1,64})/.exec(message)?.[1] ?? '');
  const said = [`EventID ${id}`, `Channel ${text('Channel')}`, user && `user ${user}`, message];
  return signal(
    rule,
    `${user || 'somebody'} cleared ${log}`,
    'T1685.005',
    'high',
    user,
    said.filter((part) => part !== '').join(' · '),
  );
}

const service = (name: string, path: string): EventSignal =>
  signal(
    'event/service-installed',
    `the service ${name} was installed: ${path.slice(0, DETAILS_CHARS_MAX)}`,
    'T1543.003',
    SUSPICIOUS_COMMAND.test(path) ? 'high' : 'low',
    `${name} ${path}`.toLowerCase(),
    `${name} ${path}`,
  );

const signal = (
  rule: string,
  title: string,
  technique: string | undefined,
  severity: Severity,
  subject: string,
  text: string,
): EventSignal => ({ rule, title, technique, severity, subject, text });

interface RegistryKind {
  rule: string;
  title: string;
  technique: string;
  severity: Severity;
  pattern: RegExp;
  details?: RegExp;
  except?: RegExp;
}

const REGISTRY: readonly RegistryKind[] = [
  {
    rule: 'event/run-key',
    title: 'had something run at logon',
    technique: 'T1547.001',
    severity: 'medium',
    pattern: /\\CurrentVersion\\(?:Policies\\Explorer\\)?Run(?:Once)?\\[^\\]+$/i,
    except: /^(?:msiexec|onedrivesetup|msedge|setup)\.exe |\\program files/i,
  },
  {
    rule: 'event/winlogon',
    title: 'changed what Winlogon starts',
    technique: 'T1547.004',
    severity: 'high',
    pattern: /\\Winlogon\\(?:Shell|Userinit|mpnotify)$/i,
    except: / (?:explorer\.exe|C:\\Windows\\system32\\userinit\.exe,?)$/i,
  },
  {
    rule: 'event/debugger',
    title: 'had a debugger start instead of a program',
    technique: 'T1546.012',
    severity: 'high',
    pattern: /\\Image File Execution Options\\[^\\]+\\(?:Debugger|MonitorProcess)$/i,
  },
  {
    rule: 'event/security-packages',
    title: 'had LSASS load a library',
    technique: 'T1547.005',
    severity: 'high',
    pattern: /\\Control\\Lsa\\(?:OSConfig\\)?(?:Security Packages|Authentication Packages|Notification Packages)$/i,
  },
  {
    rule: 'event/appinit',
    title: 'had every program load a library',
    technique: 'T1546.010',
    severity: 'high',
    pattern: /\\Windows\\AppInit_DLLs$/i,
    details: /\S/,
  },
  {
    rule: 'event/uac',
    title: 'prepared to pass by User Account Control',
    technique: 'T1548.002',
    severity: 'high',
    pattern: /\\(?:mscfile|ms-settings|exefile|Folder)\\shell\\(?:open|runas)\\command/i,
  },
  {
    rule: 'event/defender',
    title: 'switched Defender off',
    technique: 'T1685',
    severity: 'high',
    pattern: /\\Windows Defender\\[^]*Disable\w+$/i,
    details: /0x0*1\)/,
  },
  {
    rule: 'event/clear-text',
    title: 'had Windows keep passwords in clear text',
    technique: 'T1112',
    severity: 'high',
    pattern: /\\WDigest\\UseLogonCredential$/i,
    details: /0x0*1\)/,
  },
  {
    rule: 'event/service-path',
    title: 'set the program of a service',
    technique: 'T1543.003',
    severity: 'high',
    pattern: /\\Services\\[^\\]+\\ImagePath$/i,
    details: /cmd(?:\.exe)?\s+\/c|powershell|rundll32|\\temp\\|\\users\\|\\admin\$|%comspec%/i,
  },
  {
    rule: 'event/accessibility',
    title: 'registered a tool of the logon screen',
    technique: 'T1546.008',
    severity: 'high',
    pattern: /\\Accessibility\\ATs\\[^\\]+\\StartExe$/i,
  },
];

/** Rights with which memory can be read, as tools that dump it ask for. */
const READS_MEMORY = new Set([
  '0x10',
  '0x1010',
  '0x1038',
  '0x1410',
  '0x1418',
  '0x1438',
  '0x143a',
  '0x1f0fff',
  '0x1f1fff',
  '0x1f2fff',
  '0x1f3fff',
  '0x1fffff',
]);
/** Programs of Windows and its protection that do so by trade. */
const LSASS_READERS = new Set(
  'svchost.exe csrss.exe wininit.exe services.exe lsm.exe lsass.exe msmpeng.exe mssense.exe wmiprvse.exe vmtoolsd.exe sysmon.exe sysmon64.exe werfault.exe taskhostw.exe mrt.exe'.split(
    ' ',
  ),
);
const THREAD_MAKERS = new Set(
  'csrss.exe wininit.exe winlogon.exe services.exe svchost.exe dwm.exe msmpeng.exe vmtoolsd.exe werfault.exe'.split(
    ' ',
  ),
);
const SUSPICIOUS_COMMAND =
  /cmd(?:\.exe)?["'\s]+\/c|%comspec%|powershell|rundll32|regsvr32|mshta|\\pipe\\|\\temp\\|\\users\\|\\programdata\\|\\admin\$|-enc\b|base64|\\\\127\.0\.0\.1\\|psexesvc|certutil|bitsadmin/i;
/** Sysmon: a process started, or a driver was loaded. */
const STARTS_AND_LOADS = new Set(['1', '6']);
/** A session ended, somebody signed out, a process ended. */
const SECURITY_ENDINGS = new Set(['4634', '4647', '4689']);
const SYSMON_LOG = /sysmon/i;
/** What PowerShell writes in the language of its host. */
const FOREIGN = 'Get-WinEvent in another language than English (hand in the .evtx file itself)';
const DETAILS_CHARS_MAX = 160;
const MESSAGE_CHARS_MAX = 1_000;
