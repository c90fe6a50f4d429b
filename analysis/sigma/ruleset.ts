/** A set of rule files, compiled once: what runs, what does not and why, and under which version verdicts cite it. */
import { z } from 'zod';
import { AuroraError } from '../../protocol/index.ts';
import type { Content, ContentPack, LostPack } from '../../seams/index.ts';
import { parseSigma, type ParseOptions } from './parse.ts';
import { SigmaError } from './problem.ts';
import type { CorrelationRule, SigmaFilter, SigmaRule } from './rule.ts';

/** One file of rules. */
export interface RuleFile {
  path: string;
  text: string;
}

/** Compiled rules. */
export interface Ruleset {
  version: string;
  rules: readonly SigmaRule[];
  correlations: readonly CorrelationRule[];
  filters: readonly SigmaFilter[];
  /** Files that do not compile, with the first reason. */
  refused: readonly { path: string; why: string }[];
  /** Only the few rules that we ship are there. */
  is_starter_only: boolean;
  /** Packs that were added and cannot be used. */
  lost?: readonly LostPack[];
}

/** The mounted rules, compiled once a version; undefined when there are none at all. A whole pack takes seconds: it gives way between files. */
export async function mountedRules(
  content: Pick<Content, 'get' | 'lost'>,
  signal?: AbortSignal,
): Promise<Ruleset | undefined> {
  const pack = content.get('sigma');
  const lost = content.lost?.('sigma') ?? [];
  if (pack === undefined) return lost.length === 0 ? undefined : { ...NO_RULES, lost };
  return { ...(await compiledOf(pack, signal)), lost };
}

async function compiledOf(pack: ContentPack, signal?: AbortSignal): Promise<Ruleset> {
  const parsed = Files.safeParse(pack.data);
  if (!parsed.success) throw new AuroraError(5000, { message: 'The mounted sigma pack has another shape' });
  // The files are the same as long as the pack is: whoever mounted it answers the same object.
  const known = COMPILED.get(pack.data as object);
  if (known) return known;
  const compiled = await compileRuleset(parsed.data.files, pack.version, { ...(signal && { signal }) });
  COMPILED.set(pack.data as object, compiled);
  return compiled;
}

/** Compiles files. Of two rules with one id the later file wins, so that an operator can replace what is shipped. */
export async function compileRuleset(
  files: readonly RuleFile[],
  version: string,
  { signal, ...options }: ParseOptions & { signal?: AbortSignal } = {},
): Promise<Ruleset> {
  const rules = new Map<string, SigmaRule>();
  const correlations = new Map<string, CorrelationRule>();
  const filters: SigmaFilter[] = [];
  const refused: { path: string; why: string }[] = [];
  let chars = 0;
  for (const { path, text } of files) {
    chars += text.length;
    if (chars > CHARS_A_TURN) {
      chars = 0;
      await nextTurn();
      signal?.throwIfAborted();
    }
    try {
      const file = parseSigma(text, options);
      for (const rule of file.rules) rules.set(rule.id, rule);
      for (const rule of file.correlations) correlations.set(rule.id, rule);
      filters.push(...file.filters);
    } catch (reason) {
      if (!(reason instanceof SigmaError)) throw reason;
      refused.push({ path, why: reason.message });
    }
  }
  return {
    version,
    rules: [...rules.values()],
    correlations: [...correlations.values()],
    filters,
    refused,
    is_starter_only: files.length > 0 && files.every(({ path }) => path.startsWith('starter/')),
  };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const Files = z.object({ files: z.array(z.object({ path: z.string(), text: z.string() })) });
const NO_RULES: Ruleset = {
  version: 'none',
  rules: [],
  correlations: [],
  filters: [],
  refused: [],
  is_starter_only: false,
};
const COMPILED = new WeakMap<object, Ruleset>();
/** Some 20 ms of compiling. */
const CHARS_A_TURN = 65_536;
