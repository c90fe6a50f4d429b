/** What a grammar answers when it recognises an attack in a value. */

import { z } from 'zod';

/** The kinds of attack the web judge tells apart. */
export const AttackClass = z.enum([
  'sqli',
  'xss',
  'rce',
  'lfi',
  'rfi',
  'ssrf',
  'php-injection',
  'java-injection',
  'nodejs-injection',
  'template-injection',
  'nosqli',
  'log4shell',
  'xxe',
  'ldap-injection',
  'header-injection',
  'session-fixation',
  'scanner',
  'exploit-path',
  'sensitive-file',
  'webshell',
  'open-proxy',
  'malformed-request',
  'brute-force',
  'user-enumeration',
  'path-scan',
  'crawl',
  'dos',
]);
export type AttackClass = z.infer<typeof AttackClass>;

/**
 * One recognition. `certain` means the grammar fits an attack and hardly anything else; without it the shape occurs in
 * honest input too, and only a person or several of them make it an attack.
 */
export interface Match {
  class: AttackClass;
  /** Stable id of the grammar rule, `<class>/<rule>`. */
  rule: string;
  title: string;
  certain: boolean;
  /** The substring of the judged layer. */
  start: number;
  end: number;
}

/**
 * Collects the matches of one grammar, one per rule: the first certain one is the evidence, else the first. Where the grammar reads
 * another text than the layer, `origin` tells where a character of it stands in the layer.
 */
export function createMatches(attack: AttackClass, origin: (index: number) => number = (index) => index) {
  let found: Map<string, Match> | undefined; // most values match nothing
  return {
    add(rule: string, title: string, certain: boolean, start: number, end: number) {
      const id = `${attack}/${rule}`;
      found ??= new Map();
      const known = found.get(id);
      if (known && (!certain || known.certain)) return;
      const from = origin(start);
      found.set(id, {
        class: attack,
        rule: id,
        title,
        certain,
        start: from,
        end: end > start ? origin(end - 1) + 1 : from,
      });
    },
    /** Adds a match for the first place the pattern fits. Patterns must bound every repetition: input is hostile. */
    find(rule: string, title: string, certain: boolean, text: string, pattern: RegExp) {
      const fit = pattern.exec(text);
      if (fit) this.add(rule, title, certain, fit.index, fit.index + fit[0].length);
    },
    all: (): Match[] => (found ? [...found.values()] : []),
  };
}
