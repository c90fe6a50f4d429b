/** A rule about command lines, as data: what it recognises, which technique that speaks for, and how strongly. */

/** One rule. Its patterns have no nested repetition: their time grows with the text only. */
export interface CommandRule {
  readonly id: string;
  /** The ATT&CK technique it speaks for. */
  readonly technique: string;
  /** 3: hardly anything else looks so; 2: typical of it; 1: administrators do it too. */
  readonly strength: 1 | 2 | 3;
  /** What the command does, behind its name: "lists services". */
  readonly title: string;
  /** Its act is to look: what is read is what is taken, so its words count also where they are only read. */
  readonly acts_by_reading?: true;
  readonly pattern: RegExp;
  /** Another technique that it speaks for where what was recognised names one of these. */
  readonly narrower?: { readonly technique: string; readonly pattern: RegExp };
  /** Must match as well, anywhere in the text. */
  readonly also?: RegExp;
}

/** Something writes to the registry: `reg add`, PowerShell, or an imported file. */
export const WRITES =
  /\breg(?:\.exe)?["']? +(?:add|import|delete|copy)\b|\b(?:set|new|remove|clear)-item(?:property)?\b|\bregini\b|\[Microsoft\.Win32\.Registry\b|CreateSubKey|SetValue\(|\bsp +["']?HK/i;
