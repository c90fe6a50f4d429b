/** Sigma: rules parsed with places, run over events, correlated, filtered, explained and linted (specialists.md 2). */
export { createCorrelator, type CorrelationAlert, type Correlator } from './correlate.ts';
export { createEngine, type Engine } from './engine.ts';
export { explain } from './explain.ts';
export { isFor } from './lane.ts';
export { lintSigma } from './lint.ts';
export { parseSigma } from './parse.ts';
export { SigmaError } from './problem.ts';
export { nameOfSource } from './rule.ts';
export type { CorrelationRule, Level, LogSource, RuleHead, SigmaFile, SigmaFilter, SigmaRule } from './rule.ts';
export { compileRuleset, mountedRules, type RuleFile, type Ruleset } from './ruleset.ts';
export { Work } from './work.ts';
export { parseYaml, type Node as YamlNode } from './yaml-tree.ts';
