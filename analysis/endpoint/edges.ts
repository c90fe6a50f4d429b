/** Who does not start whom: pairs of parent and child, and places, that ordinary work does not show. */
import type { Severity } from '../../protocol/index.ts';
import { fileOf, type ProcessNode } from './process-tree.ts';

/** Something odd about one start of a process. */
export interface Oddity {
  rule: string;
  title: string;
  technique: string;
  severity: Severity;
}

/** What is odd about the way a process was started and where it lies. */
export function odditiesOf(node: ProcessNode): Oddity[] {
  const child = fileOf(node.image);
  const parent = fileOf(node.parent_image);
  const found = EDGES.filter(
    ({ parents, children, command }) =>
      parents.has(parent) && children.has(child) && (command?.test(node.command_line) ?? true),
  ).map(({ rule, title, technique, severity }) => ({
    rule,
    title: `${parent} started ${child}: ${title}`,
    technique,
    severity,
  }));
  return [...found, ...placeOf(node, child, parent)];
}

/** Programs of the system that run from elsewhere, and programs out of folders that anybody may write to. */
function placeOf({ image }: ProcessNode, child: string, parent: string): Oddity[] {
  if (image === '' || !image.includes('\\')) return [];
  if (SYSTEM_NAMES.has(child) && !SYSTEM_PLACE.test(image)) {
    return [
      {
        rule: 'place/system-name',
        title: `${child} runs from another place than the system's own`,
        technique: 'T1036.005',
        severity: 'high',
      },
    ];
  }
  if (USER_PLACE.test(image) && !TRUSTED_PLACE.test(image)) {
    const is_by_hand = parent === 'explorer.exe';
    return [
      {
        rule: 'place/user-folder',
        title: `${child} runs from a folder that any user may write to${is_by_hand ? ', started by hand' : ''}`,
        technique: 'T1204.002',
        severity: is_by_hand && /\\downloads\\|\\temp\\|\\users\\public\\/i.test(image) ? 'medium' : 'low',
      },
    ];
  }
  return [];
}

interface Edge extends Omit<Oddity, 'title'> {
  title: string;
  parents: ReadonlySet<string>;
  children: ReadonlySet<string>;
  command?: RegExp;
}

const set = (names: string): ReadonlySet<string> => new Set(names.split(' ').map((name) => `${name}.exe`));

const SHELLS = set('cmd powershell pwsh wscript cscript mshta bash');
const RUNNERS = set(
  'cmd powershell pwsh wscript cscript mshta bash rundll32 regsvr32 certutil bitsadmin msbuild installutil cmstp schtasks wmic msiexec hh',
);
const OFFICE = set('winword excel powerpnt outlook msaccess mspub onenote visio eqnedt32');
const READERS = set('acrord32 acrobat foxitreader foxitpdfreader');
const BROWSERS = set('chrome msedge firefox iexplore opera brave');
const SERVERS = set('w3wp httpd nginx tomcat tomcat8 tomcat9 php-cgi sqlservr java umworkerprocess');
const SCRIPTS = set('wscript cscript mshta regsvr32 hh cmstp');
const CORE = set('lsass csrss smss winlogon spoolsv dwm');
const LOGON_TOOLS = set('utilman sethc osk magnify narrator displayswitch atbroker');

const EDGES: readonly Edge[] = [
  {
    rule: 'edge/office',
    parents: OFFICE,
    children: RUNNERS,
    title: 'a document ran a program',
    technique: 'T1204.002',
    severity: 'high',
  },
  {
    rule: 'edge/reader',
    parents: READERS,
    children: RUNNERS,
    title: 'a document ran a program',
    technique: 'T1203',
    severity: 'high',
  },
  {
    rule: 'edge/browser',
    parents: BROWSERS,
    children: SHELLS,
    title: 'a page ran a program',
    technique: 'T1189',
    severity: 'medium',
  },
  {
    rule: 'edge/server',
    parents: SERVERS,
    children: SHELLS,
    title: 'a server ran a shell, as web shells do',
    technique: 'T1505.003',
    severity: 'high',
  },
  {
    rule: 'edge/service',
    parents: set('services'),
    children: RUNNERS,
    title: 'a service is a shell or loads a library by hand',
    technique: 'T1543.003',
    severity: 'high',
    // The service of the Windows Installer is msiexec itself.
    command: /^(?!["']?(?:[a-z]:\\windows\\sys(?:tem32|wow64)\\)?msiexec(?:\.exe)?["']? +\/v\s*$)/i,
  },
  {
    rule: 'edge/wmi',
    parents: set('wmiprvse'),
    children: RUNNERS,
    title: 'something was run through WMI',
    technique: 'T1047',
    severity: 'medium',
  },
  {
    rule: 'edge/remote-management',
    parents: set('wsmprovhost winrshost'),
    children: RUNNERS,
    title: 'something was run through remote management',
    technique: 'T1021.006',
    severity: 'medium',
  },
  {
    rule: 'edge/dcom',
    parents: set('mmc'),
    children: SHELLS,
    title: 'something was run through the management console',
    technique: 'T1021.003',
    severity: 'medium',
  },
  {
    rule: 'edge/raised',
    parents: set('fodhelper'),
    children: RUNNERS,
    title: 'what Windows raises without asking started a program',
    technique: 'T1548.002',
    severity: 'high',
  },
  {
    rule: 'edge/script',
    parents: SCRIPTS,
    children: set('cmd powershell pwsh rundll32 regsvr32 certutil bitsadmin schtasks'),
    title: 'a script ran a program',
    technique: 'T1059',
    severity: 'medium',
  },
  {
    rule: 'edge/rundll32',
    parents: set('rundll32'),
    children: SHELLS,
    title: 'a library ran a shell',
    technique: 'T1218.011',
    severity: 'medium',
  },
  {
    rule: 'edge/core',
    parents: CORE,
    children: RUNNERS,
    title: 'a core process of the system started it',
    technique: 'T1055',
    severity: 'high',
    command: /^(?!.*(?:splwow64|userinit|logonui))/i,
  },
  {
    rule: 'edge/logon-tool',
    parents: LOGON_TOOLS,
    children: set('cmd powershell pwsh taskmgr explorer'),
    title: 'a tool of the logon screen ran a shell',
    technique: 'T1546.008',
    severity: 'high',
  },
];

const SYSTEM_NAMES = set('svchost lsass csrss smss winlogon services wininit spoolsv lsm taskhostw dllhost conhost');
const SYSTEM_PLACE =
  /^(?:\\\\\?\\|\\\?\?\\)?(?:[a-z]:|\\SystemRoot|%SystemRoot%)?\\(?:windows\\)?(?:system32|syswow64|winsxs)\\/i;
const USER_PLACE =
  /\\(?:downloads|temp|tmp|users\\public|programdata|appdata\\(?:local\\temp|roaming)|desktop|perflogs|\$recycle\.bin)\\/i;
const TRUSTED_PLACE =
  /\\programdata\\(?:microsoft|package cache|chocolatey)\\|\\appdata\\roaming\\(?:microsoft\\teams|zoom)\\/i;
