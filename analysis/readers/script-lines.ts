/** The commands of a script: its lines without comments. */

/** Each filled line that is no comment, trimmed. */
export const commandLinesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !COMMENT.test(line));

const COMMENT = /^(?:#|::|rem\b|@echo\b)/i;
