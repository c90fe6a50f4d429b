/** One entity under one spelling, so that two sensors mean the same by it; what everybody has is none. */
import ipaddr from 'ipaddr.js';

/** What statements of sensors are about. */
export const ENTITY_TYPES = ['host', 'user', 'ip', 'domain', 'hash', 'process'] as const;
/** One of those types. */
export type EntityType = (typeof ENTITY_TYPES)[number];

/** A thing that several statements can be about. */
export interface Entity {
  type: EntityType;
  value: string;
  /** Of a host or user, where it was written: `corp.example`, `corp`, or `.` for an account of the machine itself. */
  domain?: string;
}

/** The entity, or undefined when the value is none of that type or binds nobody: `SYSTEM`, `127.0.0.1`, the empty file. */
export function entityOf(type: EntityType, written: string): Entity | undefined {
  const text = written.trim().slice(0, VALUE_CHARS_MAX).toLowerCase();
  const value = SPELLING[type](text);
  if (value === undefined || value === '' || NOBODY.has(value)) return undefined;
  const domain = DOMAIN[type]?.(text);
  return { type, value, ...(domain !== undefined && domain !== '' && { domain }) };
}

/** One text for each entity, to find it by. */
export const entityKey = ({ type, value, domain }: Entity): string =>
  domain === undefined ? `${type} ${value}` : `${type} ${value}@${domain}`;

/** Whether every system has such an account, or it is one of the machine itself: by its name alone it is nobody. */
export const isBuiltIn = ({ type, value, domain }: Entity): boolean =>
  type === 'user' && (domain === '.' || BUILT_IN.has(value));

const SPELLING: Readonly<Record<EntityType, (value: string) => string | undefined>> = {
  /** Sensors disagree about the domain behind a host name; the first label is what they agree on, its domain stands beside it. */
  host: (value) => (ipaddr.isValid(value) ? undefined : value.replace(/\$$/, '').split('.')[0]),
  /** `DOMAIN\\anna`, `anna@domain` and `anna` have one name; what ends in $ is a machine, not a person. */
  user: (value) => {
    const name = value.replace(/^.*\\/, '').replace(/@.*/s, '');
    return name.endsWith('$') ? undefined : name;
  },
  ip: toAddress,
  domain: (value) => (/^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+\.?$/.test(value) ? value.replace(/\.$/, '') : undefined),
  hash: (value) => (/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/.test(value) ? value : undefined),
  process: (value) => {
    const id = value.replace(/[{}]/g, '');
    return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) && !/^[0-]+$/.test(id) ? id : undefined;
  },
};

const DOMAIN: Partial<Record<EntityType, (value: string) => string | undefined>> = {
  host: (value) => /^[^.]+\.(.+?)\.?$/.exec(value.replace(/\$$/, ''))?.[1],
  user: (value) => {
    const parts = value.split('\\');
    return parts.at(-2) ?? (value.includes('@') ? value.slice(value.lastIndexOf('@') + 1) : undefined);
  },
};

/** Folded to IPv4 where it is one; addresses that every machine has bind nobody. */
function toAddress(value: string): string | undefined {
  if (!ipaddr.isValid(value)) return undefined;
  const address = ipaddr.process(value);
  return EVERYBODYS.has(address.range()) ? undefined : address.toString();
}

const EVERYBODYS = new Set(['loopback', 'unspecified', 'linkLocal', 'multicast', 'broadcast']);
const NOBODY = new Set([
  '-',
  'n/a',
  'unknown',
  'localhost',
  'system',
  'local service',
  'network service',
  'anonymous logon',
  'anonymous',
  'window manager',
  'font driver host',
  'root',
  'd41d8cd98f00b204e9800998ecf8427e',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
]);
const BUILT_IN = new Set(
  (
    'administrator administrateur administrador admin guest defaultaccount wdagutilityaccount krbtgt nobody daemon www-data ' +
    'apache nginx postgres mysql oracle tomcat jenkins git backup ubuntu debian centos ec2-user azureuser vagrant pi'
  ).split(' '),
);
const VALUE_CHARS_MAX = 512;
