/** The kinds of attack on the web and what each is worth: the one table to tune. */
import type { Severity } from '../../protocol/index.ts';
import type { AttackClass } from './hit.ts';

/** How one class is judged. `few` lines of it are `if_few`; an answer that looks like success raises it. */
export interface Trade {
  title: string;
  severity: Severity;
  few: number;
  if_few: Severity;
  can_succeed: boolean;
  /** A hit is a page that should not exist: any answer of its own size speaks for success. */
  path_probe: boolean;
  if_possible: Severity;
  if_likely: Severity;
  techniques: readonly string[];
  techniques_if_likely: readonly string[];
}

const attack = (title: string, changes: Partial<Trade> = {}): Trade => ({
  title,
  severity: 'medium',
  few: 0,
  if_few: 'medium',
  can_succeed: true,
  path_probe: false,
  if_possible: 'high',
  if_likely: 'critical',
  techniques: ['T1190'],
  techniques_if_likely: [],
  ...changes,
});
const habit = (title: string, changes: Partial<Trade> = {}): Trade =>
  attack(title, { can_succeed: false, techniques: [], ...changes });

/** What each class of attack is called, how bad it is, and which techniques it supports. */
export const TRADE: Readonly<Record<AttackClass, Trade>> = {
  sqli: attack('SQL injection'),
  xss: attack('cross-site scripting', { if_possible: 'medium', if_likely: 'high', techniques: ['T1190', 'T1059.007'] }),
  rce: attack('command injection', { techniques: ['T1190', 'T1059'] }),
  lfi: attack('path traversal', { techniques_if_likely: ['T1083'] }),
  rfi: attack('remote file inclusion'),
  ssrf: attack('server-side request forgery'),
  'php-injection': attack('PHP injection'),
  'java-injection': attack('Java injection'),
  'nodejs-injection': attack('Node.js injection'),
  'template-injection': attack('template injection'),
  nosqli: attack('NoSQL injection'),
  log4shell: attack('Log4Shell', { severity: 'high', if_few: 'high' }),
  xxe: attack('XML external entities'),
  'ldap-injection': attack('LDAP injection'),
  'header-injection': attack('header injection'),
  'session-fixation': attack('session fixation', { severity: 'low', if_few: 'low', techniques: [] }),
  'exploit-path': attack('request of a published exploit', {
    path_probe: true,
    if_likely: 'high',
    techniques: ['T1190', 'T1595.002'],
  }),
  'sensitive-file': attack('search for files with secrets', {
    severity: 'medium',
    few: 3,
    if_few: 'low',
    path_probe: true,
    if_possible: 'medium',
    if_likely: 'high',
    techniques: ['T1595.003'],
    techniques_if_likely: ['T1552.001'],
  }),
  webshell: attack('search for a web shell', {
    path_probe: true,
    techniques: ['T1595.003'],
    techniques_if_likely: ['T1505.003'],
  }),
  'open-proxy': attack('use as an open proxy', {
    severity: 'low',
    if_few: 'low',
    path_probe: true,
    if_possible: 'low',
    if_likely: 'medium',
    techniques: ['T1090'],
  }),
  'brute-force': attack('password guessing', { techniques: ['T1110.001'], techniques_if_likely: ['T1078'] }),
  scanner: habit('scanner', { few: 2, if_few: 'low', techniques: ['T1595.002'] }),
  'user-enumeration': habit('user enumeration', { severity: 'low', if_few: 'low', techniques: ['T1087'] }),
  'path-scan': habit('search for hidden paths', { techniques: ['T1595.003'] }),
  crawl: habit('crawling', { severity: 'info', if_few: 'info' }),
  dos: habit('disguise of many requests', { severity: 'low', if_few: 'low', techniques: ['T1499'] }),
  'malformed-request': habit('malformed requests', { severity: 'low', few: 5, if_few: 'info' }),
};

/** Classes that run code or hand out data when they work; the others stay what `TRADE` says. */
export const GRAVE: ReadonlySet<AttackClass> = new Set<AttackClass>([
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
  'exploit-path',
  'webshell',
]);
