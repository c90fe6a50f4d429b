/** Indicators in text: found, refanged, and judged by how the text speaks about them. */
import { tableShapeOf, withTabs } from '../readers/index.ts';
import { decodeEntities, isHtml } from './entities.ts';
import { judge, type Kind } from './judge.ts';
import { mentionsOf } from './mentions.ts';
import { surroundingsOf } from './surroundings.ts';
import { tokenize, TOKENS_MAX } from './tokens.ts';

/** One thing the text names, with its place and what it is there. */
export interface ExtractedIoc {
  /** `domain`, `ipv4`, `ipv6`, `url`, `email`, `md5` … `sha512`, `cve`, `cidr`, `file_name`, `file_path`, `registry_key`, `attack_technique`. */
  type: string;
  /** Refanged; hosts, schemes and hashes in lower case. */
  value: string;
  /** UTF-16 units from the start of the text. */
  offset: number;
  /** As written, UTF-16 units. */
  length: number;
  /** Counted from 1. */
  line: number;
  source: string;
  /** In a report `indicator` is what is meant as hostile, in other texts what may be; the rest is listed so that nobody blocks it by mistake. */
  kind: Kind;
  defanged: boolean;
  /** The reason for `kind`, in a few words. */
  why: string;
}

/** What `extractIocs` read and found. */
export interface Extraction {
  extracted: ExtractedIoc[];
  /** UTF-16 units of the text, and how many of them were read. */
  length: number;
  length_read: number;
  /** `TOKENS_MAX` things were recognised: what else the text names is not listed. */
  cut: boolean;
}

/** Reads at most `TEXT_LENGTH_MAX` of the text, recognises at most `TOKENS_MAX` things; pure, and linear in the text. */
export function extractIocs(text: string, { source }: { source: string }): Extraction {
  const written = text.slice(0, TEXT_LENGTH_MAX);
  const { text: read, writtenAt } = isHtml(written)
    ? decodeEntities(written)
    : { text: written, writtenAt: (offset: number) => offset };
  const shape = tableShapeOf(read, source);
  const tokens = tokenize(shape === undefined ? read : withTabs(read, shape));
  const mentions = mentionsOf(tokens);
  const around = surroundingsOf(read, mentions);
  const lineAt = lineCounter(written);

  const extracted = mentions.map((mention) => {
    const { type, value, raw, defanged } = mention;
    const offset = writtenAt(mention.offset);
    const length = writtenAt(mention.offset + raw.length) - offset;
    const { kind, why } = judge(mention, around);
    return { type, value, offset, length, line: lineAt(offset), source, kind, defanged, why };
  });
  return { extracted, length: text.length, length_read: written.length, cut: tokens.length === TOKENS_MAX };
}

/** Answers the line of an offset; offsets must not go back, so that one walk serves all. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let next = text.indexOf('\n');
  return (offset) => {
    while (next >= 0 && next < offset) {
      line += 1;
      next = text.indexOf('\n', next + 1);
    }
    return line;
  };
}

/** 8 Mi UTF-16 units, about eight thousand pages. */
export const TEXT_LENGTH_MAX = 8_388_608;
