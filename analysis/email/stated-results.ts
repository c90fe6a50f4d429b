/** The parts of an Authentication-Results header (RFC 8601), so that what a sender had written into an address of it is no result. */

/** One result, as `spf=pass smtp.mailfrom=a.example`; the names of its properties are in lower case. */
export interface StatedResult {
  method: string;
  result: string;
  properties: ReadonlyMap<string, string>;
}

/** What stands at the beginning of a part, outside of quotes and comments; nothing where a quote or a comment has no end. */
export function statedResults(stated: string): StatedResult[] {
  return (withoutComments(stated) ?? '').split(';').flatMap((part) => {
    const [, method = '', result = '', rest = ''] =
      /^\s*([a-z-]{2,20})\s*=\s*([a-z]{2,20})(?![^\s])(.*)$/is.exec(part) ?? [];
    if (method === '') return [];
    const properties = new Map<string, string>();
    for (const word of rest.split(/\s+/)) {
      const [, name = '', value = ''] = /^([a-z]+\.[a-z]+)=(.+)$/i.exec(word) ?? [];
      if (name !== '' && !properties.has(name.toLowerCase())) properties.set(name.toLowerCase(), value);
    }
    return [{ method: method.toLowerCase(), result: result.toLowerCase(), properties }];
  });
}

function withoutComments(text: string): string | undefined {
  let kept = '';
  let depth = 0;
  let is_quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\') at += 1;
    else if (is_quoted) is_quoted = char !== '"';
    else if (char === '(') depth += 1;
    else if (depth > 0) depth -= char === ')' ? 1 : 0;
    else if (char === '"') is_quoted = true;
    else kept += char;
  }
  return depth === 0 && !is_quoted ? kept : undefined;
}
