/** Scripts among texts: whether one is, and its commands, so that somebody judges them as commands. */
import { commandLinesOf, decodeText } from '../analysis/readers/index.ts';

/** The commands of a script and whether there are more of them than are taken; undefined when the text is no script. */
export interface Script {
  commands: string[];
  is_cut: boolean;
}

/** Reads the head of a text as a script: by its first line, its name, or since its lines are commands with options. */
export function scriptOf(head: Uint8Array, name: string, head_bytes_max: number): Script | undefined {
  const text = decodeText(head)
    .replace(/^\ufeff/, '')
    .replaceAll('\0', '');
  const commands = commandLinesOf(text);
  const typed = commands.filter((line) => COMMAND.test(line) && !SENTENCE.test(line));
  const is_script =
    SHEBANG.test(text.trimStart()) || NAME.test(name) || (typed.length > 0 && typed.length * 2 >= commands.length);
  if (!is_script || commands.length === 0) return undefined;
  return {
    commands: commands.slice(0, COMMANDS_MAX).map((line) => line.slice(0, COMMAND_CHARS_MAX)),
    is_cut:
      commands.length > COMMANDS_MAX ||
      head.byteLength >= head_bytes_max ||
      commands.some((line) => line.length > COMMAND_CHARS_MAX),
  };
}

const SHEBANG = /^#!.{0,120}\b(?:sh|bash|zsh|dash|ksh|pwsh|powershell)\b/;
const NAME = /\.(?:sh|bash|zsh|ksh|ps1|psm1|bat|cmd)$/i;
/** A program that intruders and administrators start, and an option, a path or a redirection behind it. */
const COMMAND =
  /^(?:sudo )?(?:[\w:\\/.]{0,120}[\\/])?(?:powershell|pwsh|cmd|wscript|cscript|mshta|rundll32|regsvr32|certutil|bitsadmin|wmic|schtasks|reg|net1?|vssadmin|wevtutil|bcdedit|bash|sh|curl|wget|nc|ncat|python3?|perl|iex|invoke-\w{1,24})(?:\.exe)?["']? .{0,200}?(?:(?<= )[-/]\w|[|<>&]|https?:)/i;
const SENTENCE = /[a-z]{3}[.!?]$|[a-z]{2}[.,;:] [A-Za-z][a-z]+ [a-z]+ /;
/** As many as one call of `check_lolbins` takes. */
const COMMANDS_MAX = 500;
const COMMAND_CHARS_MAX = 16_384;
