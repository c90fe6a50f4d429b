/** What a text as a whole says about the things it names: its conventions, its ordinary links, its headings. */
import { hostOfUrl, type Mention } from './mentions.ts';
import { isPublisher } from './publishers.ts';

/** Facts of one text that `judge` weighs for each mention. */
export interface Surroundings {
  /** The author defangs what is hostile, so what is not defanged is not meant. */
  defangs: boolean;
  /** The text is written about indicators (a report, an advisory), not a record of traffic. */
  report: boolean;
  /** Hosts of its ordinary links. */
  link_hosts: ReadonlySet<string>;
  /** Whether the heading above an offset speaks of those who were attacked. */
  isAboutVictims: (offset: number) => boolean;
}

/** Reads a text's conventions from its mentions and headings. */
export function surroundingsOf(text: string, mentions: readonly Mention[]): Surroundings {
  const defangs = mentions.some((mention) => mention.defanged);
  const hashes = new Set(mentions.filter(({ type }) => HASHES.has(type)).map(({ value }) => value));
  const links = mentions.flatMap(({ type, value, defanged }) =>
    type === 'url' && !defanged ? [hostOfUrl(value) ?? ''] : [],
  );
  const marked_up = mentions.some(({ type, raw, offset }) => type === 'url' && text[offset + raw.length] === '[');
  const report = defangs || marked_up || hashes.size >= HASHES_OF_A_REPORT || links.some(isPublisher);
  return {
    defangs,
    report,
    link_hosts: new Set(report ? links : links.filter(isPublisher)),
    isAboutVictims: victimSections(text),
  };
}

/** Offsets must not go back from call to call. */
function victimSections(text: string): (offset: number) => boolean {
  const sections = [...text.matchAll(HEADING)].map((match) => ({
    offset: match.index,
    victims: VICTIMS.test(match[0]),
  }));
  let next = 0;
  let victims = false;
  return (offset) => {
    for (let section = sections[next]; section && section.offset <= offset; section = sections[next]) {
      victims = section.victims;
      next += 1;
    }
    return victims;
  };
}

const HASHES = new Set(['md5', 'sha1', 'sha256', 'sha512']);
const HASHES_OF_A_REPORT = 3;
/** AsciiDoc, Markdown and HTML headings, AsciiDoc block titles. */
const HEADING = /^(?:={1,6} |#{1,6} |\.(?=\p{Lu})|<h[1-6]\b)[^\n]{1,200}/gmu;
const VICTIMS = /\b(?:target(?:t?ed|s)\b(?! by)|victim|affected (?:network|organi[sz]ation|compan|customer))/i;
