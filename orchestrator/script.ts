/** Scripts among texts: whether one is, and its commands, so that somebody judges them as commands. */
import { decodeText, numberedCommandsOf } from '../analysis/readers/index.ts';
import type { NotChecked } from '../protocol/index.ts';

/** One command and the line it stands in, counted from 1. */
export interface ScriptCommand {
  text: string;
  line: number;
}

/** The commands of a script and whether there are more of them than are taken; undefined when the text is no script. */
export interface Script {
  commands: ScriptCommand[];
  is_cut: boolean;
}

/** Reads the head of a text as a script: by its first line, its name, or since its lines are commands with options. */
export function scriptOf(head: Uint8Array, name: string, head_bytes_max: number): Script | undefined {
  const text = textOf(head);
  const commands = numberedCommandsOf(text);
  const typed = commands.filter((command) => isTyped(command.text));
  const is_script =
    SHEBANG.test(text.trimStart()) || NAME.test(name) || (typed.length > 0 && typed.length * 2 >= commands.length);
  if (!is_script || commands.length === 0) return undefined;
  return {
    commands: commands
      .slice(0, COMMANDS_MAX)
      .map((command) => ({ ...command, text: command.text.slice(0, COMMAND_CHARS_MAX) })),
    is_cut:
      commands.length > COMMANDS_MAX ||
      head.byteLength >= head_bytes_max ||
      commands.some((command) => command.text.length > COMMAND_CHARS_MAX),
  };
}

/** What of a text that is no script looks like a command all the same: nobody judges it as one, and that is said. */
export function commandsUnread(head: Uint8Array): NotChecked[] {
  const lines = numberedCommandsOf(textOf(head)).filter(
    ({ text }) => isTyped(text) || (LIKE_COMMAND.test(text) && !isProse(text)),
  );
  const [first] = lines;
  if (!first) return [];
  return [
    {
      what: `${lines.length} line${lines.length === 1 ? '' : 's'} that look${lines.length === 1 ? 's' : ''} like a command, the first in line ${first.line}`,
      why: 'the text as a whole is no script, so it was read for indicators only: hand the commands in by themselves, as .ps1, .bat or .sh',
    },
  ];
}

const textOf = (head: Uint8Array): string =>
  decodeText(head)
    .replace(/^\ufeff/, '')
    .replaceAll('\0', '');

const isTyped = (line: string): boolean => TYPED.some((shape) => shape.test(line)) && !isProse(line);

const isProse = (line: string): boolean => SENTENCE.test(line) || NARRATION.test(line);

const SHEBANG = /^#!.{0,120}\b(?:sh|bash|zsh|dash|ksh|pwsh|powershell)\b/;
const NAME = /\.(?:sh|bash|zsh|ksh|ps1|psm1|bat|cmd)$/i;
const FOLDERS = String.raw`(?:[\w:\\/.]{0,120}[\\/])?`;
const PROGRAM = String.raw`^(?:sudo )?${FOLDERS}(?:powershell|pwsh|cmd|wscript|cscript|mshta|rundll32|regsvr32|certutil|bitsadmin|wmic|schtasks|reg|net1?|vssadmin|wevtutil|bcdedit|bash|sh|curl|wget|nc|ncat|python3?|perl|iex|invoke-\w{1,24})(?:\.exe)?["']? `;
const TOOLS = String.raw`^${FOLDERS}(?:mimikatz|procdump(?:64)?|ntdsutil|rubeus|psexec(?:64)?|sharphound|esentutl|nltest|adfind|lazagne|secretsdump)(?:\.exe|\.py)?["']? `;
/** Up to the second argument: behind that a path is where somebody says that something lies. */
const EARLY = String.raw`(?:(?:"[^"]{0,200}"|\S{1,200}) )?(?:\w{1,40}=)?["']?`;
/** A program that intruders and administrators start, and an option, a redirection or a URL behind it. */
const COMMAND = new RegExp(String.raw`${PROGRAM}.{0,200}?(?:(?<= )[-/]\w|[|<>&]|https?:)`, 'i');
/** The same with a drive, a share or a registry key. */
const COMMAND_AT = new RegExp(
  String.raw`${PROGRAM}${EARLY}(?:[a-z]:[\\ ]|\\\\\w|hk(?:lm|cu|cr|u|cc|ey_\w{1,40})\\)`,
  'i',
);
/** Programs that are told much before they are told a path. */
const LAUNCHER =
  /^(?:[\w:\\/.]{0,120}[\\/])?(?:rundll32|regsvr32|mshta|cscript|wscript|wmic)(?:\.exe)?["']? .{0,200}?(?<=[ "'=])(?:[a-z]:\\|\\\\\w)/i;
/** A tool that nobody starts but to take secrets or to act elsewhere, and what it is told. */
const TOOL = new RegExp(String.raw`${TOOLS}.{0,200}?(?:(?<=[ ,(])["']|(?<= )[-/]\w|\w::\w)`, 'i');
const TOOL_AT = new RegExp(String.raw`${TOOLS}${EARLY}[a-z]:\\`, 'i');
/** PowerShell that begins with an object or a type. */
const EXPRESSION =
  /^(?:\(?New-Object (?:-\w+ )?[\w.]{3,80}|\[(?:ref|(?:system\.)?(?:reflection|net|convert|text|io|runtime)[\w.]{0,80})\](?:::|\.))/i;
const TYPED = [COMMAND, COMMAND_AT, LAUNCHER, TOOL, TOOL_AT, EXPRESSION];
/** A program by its ending with an option, a quote or a path, a cmdlet, or a variable with what it is told. */
const LIKE_COMMAND =
  /^(?:(?:[\w:\\/.-]{0,120}[\\/])?[\w-]{2,40}\.(?:exe|cmd|bat|ps1|vbs)["']? (?:\S{1,200} )?(?:(?:--?|\/)\w|["']|[A-Za-z]:\\|\\\\\w)|[A-Z][a-z]{2,11}-[A-Z]\w{2,40} [-"'$]|\$[A-Za-z_]\w{0,39} ?= ?\S)/;
const SENTENCE = /[a-z]{3}[.!?]$|[a-z]{2}[.,;:] [A-Za-z][a-z]+ [a-z]+ /;
/** Somebody tells of a program: a verb stands where its arguments would. */
const NARRATION =
  /^\S{1,200} (?:[^-/"'\s]\S{0,200} ){0,2}(?:(?:was|were|is|are|has|have|had|can|could|did|does|will|would|should|must|may|might)(?:n?['’]?t)?|cannot|won['’]?t|failed|found|stands)\b/i;
/** As many as one call of `check_lolbins` takes. */
const COMMANDS_MAX = 500;
const COMMAND_CHARS_MAX = 16_384;
