/** Blocks of PowerShell as its log keeps them: joined where they were split, and judged as commands are. */
import { SEVERITY_ORDER, type Severity } from '../../protocol/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { textsOf, type LogEvent } from '../events/index.ts';
import { commandLinesOf } from '../readers/index.ts';
import { classifyCommand, parentOf, type CommandSign } from './classify.ts';
import { accusingOf, isDiscovery, severityOf } from './gravity.ts';
import type { Lolbas } from './lolbas.ts';
import { charsOf, createSlices, type Slices } from './slices.ts';
import type { Pace, Suspicion } from './suspicions.ts';

/** A pass over the log, in bounded memory. */
export interface ScriptBlocks {
  /** Takes events that carry a block; others are passed over. */
  note(event: LogEvent): void;
  blocks(): readonly ScriptBlock[];
  /** Parts that found no room. */
  left(): number;
}

/** A block, with as many of its parts as the log holds. */
export interface ScriptBlock {
  host: string;
  locator: string;
  path: string;
  parts: Map<number, string>;
  parts_total: number;
}

/** Whether an event carries a block. */
export const carriesBlock = ({ origin: { categories } }: LogEvent): boolean => categories.includes('ps_script');

/** A pass that has seen no block, for one recording. */
export function createScriptBlocks(): ScriptBlocks {
  const blocks = new Map<string, ScriptBlock>();
  let chars = 0;
  let left = 0;
  return {
    note(event) {
      if (!carriesBlock(event)) return;
      const text = (name: string) => textsOf(event, name)[0] ?? '';
      const part = text('ScriptBlockText');
      const host = (event.host ?? '').toLowerCase();
      const key = `${host}\0${text('ScriptBlockId') || event.locator}`;
      const number = Number(text('MessageNumber')) || 1;
      const first = blocks.get(key);
      const before = first?.parts.get(number);
      if (before === part) return;
      // Another text under the number of a part is no repetition: a block of its own, for it may be the one that matters.
      const own = before === undefined ? key : `${key}\0${event.locator}`;
      const known = before === undefined ? first : undefined;
      if (chars + part.length > CHARS_MAX || (!known && blocks.size >= BLOCKS_MAX)) {
        left += 1;
        return;
      }
      const block = known ?? {
        host,
        locator: event.locator,
        path: text('Path'),
        parts: new Map<number, string>(),
        parts_total: Number(text('MessageTotal')) || 1,
      };
      block.parts.set(number, part);
      blocks.set(own, block);
      chars += part.length;
    },
    blocks: () => [...blocks.values()],
    left: () => left,
  };
}

/** The text of a block, its parts in their order. */
const textOfBlock = ({ parts }: ScriptBlock): string =>
  [...parts]
    .sort(([left], [right]) => left - right)
    .map(([, part]) => part)
    .join('');

/** What the blocks do, once for each rule and host; judged in slices. `in_part` counts those of which a part was not judged. */
export async function scriptSuspicions(
  blocks: readonly ScriptBlock[],
  { source, lolbas, pace }: { source: string; lolbas: Lolbas | undefined; pace: Pace },
): Promise<{ suspicions: Suspicion[]; in_part: number }> {
  const slices = createSlices(pace.signal);
  const judged = new Map<string, Judged>();
  const found = new Map<string, Suspicion>();
  let in_part = 0;
  for (const block of blocks) {
    const text = textOfBlock(block);
    const { accused, is_cut } = judged.get(text) ?? (await judgeBlock(text, lolbas, slices));
    judged.set(text, { accused, is_cut });
    if (is_cut) in_part += 1;
    for (const { sign, severity, technique, title, said } of accused) {
      const cited = evidence({ source, locator: block.locator, text: said });
      const key = `${block.host}\0${sign.rule}\0${severity}`;
      const before = found.get(key);
      if (before) {
        before.count += 1;
        if (before.evidence.length < EVIDENCE_MAX) before.evidence.push(cited);
        continue;
      }
      if (found.size >= SUSPICIONS_MAX) continue;
      const of = block.path === '' ? '' : ` of ${block.path.slice(0, PATH_CHARS_MAX)}`;
      const steps = sign.steps.length === 0 ? '' : ` (after ${sign.steps.join(', ')})`;
      found.set(key, {
        id: '',
        host: block.host,
        rule: sign.rule,
        title: neutralize(`a block of PowerShell${of} ${title}${steps}`, TITLE_CHARS_MAX),
        severity,
        technique,
        basis: `${block.host} script ${parentOf(sign.technique)}`,
        count: 1,
        evidence: [cited],
        nodes: [],
      });
    }
  }
  return {
    suspicions: [...found.values()].map((suspicion, index) => ({ ...suspicion, id: `script-${index + 1}` })),
    in_part,
  };
}

interface Accused {
  sign: CommandSign;
  severity: Severity;
  technique: string;
  /** It does so, or only holds what would. */
  title: string;
  said: string;
}

interface Judged {
  accused: Accused[];
  is_cut: boolean;
}

/** A short block is one command; of a long one, each line is: words of lines far apart make no act. */
async function judgeBlock(text: string, lolbas: Lolbas | undefined, slices: Slices): Promise<Judged> {
  const is_short = text.length <= SHORT_CHARS;
  const lines = is_short ? [text] : commandLinesOf(text);
  const accused: Accused[] = is_short ? piecedTogether(text) : [];
  let is_cut = lines.length > LINES_MAX;
  for (const line of lines.slice(0, LINES_MAX)) {
    const classified = classifyCommand(line, lolbas);
    await slices.spend(charsOf(classified));
    const { technique, signs, decoded } = classified;
    is_cut ||= decoded.left.length > 0;
    const sign = accusingOf(signs);
    if (technique === undefined || !sign || sign.is_mention || isDiscovery(sign.technique)) continue;
    const severity = severityOf(sign);
    if (severity === 'info' || accused.some((other) => other.sign.rule === sign.rule)) continue;
    const said = sign.steps.length === 0 && line.length <= SHOWN_CHARS ? line : sign.text;
    const is_defined = [decoded.text, ...decoded.layers.map((layer) => layer.text)].some((layer) =>
      isOnlyDefined(layer, sign.text),
    );
    if (is_short && !is_defined) accused.push({ sign, severity, technique: sign.technique, title: sign.title, said });
    else if (isGrave(severity)) {
      // A library says what could be done: whether it was, it does not.
      const title = is_short ? `holds, and does not call, what ${sign.title}` : `holds a line that ${sign.title}`;
      accused.push({ sign, severity: 'medium', technique: POWERSHELL, title, said });
    }
  }
  return { accused, is_cut };
}

const isGrave = (severity: Severity): boolean => SEVERITY_ORDER.indexOf(severity) >= SEVERITY_ORDER.indexOf('high');

/** Whether the words stand in a comment, or in a function (or are its name) that nothing else in the text names. */
function isOnlyDefined(whole: string, words: string): boolean {
  if (!whole.includes(words)) return false;
  const text = withoutComments(whole).toLowerCase();
  const at = text.indexOf(words.toLowerCase());
  if (at < 0) return true;
  const before = text.slice(0, at);
  const name = [...text.slice(0, at + words.length).matchAll(FUNCTION)].at(-1)?.[1];
  if (name === undefined) return false;
  const is_inside = before.split('{').length > before.split('}').length || NAMING.test(before.slice(-NAME_CHARS_MAX));
  return is_inside && text.split(name).length === 2;
}

/** Without what stands between `<#` and `#>`. */
function withoutComments(text: string): string {
  const kept: string[] = [];
  let from = 0;
  for (;;) {
    const start = text.indexOf('<#', from);
    const end = start < 0 ? -1 : text.indexOf('#>', start);
    if (end < 0) return [...kept, text.slice(from)].join('');
    kept.push(text.slice(from, start));
    from = end + 2;
  }
}

/** Nobody writes a text in dozens of tiny pieces, unless it is not to be found. */
function piecedTogether(text: string): Accused[] {
  const pieces = text.match(PIECES) ?? [];
  if (pieces.length < PIECES_MANY) return [];
  const sign: CommandSign = {
    rule: 'script/pieced-together',
    technique: 'T1027.010',
    strength: 3,
    title: `puts its texts together out of ${pieces.length} pieces`,
    text: pieces.slice(0, PIECES_SHOWN).join(' '),
    steps: [],
  };
  return [{ sign, severity: 'medium', technique: sign.technique, title: sign.title, said: text.slice(0, SHOWN_CHARS) }];
}

/** What is only held ready says no more than that PowerShell is used. */
const POWERSHELL = 'T1059.001';
const FUNCTION = /\bfunction\s+([\w:-]{1,100})/g;
const NAMING = /\bfunction\s+\S*$/;
const NAME_CHARS_MAX = 120;
/** `'ht'+'tp'`, as tools write it: without spaces. */
const PIECES = /'[^'\n]{1,16}'\)?\+\(?(?=')/g;
const PIECES_MANY = 30;
const PIECES_SHOWN = 10;
const SHORT_CHARS = 8_192;
const LINES_MAX = 5_000;
const BLOCKS_MAX = 20_000;
/** Of all blocks together. */
const CHARS_MAX = 33_554_432;
const SHOWN_CHARS = 240;
const PATH_CHARS_MAX = 120;
const TITLE_CHARS_MAX = 300;
const EVIDENCE_MAX = 5;
const SUSPICIONS_MAX = 500;
