/** Charsets that a request names for its text, and what the few that hide plain letters make of it. */
import { asciiLower } from './media-type.ts';

/** Whether the letters of ASCII are themselves in a charset: what is read here is what a server reads then. */
export const keepsAscii = (charset: string): boolean => KEEPS_ASCII.test(asciiLower(charset.trim()));

/** The text as a charset makes it readable; the same text where it does not, or is not known. */
export function textAs(text: string, charset: string): string {
  const name = asciiLower(charset);
  if (name.includes('utf-7') || name.includes('utf7')) return fromUtf7(text);
  return name.includes('16') || name.includes('32') || name.includes('ucs') ? text.replace(/\0|%00/g, '') : text;
}

const fromUtf7 = (text: string): string =>
  text.replace(/\+([A-Za-z0-9+/]{1,8192})-?|\+-/g, (_, code: string | undefined) => {
    const bytes = Buffer.from(code ?? '', 'base64');
    return code === undefined
      ? '+'
      : bytes
          .subarray(0, bytes.length & ~1)
          .swap16()
          .toString('utf16le');
  });

const KEEPS_ASCII =
  /^(?:utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?\d|(?:windows-|cp)125\d|koi8-[ru]|gbk|gb2312|gb18030|big5|shift[_-]jis|euc-(?:jp|kr|cn))$/;
