/** The words of a command as the Linux audit keeps them: quoted when they are plain, in hexadecimal when they are not. */

/** The words of an EXECVE, PROCTITLE or USER_CMD record; none for any other record. */
export function readArguments(text: string): string[] {
  const title = /\btype=PROCTITLE\b[^]{0,200}\bproctitle=("[^"]*"|[\dA-F]+)/i.exec(text)?.[1];
  if (title !== undefined) return plain(title).split('\0').filter(Boolean);
  const command = /\btype=USER_CMD\b[^]{0,600}\bcmd=("[^"]*"|[\dA-F]+)/i.exec(text)?.[1];
  if (command !== undefined) return [plain(command)];
  if (!/\bargc=\d/.test(text)) return [];
  const words = new Map<string, string>();
  for (const [, number = '', value = ''] of text.matchAll(WORD)) {
    words.set(number, `${words.get(number) ?? ''}${plain(value)}`);
  }
  return [...words.values()];
}

/** A word as it could be typed again: one with spaces in it stays one word. */
export const quoteArgument = (word: string, index: number, all: readonly string[]): string =>
  all.length > 1 && /\s/.test(word) && !word.includes("'") ? `'${word}'` : word;

const plain = (value: string): string =>
  value.startsWith('"') ? value.slice(1, -1) : Buffer.from(value, 'hex').toString('utf8');

/** `a1="-c"`, or a part of a long one, `a1[0]=2D63`. */
const WORD = /\ba(\d{1,4})(?:\[\d{1,4}\])?=("[^"]*"|(?:[\dA-F]{2})+)(?=\s|$)/g;
