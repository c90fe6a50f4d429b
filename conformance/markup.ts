/** Text inside markup: always text, whatever it says. */
import { visible } from './visible.ts';

/** Text as HTML and XML take it, in elements and in quoted attributes. */
export const escapeMarkup = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** Markup that was escaped already. */
export interface Markup {
  readonly markup: string;
}

/** A template of markup: what is put in is escaped, unless it is markup itself. Lists are joined; what is absent leaves nothing. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  const filled = values.map((value) => toMarkup(value));
  return { markup: parts.reduce((all, part, at) => `${all}${filled[at - 1] ?? ''}${part}`) };
}

/** What a template takes. */
export type Content = string | number | Markup | undefined | readonly Content[];

function toMarkup(content: Content): string {
  if (content === undefined) return '';
  if (typeof content === 'string' || typeof content === 'number') return escapeMarkup(String(content));
  return 'markup' in content ? content.markup : content.map(toMarkup).join('');
}
