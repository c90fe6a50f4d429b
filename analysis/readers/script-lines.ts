/** The commands of a script: its lines without comments. */

/** Each filled line that is no comment, trimmed. */
export const commandLinesOf = (text: string): string[] => numberedCommandsOf(text).map(({ text: line }) => line);

/** The same with the line each stands in, counted from 1. */
export const numberedCommandsOf = (text: string): { text: string; line: number }[] =>
  text
    .split('\n')
    .map((line, index) => ({ text: line.trim(), line: index + 1 }))
    .filter((each) => each.text !== '' && !COMMENT.test(each.text));

const COMMENT = /^(?:#|::|rem\b|@echo\b)/i;
