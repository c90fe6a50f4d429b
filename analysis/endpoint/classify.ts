/** Which technique a command line speaks for: rules vote, the strongest technique wins, and a tie of weak signs is no answer. */
import type { Severity } from '../../protocol/index.ts';
import { createSieve } from '../literals/index.ts';
import { compareText } from '../order/index.ts';
import { COMMAND_RULES } from './rules/all.ts';
import { decodeCommand, type DecodedCommand } from './decode.ts';
import { graveActs } from './grave-acts.ts';
import { isDiscovery, isGraver } from './gravity.ts';
import { doneIn } from './looking.ts';
import type { Lolbas } from './lolbas.ts';
import { ACT_PATTERNS, actOf } from './rules/acts.ts';
import { isEverydayAct } from './rules/everyday.ts';
import { withoutHarmless } from './rules/harmless.ts';

/** A rule that recognised something, with the text it recognised. */
export interface CommandSign {
  /** `command/lsass-dump` of our own rules, `lolbas/Certutil.exe` of mounted content. */
  rule: string;
  technique: string;
  strength: 1 | 2 | 3;
  title: string;
  text: string;
  /** How the text was made readable; empty for the command as it stands. */
  steps: readonly string[];
  /** The words stand there, the act does not: it says what a command is about, and accuses nobody. */
  is_mention?: true;
  /** How grave it is by itself, where its technique and strength do not say so. */
  severity?: Severity;
}

/** What a command line speaks for. */
export interface Classification {
  /** The technique, or undefined: nothing was recognised, or what was recognised does not decide. */
  technique: string | undefined;
  /** All signs, the deciding ones first. */
  signs: CommandSign[];
  /** Why there is no technique. */
  abstained: string | undefined;
  decoded: DecodedCommand;
}

/** Classifies one command line or a short script. Deterministic; linear in the length, which is cut at `COMMAND_CHARS_MAX`. */
export function classifyCommand(command: string, lolbas?: Lolbas): Classification {
  const decoded = decodeCommand(command);
  const layers = [{ text: decoded.text, steps: [] as readonly string[] }, ...decoded.layers];
  const signs = layers.flatMap(({ text, steps }) => {
    const done = doneIn(text);
    const others = [...graveActs(done), ...recordedUses(text, done, lolbas)];
    return [...ownSigns(text, done, steps), ...others.map((sign) => ({ ...sign, steps }))];
  });
  const ranked = rank(signs);
  const [first, second] = ranked;
  if (!first) return { technique: undefined, signs, abstained: 'no rule recognises it', decoded };
  if (first.strongest === 1 && second && second.points === first.points) {
    return { technique: undefined, signs, abstained: 'only weak signs, and they differ', decoded };
  }
  const order = new Map(ranked.map(({ parent }, index) => [parent, index]));
  const sorted = signs.sort(
    (left, right) =>
      (order.get(parentOf(left.technique)) ?? 0) - (order.get(parentOf(right.technique)) ?? 0) ||
      right.strength - left.strength ||
      byGravity(left, right) ||
      compareText(left.rule, right.rule),
  );
  return { technique: sorted[0]?.technique, signs: sorted, abstained: undefined, decoded };
}

function ownSigns(text: string, done: string, steps: readonly string[]): CommandSign[] {
  const inText = SIEVE.over(text);
  const inDone = done === text ? inText : SIEVE.over(done);
  return COMMAND_RULES.flatMap((rule): CommandSign[] => {
    const { id, technique, strength, title, acts_by_reading, narrower, pattern, also } = rule;
    const found = also && !inText(also) ? null : inText(pattern);
    const is_asking = ASKING.has(rule);
    if (is_asking && !found) return [];
    const [whole, find] = acts_by_reading ? [text, inText] : [done, inDone];
    const seen = is_asking ? undefined : actOf(rule, whole, find);
    const judged = seen === undefined ? whole : withoutHarmless(id, whole);
    const act = judged === whole ? seen : actOf(rule, judged);
    if (act === undefined && !found) return [];
    const sign = { rule: `command/${id}`, technique, strength, title, steps };
    const words = found?.[0].trim() || text;
    if (is_asking) return [{ ...sign, text: words }];
    if (act === undefined) return [asMention({ ...sign, text: words })];
    const named = narrower?.pattern.test(act) ? narrower.technique : technique;
    const told = isEverydayAct(rule, judged) ? lessThan(strength) : strength;
    return [{ ...sign, technique: named, text: act, strength: told }];
  });
}

/** Uses in the public table of misused programs; one that is only looked at or said is a mention. */
function recordedUses(text: string, done: string, lolbas: Lolbas | undefined): Omit<CommandSign, 'steps'>[] {
  const told = lolbas?.signsOf(text) ?? [];
  if (told.length === 0 || done === text) return told;
  const used = new Set(lolbas?.signsOf(done).map(({ rule }) => rule));
  return told.map((sign) => (used.has(sign.rule) ? sign : asMention(sign)));
}

const asMention = <T extends Omit<CommandSign, 'steps'>>(sign: T): T => ({
  ...sign,
  strength: 1,
  title: `mentions, without the act: ${sign.title}`,
  is_mention: true,
});

const lessThan = (strength: 1 | 2 | 3): 1 | 2 => (strength === 3 ? 2 : 1);

/** Rules that only ask: their words are the act. */
const ASKING = new Set(COMMAND_RULES.filter(({ technique }) => isDiscovery(technique)));

/**
 * Techniques by their parents: the square of each strength adds up, so that one clear sign outweighs two faint ones. Among equals the
 * graver goes first: a security tool that is stopped is more than a service that is.
 */
function rank(signs: readonly CommandSign[]): Ranked[] {
  const parents = new Map<string, Ranked>();
  for (const [index, sign] of signs.entries()) {
    const { technique, strength, rule } = sign;
    const parent = parentOf(technique);
    const known = parents.get(parent) ?? { parent, points: 0, strongest: 0, gravest: sign };
    const is_repeated = signs.findIndex((other) => other.rule === rule) < index;
    if (!is_repeated) known.points += strength * strength;
    known.strongest = Math.max(known.strongest, strength);
    if (isGraver(sign, known.gravest)) known.gravest = sign;
    parents.set(parent, known);
  }
  return [...parents.values()].sort(
    (left, right) =>
      right.strongest - left.strongest ||
      right.points - left.points ||
      byGravity(left.gravest, right.gravest) ||
      compareText(left.parent, right.parent),
  );
}

const byGravity = (left: CommandSign, right: CommandSign): number =>
  Number(isGraver(right, left)) - Number(isGraver(left, right));

interface Ranked {
  parent: string;
  points: number;
  strongest: number;
  gravest: CommandSign;
}

/** `T1003` of `T1003.001`. */
export const parentOf = (technique: string): string => technique.slice(0, 5);

/** Nearly all rules name words that most command lines do not hold. */
const SIEVE = createSieve([
  ...COMMAND_RULES.flatMap(({ pattern, also }) => (also ? [pattern, also] : [pattern])),
  ...ACT_PATTERNS,
]);
