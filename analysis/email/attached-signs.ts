/** What the opened parts of a mail are after: passwords asked for, files smuggled, pages that write themselves. */
import type { ParsedMail } from './facts.ts';
import { luresIn } from './lures.ts';
import type { Opened } from './opened.ts';
import { piecesOf } from './pieces.ts';
import type { Sign } from './signals.ts';

/** The signs that opened parts give beside those of their links. */
export const openedSigns = (mail: ParsedMail): Sign[] =>
  mail.opened.flatMap((part) => [...pageSigns(part, mail), ...lureSigns(part)]);

function pageSigns({ locator, kind, password_inputs, script, links }: Opened, mail: ParsedMail): Sign[] {
  if (kind !== 'page') return [];
  const sha256 = mail.attachments[Number(/^attachment (\d+)/.exec(locator)?.[1] ?? 0) - 1]?.sha256;
  const signOf = (id: Sign['id'], text: string): Sign => ({
    id,
    locator,
    text,
    ...(sha256 !== undefined && { sha256 }),
  });
  const form = links.find((link) => link.kind === 'form');
  const isCarried = !locator.startsWith('attachment');
  return [
    ...(isCarried && /data address/.test(locator) ? [signOf('link_data', 'data:')] : []),
    ...(password_inputs > 0 ? [signOf('attached_password', form?.url ?? 'input type=password')] : []),
    ...(isSmuggling(script) ? [signOf('attached_smuggling', shownOf(script, SAVED))] : []),
    ...(WRITES.test(script) ? [signOf('attached_written', shownOf(script, WRITES))] : []),
  ];
}

/** The file lies encoded in the page, becomes one in the browser and is saved without being asked for. */
const isSmuggling = (script: string) => ENCODED.test(script) && MADE.test(script) && SAVED.test(script);

function lureSigns({ locator, kind, lines }: Opened): Sign[] {
  if (kind === 'text') return [];
  const found = new Map<string, Sign>();
  for (const { line, text } of piecesOf(lines).pieces) {
    for (const { lure, phrase } of luresIn(text)) {
      if (lure.id === 'urgency' || found.has(lure.id)) continue;
      const detail = `${lure.title} ("${phrase}")`;
      found.set(lure.id, { id: 'lure_body', locator: `${locator}, line ${line + 1}`, text, detail });
    }
  }
  return [...found.values()];
}

const shownOf = (script: string, pattern: RegExp): string => {
  const at = script.search(pattern);
  return script.slice(Math.max(0, at - SHOWN_CHARS), at + SHOWN_CHARS);
};

const ENCODED = /\batob\s*\(|fromCharCode|Uint8Array|;base64,|\bunescape\s*\(/;
const MADE = /\bnew\s+(?:window\.)?(?:Blob|File)\b|\[['"](?:Blob|File)['"]\]/;
const SAVED =
  /msSave(?:OrOpen)?Blob|\.download\s*=|setAttribute\s*\(\s*['"]download['"]|saveAs\s*\(|createObjectURL[\s\S]{0,2000}\b(?:location|window\.open)\b/;
const WRITES =
  /document\s*(?:\.\s*write(?:ln)?|\[\s*['"]write['"]\s*\])\s*\(\s*(?:window\.)?(?:atob|unescape|decodeURIComponent|decodeURI|String\.fromCharCode)\b|\beval\s*\(\s*(?:atob|unescape|String\.fromCharCode)\b/;
const SHOWN_CHARS = 80;
