/** Charsets that a request names for its text, and what the few that hide plain letters make of it. */
import { asciiLower } from './media-type.ts';

/** Whether the letters of ASCII are themselves in a charset: what is read here is what a server reads then. */
export const keepsAscii = (charset: string): boolean => KEEPS_ASCII.test(nameOf(charset));

/**
 * The encoding that the declaration of an XML text names, where it says something about this text: nobody reads UTF-16 in a text
 * whose first letters are single bytes, and clients that write to a string declare it all the same.
 */
export function declaredCharset(text: string): string | undefined {
  const [, charset] = DECLARED.exec(text.trimStart().slice(0, DECLARED_CHARS_MAX)) ?? [];
  return charset === undefined || (isWide(nameOf(charset)) && textAs(text, charset) === text) ? undefined : charset;
}

/** The text as a charset makes it readable; the same text where it does not, or is not known. */
export function textAs(text: string, charset: string): string {
  const name = nameOf(charset);
  if (name.includes('utf-7') || name.includes('utf7')) return fromUtf7(text);
  return isWide(name) ? text.replace(/\0|%00/g, '') : text;
}

/** Servers put aside how a name is quoted, and most of them which line joins its words. */
const nameOf = (charset: string): string => asciiLower(charset.trim()).replaceAll("'", '').replaceAll('_', '-');

const isWide = (name: string): boolean => WIDE.test(name);

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
  /^(?:|utf-?8(?:mb[34])?|us-ascii|ascii|ansi-x3\.4-19\d\d|binary|iso-?8859-\d{1,2}(?::\d{4})?|latin-?\d|(?:windows-|cp)125\d|koi8-[ru]|gbk|gb2312|gb18030|big5|shift-jis|windows-31j|euc-(?:jp|kr|cn|tw)|(?:cp|ibm)-?(?:437|737|775|85[02578]|86[0-3569]|874)|cp(?:932|936|949|950)|macintosh|x-mac-(?:roman|cyrillic)|tis-620|windows-(?:874|949)|(?:x-)?sjis)$/;
/** Many names of EBCDIC hold the same figures (IBM1160, IBM16804). `unicode` is UTF-16 to those who write it. */
const WIDE = /^(?:x-)?(?:cs)?(?:utf-?(?:16|32)|(?:iso-10646-)?ucs-?[24]?|unicode)/;
const DECLARED = /^<\?xml\b[^>]*?\sencoding\s*=\s*["']([\w.:()+-]{1,80})/;
const DECLARED_CHARS_MAX = 1_024;
