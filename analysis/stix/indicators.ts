/** Between patterns and indicators: what a pattern asks for by an exact value, and the pattern that asks for an indicator. */
import type { Ioc } from '../../protocol/index.ts';
import type { Pattern } from './pattern.ts';

/** The exact values a pattern asks for that are indicators; what it only compares otherwise is none. */
export function indicatorsIn({ comparisons }: Pattern): Ioc[] {
  return comparisons
    .filter(({ operator, negated }) => !negated && ['=', '==', 'IN'].includes(operator))
    .flatMap(({ path, values }) =>
      values.flatMap((value) => {
        const type = typeOf(path, value);
        return type === undefined || value === '' ? [] : [{ type, value: value.replace(/\/(?:32|128)$/, '') }];
      }),
    );
}

/** The pattern that holds exactly where the indicator stands, or undefined for a type STIX has no property for. */
export function patternOf({ type, value }: Ioc): string | undefined {
  const path = type === 'ip' ? (value.includes(':') ? 'ipv6-addr:value' : 'ipv4-addr:value') : PATHS[type];
  return path === undefined ? undefined : `[${path} = '${value.replace(/['\\]/g, '\\$&')}']`;
}

function typeOf(path: string, value: string): string | undefined {
  if (path.startsWith('file:hashes')) return HASHES[value.length];
  if (/^(?:ipv[46]-addr:value|network-traffic:(?:src|dst)_ref\.value)$/.test(path)) {
    if (/^[\d.]+(?:\/32)?$|^[\da-f]*:[\da-f:.]+(?:\/128)?$/i.test(value)) return 'ip';
    return value.includes('/') ? 'cidr' : 'domain';
  }
  return TYPES[path];
}

const HASHES: Record<number, string> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };
const TYPES: Record<string, string> = {
  'domain-name:value': 'domain',
  'url:value': 'url',
  'email-addr:value': 'email',
  'email-message:from_ref.value': 'email',
  'email-message:sender_ref.value': 'email',
  'file:name': 'file',
  'vulnerability:name': 'cve',
};
const PATHS: Record<string, string> = {
  ipv4: 'ipv4-addr:value',
  ipv6: 'ipv6-addr:value',
  domain: 'domain-name:value',
  hostname: 'domain-name:value',
  url: 'url:value',
  email: 'email-addr:value',
  md5: 'file:hashes.MD5',
  sha1: "file:hashes.'SHA-1'",
  sha256: "file:hashes.'SHA-256'",
  sha512: "file:hashes.'SHA-512'",
  file: 'file:name',
  file_name: 'file:name',
};
