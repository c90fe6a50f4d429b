/** One whole intrusion with an answer key: how many of its facts are told, and is anything told that is not in the data? */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { assessHosts, createHostWatch } from '../../analysis/endpoint/index.ts';
import type { LogEvent } from '../../analysis/events/index.ts';
import { createTimeline, gatherSource, judgeTimeline } from '../../analysis/forensics/index.ts';
import { openRecording } from '../../analysis/recordings/index.ts';
import type { ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

const AnswerKey = z.object({
  victim_host: z.string(),
  victim_ip: z.string(),
  victim_user: z.string(),
  c2: z.string(),
  payload: z.string(),
  dump: z.string(),
  attacker_ip: z.string(),
  benign_noise: z.string(),
  must_say: z.array(z.string()),
  must_not_say: z.array(z.string()),
  containment_expected: z.array(z.string()),
  timeline: z.array(z.tuple([z.string(), z.string()])),
  techniques_visible_in_data: z.array(z.string()),
});
type AnswerKey = z.infer<typeof AnswerKey>;
const Answers = z.object({ answer_key: AnswerKey });

/** The folder `campaign`: its events of the host are given to the specialists of hosts and of timelines. Nobody reads Zeek's logs yet. */
export const campaign: ScoredFolder = {
  folder: 'campaign',
  async score(dir, { signal }) {
    const { answer_key: key } = Answers.parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')));
    const name = 'host-events.zip';
    const open = () => createReadStream(join(dir, name));
    const watch = createStopwatch();
    const { result } = await watch.time(() => assess(open(), name, signal));
    const { timeline } = await watch.time(async () => {
      const lines = createTimeline();
      const gathered = await gatherSource(lines, { name, bytes: open() }, { signal });
      return judgeTimeline(lines, [gathered]);
    });
    const { not_checked: _not_checked, checked: _checked, ...said } = result;
    const told = plain(JSON.stringify(said));

    const facts: [string, boolean][] = [
      ...[key.victim_host, key.victim_ip, key.victim_user, key.c2, key.payload, key.dump].map(
        (value): [string, boolean] => [value, told.includes(plain(JSON.stringify(value).slice(1, -1)))],
      ),
      ...key.techniques_visible_in_data.map((id): [string, boolean] => [
        id,
        result.mitre_techniques.some((known) => known === id || id.startsWith(`${known}.`)),
      ]),
      ...key.timeline.map(([at, what]): [string, boolean] => [
        `${at} ${what}`,
        timeline.some(
          ({ time, action, subject }) =>
            action === 'process started' &&
            time.startsWith(at.replace(' ', 'T')) &&
            plain(subject).includes(programOf(what)),
        ),
      ]),
      ...[...key.must_say, ...key.containment_expected]
        .filter((sentence) => !TOLD_BY_VALUES.test(sentence))
        .map((sentence): [string, boolean] => [sentence, shapeOf(sentence, key)?.test(told) ?? false]),
    ];
    const invented = [
      ...key.must_not_say.filter((sentence) => shapeOf(sentence, key)?.test(told) ?? true),
      ...(plain(key.benign_noise).match(NAMED) ?? []).filter((name) => told.includes(name)),
      ...(await notIn(open(), name, new Set(told.match(NAMED)), signal)).map((each) => `${each} is not in the data`),
    ];
    const missed = facts.filter(([, is_told]) => !is_told);
    return {
      cases: facts.length,
      measures: [
        {
          metric: 'facts of the answer key told',
          result: 1 - missed.length / facts.length,
          target: 1,
          better: 'higher',
          held_at: 0.8,
        },
        { metric: 'facts invented', result: invented.length, target: 0, better: 'exact' },
      ],
      misses: [...missed.map(([what]) => `not told: ${what}`), ...invented.map((what) => `invented: ${what}`)],
      engine_ms: watch.elapsed_ms(),
    };
  },
};

async function assess(bytes: AsyncIterable<Uint8Array>, name: string, signal: AbortSignal) {
  const hosts = createHostWatch();
  await eachEvent(bytes, name, signal, (event) => hosts.note(event));
  const checked = { question: 'the campaign', corpus: { sha256: '0'.repeat(64), items: 1, items_read: 1 } };
  return assessHosts(hosts, { source: name, checked, not_checked: [], data_versions: {} });
}

async function eachEvent(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  signal: AbortSignal,
  note: (event: LogEvent) => void,
): Promise<void> {
  for await (const batch of openRecording({ name, bytes }, { signal }).batches) for (const event of batch) note(event);
}

/** The names and addresses that no field of any event holds. */
async function notIn(bytes: AsyncIterable<Uint8Array>, name: string, names: Set<string>, signal: AbortSignal) {
  await eachEvent(bytes, name, signal, ({ fields }) => {
    if (names.size === 0) return;
    const text = plain([...fields.values()].join('\n'));
    for (const each of names) if (text.includes(each)) names.delete(each);
  });
  return [...names].sort();
}

const plain = (text: string): string => text.toLowerCase();

/** The programs, libraries, dumps and addresses that a text names. */
const NAMED = /\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[\w~-]{2,60}\.(?:exe|dll|dmp|vbs|ps1|bat)\b|\b[0-9a-f]{64}\b/g;
/** The program or library that a line of the key names first; where it names none, its first word is the command. */
const programOf = (line: string): string =>
  new RegExp(NAMED).exec(plain(line))?.[0] ?? plain(line).split(' ', 1)[0] ?? '';

/** How a sentence of the key reads here; undefined for one that no key had yet, which counts as not told, or as said. */
const shapeOf = (sentence: string, { attacker_ip }: AnswerKey): RegExp | undefined =>
  SHAPES.find(([of_sentence]) => of_sentence.test(sentence))?.[1](attacker_ip.replaceAll('.', '\\.'));

/** Sentences about values that the key names one by one. */
const TOLD_BY_VALUES = /^(?:victim host|C2 address)/;
const SHAPES: readonly [RegExp, (address: string) => RegExp][] = [
  [/^LSASS memory was dumped/, () => /dumps? the memory of lsass/],
  [/payload download over HTTP/, (address) => new RegExp(`http://${address}|${address}:80\\b`)],
  [/^isolate host/, () => /isolate the host/],
  [/^reset credentials of every account/, () => /reset the credentials of every account/],
  [/^block C2 address/, (address) => new RegExp(`block[^"]{0,60}${address}`)],
  [/^preserve memory\/disk before/, () => /preserve memory and disk before/],
  [/^a number of exfiltrated bytes/, () => /exfiltrat[^"]{0,60}\d|\d bytes/],
  [/^ransomware/, () => /ransomware/],
  [/^lateral movement/, () => /lateral|t1021|t1570/],
];
