/** How much work one rule may take on one event, and how much goes on before others get a turn. */

/** Thrown where a match would take longer than any rule is worth: the caller marks the rule and goes on. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/**
 * Counts what matching takes, in nanoseconds as a slow case of each step was measured: the same rules and events come to the same end on every
 * machine. Whoever asks a rule about an event begins anew; whatever compares spends of it: a bound for each value alone would let a
 * long list of them hold the process (ATK-H6).
 */
export class Work {
  private left = RULE_MAX;
  private since_turn = 0;
  /** How often each character stands in the text that was counted last; beyond Latin they share one place. */
  private readonly counts = new Uint32Array(LATIN + 1);
  private counted: string | undefined;
  /** The one that this rule paid for: what others left counted must not make it cheaper. */
  private paid: string | undefined;

  /** A rule is asked about an event. */
  begin(): void {
    this.since_turn += RULE_MAX - this.left;
    this.left = RULE_MAX;
    this.paid = undefined;
  }

  /** Takes that much; throws `TooMuchWork` where it is more than what is left. */
  spend(cost: number): void {
    if (cost > this.left) throw new TooMuchWork();
    this.left -= cost;
  }

  /**
   * Takes what the machine needs to look for a text among `chars` of another. It runs to the next place where the first character stands and
   * compares there, so that a text of one character costs a hundred times what a sentence does: where that matters they are counted.
   */
  scan(text: string, chars: number, wanted: string): void {
    // A text that long is compared again from every place, in the worst case.
    const cost = wanted.length > SKIPPED_MAX ? wanted.length : COMPARE_COST;
    const worst = chars * cost;
    if (worst > COUNTED_MIN && worst > this.left - COUNTED_FROM) {
      this.count(text);
      const share = (this.counts[placeOf(wanted, 0)] ?? 0) / Math.max(text.length, 1);
      this.spend(Math.ceil(chars / CHARS_PASSED + worst * share) + ASK_COST);
    } else this.spend(worst + ASK_COST);
  }

  private count(text: string): void {
    if (text !== this.paid) this.spend(text.length);
    this.paid = text;
    if (text === this.counted) return;
    this.counts.fill(0);
    for (let index = 0; index < text.length; index++) {
      const place = placeOf(text, index);
      this.counts[place] = (this.counts[place] ?? 0) + 1;
    }
    this.counted = text;
  }

  /** Whether others should get a turn before the next rule is asked. */
  get is_due(): boolean {
    return this.since_turn + RULE_MAX - this.left >= TURN_MAX;
  }

  /** Lets others have one. */
  async turn(): Promise<void> {
    this.since_turn = 0;
    this.left = RULE_MAX;
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

/** Of asking one value about one text at all, ns. */
export const ASK_COST = 10;

const placeOf = (text: string, index: number): number => Math.min(text.charCodeAt(index), LATIN);

const RULE_MAX = 20_000_000;
const TURN_MAX = 10_000_000;
/** What a rule may have spent before it is worth counting characters, ns: nearly all rules on nearly all events stay below it. */
const COUNTED_FROM = RULE_MAX - 1_000_000;
/** And how much a scan may take at worst before it is, ns. */
const COUNTED_MIN = 5_000;
const LATIN = 256;
/** Characters passed in a nanosecond, and what it costs to compare where the first one stands. */
const CHARS_PASSED = 4;
const COMPARE_COST = 26;
/** Up to here a longer text is looked for in longer steps. */
const SKIPPED_MAX = 250;
