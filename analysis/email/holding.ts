/** What a file really is by its first bytes, for the kinds that matter to whoever opens an attachment. */

/** Kinds that first bytes tell. */
export type Holding = 'program' | 'page' | 'pdf' | 'archive' | 'picture' | 'old document' | 'shortcut';

/** The kind, or `undefined` where the first bytes tell none. */
export function holdingOf(content: Uint8Array): Holding | undefined {
  const head = Buffer.from(content.subarray(0, HEAD_BYTES)).toString('latin1');
  return MAGIC.find(([, pattern]) => pattern.test(head))?.[0];
}

const MAGIC: readonly (readonly [Holding, RegExp])[] = [
  ['program', /^(?:MZ|\x7fELF|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|#!)/],
  ['shortcut', /^L\0\0\0\x01\x14\x02\0/],
  ['pdf', /^[\s\S]{0,1000}%PDF-/],
  ['archive', /^(?:PK\x03\x04|PK\x05\x06|Rar!|7z\xbc\xaf|\x1f\x8b|MSCF|\xfd7zXZ|BZh)/],
  ['picture', /^(?:\x89PNG|\xff\xd8\xff|GIF8|BM[\s\S]{12}\x28|RIFF[\s\S]{4}WEBP|II\*\0|MM\0\*)/],
  ['old document', /^\xd0\xcf\x11\xe0/],
  [
    'page',
    /^(?:\xef\xbb\xbf)?\s{0,200}(?:<!--[\s\S]{0,400}?-->\s{0,50})?<(?:!doctype html|html|head|body|script|form|svg|meta)[\s>]/i,
  ],
];
const HEAD_BYTES = 2_048;
