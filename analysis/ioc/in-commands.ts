/** What command lines speak to: URLs, addresses and names, as indicators that intelligence can be asked about. */
import type { Ioc } from '../../protocol/index.ts';
import { isInsideName } from '../brands/index.ts';
import { extractIocs } from './extract.ts';
import { hostOfUrl, isAddress } from './mentions.ts';
import { nameKind } from './names.ts';
import { isPublicAddress } from './public.ts';

/** Of a command and what was hidden in it, each once, at most `INDICATORS_MAX`. Only public ones: nobody else knows those inside. */
export function indicatorsInCommands(texts: readonly string[]): Ioc[] {
  const found = new Map<string, Ioc>();
  const add = (type: string, value: string) => {
    const key = `${type} ${value}`;
    if (found.size < INDICATORS_MAX && !found.has(key)) found.set(key, { type, value });
  };
  const addHost = (host: string) => {
    if (isAddress(host)) {
      if (isPublicAddress(host)) add('ip', host);
    } else if (isPublicName(host)) add('domain', host);
  };
  for (const written of texts) {
    const text = written.replace(PROXY, '$1');
    for (const { type, value, kind } of extractIocs(text, { source: 'command' }).extracted) {
      if (kind !== 'indicator') continue;
      if (type === 'ipv4' || type === 'ipv6') addHost(value);
      if (type !== 'url') continue;
      for (const url of endedBySemicolon(value, text)) if (isPublicHost(hostOfUrl(url) ?? '')) add('url', url);
    }
    for (const pattern of HOSTS) for (const [, host = ''] of text.matchAll(pattern)) addHost(host.toLowerCase());
  }
  return [...found.values()];
}

/** A shell ends a word at `;` unless it stands in quotes or behind a backslash: the next command is no part of the URL. With an `@` behind it, both. */
function endedBySemicolon(url: string, text: string): string[] {
  const [ended = url] = url.split(';', 1);
  const is_whole = [`"${url}`, `'${url}`, `${ended}\\;`].some((written) => text.includes(written));
  if (is_whole || ended === url) return [url];
  return url.slice(ended.length).includes('@') ? [url, ended] : [ended];
}

const isPublicHost = (host: string): boolean => (isAddress(host) ? isPublicAddress(host) : isPublicName(host));

const isPublicName = (host: string): boolean =>
  nameKind(host, true) === 'domain' && !ITSELF.test(host) && !isInsideName(`.${host}`);

/** The sockets of bash, what a program connects to, and downloads without a scheme. */
const HOSTS: readonly RegExp[] = [
  /\/dev\/(?:tcp|udp)\/([\w.:-]{3,253})\/\d{1,5}\b/gi,
  /\b(?:nc|ncat|netcat|telnet)(?: -\w{1,8}(?: (?:\/[\w/]{1,40}|\d{1,5}))?){0,6} ([\w.-]{3,253}) \d{1,5}\b/gi,
  /\b(?:wget|curl)(?: -{1,2}[\w-]{1,30}){0,6} ((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})\//gi,
  // Not every shell ends a word at `;`: what stands before the last `@` may be the name of a user, whatever it looks like.
  /:\/\/[^\s"'/?#;]{1,256};[^\s"'/?#]{0,256}@([\w.-]{3,253})/g,
];
/** Whom curl is told to ask through: nobody that the command is about. */
const PROXY = /(\bcurl(?:\.exe)? [^|;&\n]{0,512}?(?<= )(?:-[a-zA-Z]{0,8}x|--proxy))[ =]?["']?[^\s"']{1,2048}/g;
const ITSELF = /(?:^|\.)localhost$/i;
const INDICATORS_MAX = 100;
