/** What one log line gives away by itself, before any counting. */
import type { AttackClass } from './hit.ts';
import { judgeRequest, type Hit, type Judged } from './judge.ts';
import { knownPathOf, scannerOf } from './known-paths.ts';
import type { LogEntry } from './log-line.ts';
import { onePerPart, toHit } from './parts.ts';

/** One sign; `rule` is stable, `title` is for people. */
export interface LogSign {
  class: AttackClass;
  rule: string;
  title: string;
  /** Only one rule of a class whose words people also write speaks for it: an answer to it may be an ordinary page. */
  is_faint?: boolean;
  /** It has the server call another host: what that answers is no page, and the status tells nothing of it. */
  calls_out?: boolean;
}

/** What a line shows, and in words what of it was too long to be judged whole. */
export interface LineReading {
  signs: LogSign[];
  cut: string[];
}

/** Judges lines; what was judged lately is remembered, as logs repeat themselves. */
export function createSignReader() {
  const targets = new Map<string, LineReading>();
  const agents = new Map<string, LineReading>();
  const judged: Judged = new Map();
  return {
    read(entry: LogEntry): LineReading {
      const parts = [
        remembered(targets, entry.target, () => targetSigns(entry.target, judged)),
        remembered(agents, entry.agent, () => agentSigns(entry.agent, judged)),
        { signs: protocolSigns(entry), cut: [] },
        ...(LOADED.test(entry.referer) ? [headerSigns('Referer', entry.referer, judged)] : []),
      ];
      return { signs: parts.flatMap(({ signs }) => signs), cut: parts.flatMap(({ cut }) => cut) };
    },
  };
}

function remembered(memory: Map<string, LineReading>, key: string, judge: () => LineReading): LineReading {
  const known = memory.get(key);
  if (known) return known;
  const reading = judge();
  if (memory.size >= REMEMBERED_MAX) memory.clear();
  if (key.length <= REMEMBERED_LENGTH_MAX) memory.set(key, reading);
  return reading;
}

function targetSigns(target: string, judged: Judged): LineReading {
  const raw = knownPathOf(target);
  const decoded = raw?.class !== 'exploit-path' && target.includes('%') ? knownPathOf(fromPercent(target)) : undefined;
  const known = decoded?.class === 'exploit-path' ? decoded : (raw ?? decoded);
  const plain = PLAIN.test(target) && !/\.\.|\.;/.test(target) && !WORDS.test(target);
  const { hits, cut } = plain
    ? NO_HITS
    : judgeRequest({ method: 'GET', target: target.replace(/^[a-z]{3,8}:\/\/[^/?#]{0,255}/i, '') }, judged);
  const lasting = hits.filter((hit) => hit.certain && hit.class !== 'session-fixation');
  const kept = onePerClass(onePerPart(known ? [toHit(known, target, lasting), ...lasting] : lasting), lasting);
  const signs = kept.map((sign) => (isFaint(sign, lasting) ? { ...sign, is_faint: true } : sign));
  return { signs, cut };
}

const isFaint = (sign: LogSign, hits: readonly Hit[]): boolean =>
  WORDY.has(sign.class) &&
  !FIRM.has(sign.rule) &&
  new Set(hits.filter((hit) => hit.class === sign.class && !hit.in_prose).map(({ rule }) => rule)).size < 2;

function agentSigns(agent: string, judged: Judged): LineReading {
  const scanner = scannerOf(agent);
  const named: LogSign[] =
    scanner === undefined
      ? []
      : [{ class: 'scanner', rule: 'scanner/agent', title: `a scanner by its own name: ${scanner}` }];
  if (!LOADED.test(agent)) return { signs: named, cut: [] };
  const { signs, cut } = headerSigns('User-Agent', agent, judged);
  return { signs: [...named, ...signs], cut };
}

function headerSigns(name: string, text: string, judged: Judged): LineReading {
  const { hits, cut } = judgeRequest({ method: 'GET', target: '/', headers: { [name]: text } }, judged);
  const signs = onePerClass(
    onePerPart(hits)
      .filter(({ certain }) => certain)
      .map((hit) => ({ class: hit.class, rule: hit.rule, title: `${hit.title} in ${name}` })),
    hits,
  );
  return { signs, cut };
}

function protocolSigns({ method, target, version, format }: LogEntry): LogSign[] {
  if (format === 'access' && (method === 'CONNECT' || /^[a-z]{3,8}:\/\//i.test(target))) {
    return [{ class: 'open-proxy', rule: 'open-proxy/target', title: 'asks the server to reach another host' }];
  }
  if (version !== '' && /^\d/.test(version) && !VERSIONS.has(version)) {
    return [
      {
        class: 'malformed-request',
        rule: 'malformed-request/version',
        title: 'claims a version of HTTP that does not exist',
      },
    ];
  }
  if (method === '' && format === 'access' && target !== '' && target !== '-') {
    return [{ class: 'malformed-request', rule: 'malformed-request/line', title: 'a request line that is no HTTP' }];
  }
  return [];
}

function onePerClass(found: readonly LogSign[], hits: readonly Hit[]): LogSign[] {
  const calling = new Set(hits.filter((hit) => hit.certain && callsOut(hit)).map((hit) => hit.class));
  const first = new Map<AttackClass, LogSign>();
  for (const { class: attack, rule, title } of found)
    if (!first.has(attack))
      first.set(attack, {
        class: attack,
        rule,
        title,
        ...((calling.has(attack) || rule === LOOKUP_PATH) && { calls_out: true }),
      });
  return [...first.values()];
}

const callsOut = ({ class: attack, rule, text }: Hit): boolean =>
  CALLING_RULES.has(rule) || (attack === 'rce' && CALLER.test(text));

const fromPercent = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

const NO_HITS: { hits: readonly Hit[]; cut: string[] } = { hits: [], cut: [] };
const VERSIONS = new Set(['0.9', '1.0', '1.1', '2', '2.0', '3', '3.0']);
/** Characters of ordinary targets; what consists of them only is judged by its path alone. */
const PLAIN = /^[\w\-./=&?,~+:@#!*%]{0,2000}$/;
/** Words and escapes that make a target worth the grammars although its characters are ordinary. */
const WORDS =
  /%(?:[013]\w|2[02-9a-f]|5[b-e]|7[b-d]|u|c0|25)|\b(?:union|select|sleep|benchmark|waitfor|information_schema|xp_cmdshell|schema|passwd|alert|or|and|having|order\+by|eval|wget|curl|cmd|exec|system|base64|jndi)\b|=(?:https?|ftp|file|php|data|gopher|dict):|etc\/|proc\/|_schema|sys\w{3,12}s\b|\$|__|xp_|-inf\//i;
const LOADED =
  /\$\{|\(\)\s?\{|<[a-z!?]|['"`]|\bunion\b|\bselect\b|\bsleep\s?\(|\.\.\/|;\s?(?:ls|cat|wget|curl|id|ping)\b/i;
const WORDY: ReadonlySet<AttackClass> = new Set(['sqli', 'rce', 'lfi']);
const FIRM = new Set(['sqli/probe-function', 'sqli/condition']);
const CALLING_RULES = new Set(['log4shell/jndi', 'rce/download', 'rce/reverse-shell']);
/** Log4Shell as a published exploit. */
const LOOKUP_PATH = 'exploit-path/CVE-2021-44228';
/** What nobody starts but to ask another host. */
const CALLER = /\b(?:curl|wget|nslookup|dig|invoke-webrequest|iwr|downloadstring)\b/i;
const REMEMBERED_MAX = 4_096;
const REMEMBERED_LENGTH_MAX = 512;
