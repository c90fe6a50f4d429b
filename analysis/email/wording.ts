/** What a mail says to move its reader, and how it dresses its letters to pass filters. */
import { type Brand, isMixedScript } from '../brands/index.ts';
import { brandNamedIn } from './claims.ts';
import type { ParsedMail } from './facts.ts';
import { luresIn } from './lures.ts';
import { PIECE_CHARS_MAX, piecesOf } from './pieces.ts';
import { owns } from './sender.ts';
import type { Sign } from './signals.ts';

/** The signs that subject, sender name and visible text give. */
export function wordingSigns(mail: ParsedMail, brands: readonly Brand[]): Sign[] {
  const subject = mail.facts.subject ?? '';
  const names = mail.from.map((mailbox) => mailbox.name || mailbox.address).join(' ');
  const heads = [
    { locator: 'header Subject', text: subject },
    { locator: 'header From', text: names },
  ];
  const signs: Sign[] = [];
  let lured = false;
  for (const { locator, text } of heads.flatMap(inPieces)) {
    for (const { lure, phrase } of luresIn(text)) {
      if (lure.id === 'urgency') signs.push({ id: 'pressure', locator, text, detail: `"${phrase}"` });
      else signs.push({ id: 'lure_subject', locator, text, detail: `${lure.title} ("${phrase}")` });
      lured = true;
    }
    if (hasStyledLetters(text)) signs.push({ id: 'styled_letters', locator, text });
    if (hasSplitWords(text)) signs.push({ id: 'split_words', locator, text });
  }
  signs.push(...bodySigns(mail));

  const brand = brandNamedIn(subject, brands);
  const hosts = [...mail.from.map((mailbox) => mailbox.domain), ...mail.links.map((link) => link.host)];
  if (lured && brand && mail.links.length > 0 && !hosts.some((host) => owns(brand, host))) {
    signs.push({ id: 'subject_brand', locator: 'header Subject', text: subject, detail: brand.name });
  }
  return [...signs, ...shapeSigns(mail)];
}

const inPieces = ({ locator, text }: { locator: string; text: string }) =>
  piecesOf([text]).pieces.map((piece) => ({ locator, text: piece.text }));

function bodySigns(mail: ParsedMail): Sign[] {
  const signs: Sign[] = [];
  const found = new Set<string>();
  const money = new Map<string, Sign>();
  for (const { line: index, text: line } of piecesOf(mail.body).pieces) {
    const where = { locator: `body line ${index + 1}`, text: line };
    for (const { lure, phrase } of luresIn(line)) {
      if (lure.id === 'advance-fee') money.set(phrase, { id: 'lure_money', ...where, detail: `"${phrase}"` });
      if (found.has(lure.id) || lure.id === 'urgency') continue;
      found.add(lure.id);
      signs.push({ id: 'lure_body', ...where, detail: `${lure.title} ("${phrase}")` });
    }
    if (!found.has('styled') && hasStyledLetters(line)) {
      found.add('styled');
      signs.push({ id: 'styled_letters', ...where });
    }
    if (!found.has('split') && hasSplitWords(line)) {
      found.add('split');
      signs.push({ id: 'split_words', ...where });
    }
  }
  // One such phrase stands in any newspaper; several make the story of the stranger's fortune.
  return money.size >= MONEY_PHRASES_FROM ? [...signs, ...money.values()] : signs;
}

function shapeSigns(mail: ParsedMail): Sign[] {
  const signs: Sign[] = [];
  const hidden = mail.hidden.reduce((sum, { text }) => sum + text.length, 0);
  const visible = mail.body.reduce((sum, line) => sum + line.length, 0);
  const [first] = mail.hidden;
  if (first && hidden > HIDDEN_CHARS_FROM && hidden > visible / 2) {
    signs.push({
      id: 'hidden_text',
      locator: first.locator,
      text: first.text,
      detail: `${hidden} characters, ${first.why}`,
    });
  }
  const linked = mail.links.find((link) => link.kind === 'link');
  if (linked && mail.images > 0 && visible < PICTURE_TEXT_MAX) {
    signs.push({
      id: 'image_only',
      locator: linked.locator,
      text: linked.url,
      detail: `${visible} characters of text`,
    });
  }
  return signs;
}

/** Mathematical or enclosed letters in rows, or Latin mixed with look-alikes inside one word. */
const hasStyledLetters = (text: string) =>
  /[\u{1d400}-\u{1d7ff}\u{1f130}-\u{1f189}\u24b6-\u24e9\uff21-\uff5a]{3,}/u.test(
    text.slice(0, PIECE_CHARS_MAX).replace(/[\s']/g, ''),
  ) || isMixedScript(text.slice(0, PIECE_CHARS_MAX));
/** An invisible character between two letters of one word (a soft hyphen hyphenates, and emoji join, so neither counts). */
const hasSplitWords = (text: string) =>
  /\p{Script=Latin}[\u200b\u200c\u2060\ufeff\u034f]+\p{Script=Latin}/u.test(text.slice(0, PIECE_CHARS_MAX));

const MONEY_PHRASES_FROM = 2;
const HIDDEN_CHARS_FROM = 400;
const PICTURE_TEXT_MAX = 250;
