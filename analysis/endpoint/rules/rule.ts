/** A rule about command lines, as data: what it recognises, which technique that speaks for, and how strongly. */

/**
 * `[id, technique, strength, title, pattern, also]`. Strength 3: hardly anything else looks so; 2: typical of it; 1: administrators do
 * it too. `also` must match as well, anywhere in the text. Patterns have no nested repetition: their time grows with the text only.
 */
export type CommandRule = readonly [
  id: string,
  technique: string,
  strength: 1 | 2 | 3,
  title: string,
  pattern: RegExp,
  also?: RegExp,
];

/** Something writes to the registry: `reg add`, PowerShell, or an imported file. */
export const WRITES =
  /\breg(?:\.exe)?["']? +(?:add|import|delete|copy)\b|\b(?:set|new|remove|clear)-item(?:property)?\b|\bregini\b|\[Microsoft\.Win32\.Registry\b|CreateSubKey|SetValue\(|\bsp +["']?HK/i;
