/** Literals: many short texts looked for at once, and which of many patterns can match a text at all. */
export { createAutomaton, type Automaton } from './automaton.ts';
export { FOREIGN } from './classes.ts';
export { literalsOf } from './regex-literals.ts';
export { createSieve, type Sieve } from './sieve.ts';
