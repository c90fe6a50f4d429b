/** Content that is not code: rule packs, warning lists and tables that an operator mounts (specialists.md 0). */

/** One mounted piece of content, named in every verdict that used it. */
export interface ContentPack {
  /** What it is called, e.g. `warninglists`. */
  name: string;
  /** Version and hash, e.g. `2026-11-01 sha256:ab12…`. */
  version: string;
  /** Its parsed JSON. Readers validate what they take. */
  data: unknown;
}

/** Where skills get content from. A pack may change between two runs, never within what one `get` answered. */
export interface Content {
  /** The pack of that name, or undefined when none is mounted: then say so in `not_checked`. */
  get(name: string): ContentPack | undefined;
  /** Packs of that name that were added and cannot be used now, with the reason: they belong into `not_checked`. None unless said. */
  lost?(name: string): readonly LostPack[];
}

/** A pack that somebody added and that is not what was added any more. */
export interface LostPack {
  name: string;
  why: string;
}

/** Why `get` has nothing under the name, for `not_checked`. */
export function whyAbsent(
  content: Pick<Content, 'lost'>,
  name: string,
  otherwise = `no content "${name}" is mounted`,
): string {
  const [lost] = content.lost?.(name) ?? [];
  return lost ? whyLost(lost) : otherwise;
}

/** The same of one pack. */
export const whyLost = ({ name, why }: LostPack): string => `the content "${name}" was added and is not used: ${why}`;

/** Content as a literal, for tests and for running without any mounted. */
export function literalContent(packs: readonly ContentPack[] = []): Content {
  const by_name = new Map(packs.map((pack) => [pack.name, pack]));
  return { get: (name) => by_name.get(name) };
}
