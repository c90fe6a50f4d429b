/** Requests for money that need neither link nor attachment: who asks decides, words alone accuse nobody. */
import { FREEMAIL, isAmong } from '../brands/index.ts';
import type { Mailbox, ParsedMail } from './facts.ts';
import { nearOf } from './near.ts';
import { fold } from './lures.ts';
import { piecesOf, type Piece } from './pieces.ts';
import type { Sign } from './signals.ts';

/** The signs of a request for money, and of a sender that is nearly somebody the reader knows. */
export function moneySigns(mail: ParsedMail): Sign[] {
  const sender = mail.from.findLast((mailbox) => mailbox.domain !== '');
  if (!sender) return [];
  const near = nearOf(mail, sender.domain);
  const requests = requestsIn(mail);
  const where = { locator: 'header From', text: `${sender.name} <${sender.address}>` };
  const known: Sign[] = near
    ? [
        {
          id: near.how === 'suffix' ? 'sender_near_suffix' : 'sender_near',
          ...where,
          detail: `${near.domain}, ${near.where}`,
        },
      ]
    : [];
  const executive = isExecutive(mail, sender) ? [{ id: 'sender_executive' as const, ...where }] : [];
  const call = callSigns(mail, sender);
  if (call.length > 0) return [...known, ...call];
  // Another suffix of one's own name is often one's own: alone it says nothing, nor does a request of somebody ordinary.
  const isAsked = requests.some(({ id }) => id !== 'asks_secrecy');
  const isStrange = near !== undefined || executive.length > 0 || repliesElsewhere(mail, sender);
  if (!isAsked || !isStrange) return known.filter(({ id }) => id === 'sender_near');
  return [...known, ...executive, ...requests];
}

function requestsIn(mail: ParsedMail): Sign[] {
  const found = new Map<Sign['id'], Sign>();
  const pieces = piecesOf(mail.body)
    .pieces.filter(({ text }) => !/^\s*>/.test(text))
    .map(folding);
  for (const [id, pattern] of REQUESTS) {
    const told = saidIn(pieces, pattern);
    if (told) found.set(id, { id, locator: `body line ${told.line + 1}`, text: told.text, detail: `"${told.phrase}"` });
  }
  return [...found.values()];
}

/** A charge nobody ordered and a number to call about it, from a free mailbox, with nothing else to follow. */
function callSigns(mail: ParsedMail, sender: Mailbox): Sign[] {
  if (!isAmong(sender.domain, FREEMAIL) || mail.links.length > 0) return [];
  const pieces = piecesOf([mail.facts.subject ?? '', ...mail.body]).pieces.map(folding);
  const call = saidIn(pieces, CALL);
  if (!call || !saidIn(pieces, CHARGE)) return [];
  return [{ id: 'call_back', locator: call.line === 0 ? 'header Subject' : `body line ${call.line}`, text: call.text }];
}

/** Where a pattern is said first: in one piece, or over the end of a line into the next, as mail programs wrap sentences. */
function saidIn(pieces: readonly FoldedPiece[], pattern: RegExp): (Piece & { phrase: string }) | undefined {
  for (const [index, { line, text, folded }] of pieces.entries()) {
    const alone = pattern.exec(folded)?.[0];
    if (alone !== undefined) return { line, text, phrase: alone };
    const next = pieces[index + 1];
    if (next?.line !== line + 1 || !isWrapped(text) || pattern.test(next.folded)) continue;
    const phrase = pattern.exec(`${folded} ${next.folded}`)?.[0];
    if (phrase !== undefined) return { line, text: `${text} ${next.text}`, phrase };
  }
  return undefined;
}

interface FoldedPiece extends Piece {
  folded: string;
}

const folding = (piece: Piece): FoldedPiece => ({ ...piece, folded: fold(piece.text) });
const isWrapped = ({ length }: string) => length >= WRAPPED_CHARS_MIN && length <= WRAPPED_CHARS_MAX;

function isExecutive(mail: ParsedMail, sender: Mailbox): boolean {
  if (!isAmong(sender.domain, FREEMAIL)) return false;
  const local = sender.address.slice(0, sender.address.lastIndexOf('@'));
  const signature = mail.body.filter((line) => line.trim() !== '' && !line.startsWith('>')).slice(-SIGNATURE_LINES);
  return [
    sender.name,
    local.replace(/[._\d-]+/g, ' '),
    ...signature.filter((line) => line.length <= TITLE_CHARS_MAX),
  ].some((text) => EXECUTIVE.test(fold(text)));
}

const repliesElsewhere = (mail: ParsedMail, sender: Mailbox) =>
  mail.reply_to.some(({ domain }) => domain !== '' && domain !== sender.domain);

const REQUESTS: readonly (readonly [Sign['id'], RegExp])[] = [
  [
    'asks_gift_cards',
    /\b(?:buy|purchase|get|pick up|need|kauf\w*|besorg\w*)\b.{0,80}\b(?:gift ?cards?|itunes cards?|steam cards?|(?:geschenk|gutschein)-?karten?)|(?:play|apple|amazon|itunes|steam|google)[ -]?(?:\w+[ -])?(?:gift ?cards?|gutschein\w*|geschenkkarten?)\b.{0,120}\b(?:codes?|kaufen|besorgen|buy|send|schick\w*)/,
  ],
  [
    'asks_bank_change',
    /\b(?:bank(?:ing)? (?:details|account|information)|account details|bankverbindung|bankdaten|kontoverbindung|kontodaten|iban)\b.{0,80}\b(?:changed|has been updated|new|switched|geander\w*|geaendert|neue?[nrs]?|gewechselt|aktualisiert)\b|\b(?:new|updated|changed|neue[nrs]?|geanderte[nrs]?|geaenderte[nrs]?)\b.{0,30}\b(?:bank (?:details|account)|account details|bankverbindung|bankdaten|kontoverbindung|konto\b)/,
  ],
  [
    'asks_payment',
    /\b(?:wire|bank) ?transfer\b|\b(?:process|make|send|release|arrange)\b.{0,30}\b(?:payment|transfer|funds)\b|\b(?:please |kindly )pay\b.{0,80}(?:\d|invoice|iban)|\b(?:uberweis\w*|ueberweis\w*|zahlung (?:anweisen|veranlassen|tatigen|taetigen)|zahlen sie|eilzahlung|sofortuberweisung)/,
  ],
  [
    'asks_secrecy',
    /\bkeep (?:this|it) (?:strictly )?(?:confidential|between us|private|quiet)|\bconfidential(?:ly|ity)?\b|\bcan'?t (?:talk|take calls?)|\bin a meeting\b|\bvertraulich|\bnicht (?:telefonisch )?erreichbar|\bin einer besprechung\b|\bunter uns\b|\bdiskret/,
  ],
];
const EXECUTIVE =
  /\b(?:c[efo]o|chief (?:executive|financial|operating)(?: officer)?|managing director|president|chair(?:man|woman)|director|executive|geschafts(?:fuhr\w*|leit\w*)|geschaefts(?:fuehr\w*|leit\w*)|vorstand\w*|inhaber(?:in)?|prokurist(?:in)?)\b/;
const CHARGE =
  /\b(?:subscription|membership|renew(?:ed|al)|order|purchase|invoice|transaction|abo(?:nnement)?|bestellung|verlanger\w*)\b.{0,160}(?:[$€£]\s?\d|\d[\d.,]*\s?(?:usd|eur|euro|dollars?|[$€£]))|(?:charged|debited|abgebucht|belastet)\b.{0,80}(?:[$€£]\s?\d|account|konto)/;
const CALL =
  /\b(?:call|dial|contact|phone|reach|ruf\w*|telefon\w*|wenden sie sich)\b.{0,80}(?:\+|\b)(?:\(?\d{1,4}\)?[ ./-]{0,3}){2,5}\d{2,6}/;
/** Shorter lines end where their writer ended them, and no program wraps as late as longer ones. */
const WRAPPED_CHARS_MIN = 40;
const WRAPPED_CHARS_MAX = 120;
const SIGNATURE_LINES = 4;
const TITLE_CHARS_MAX = 80;
