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
}

/** The entity, or undefined when the value is none of that type or binds nobody: `SYSTEM`, `127.0.0.1`, the empty file. */
export function entityOf(type: EntityType, written: string): Entity | undefined {
  const value = SPELLING[type](written.trim().slice(0, VALUE_CHARS_MAX).toLowerCase());
  return value === undefined || value === '' || NOBODY.has(value) ? undefined : { type, value };
}

/** One text for each entity, to find it by. */
export const entityKey = ({ type, value }: Entity): string => `${type} ${value}`;

const SPELLING: Readonly<Record<EntityType, (value: string) => string | undefined>> = {
  /** Sensors disagree about the domain behind a host name; the first label is what they agree on. */
  host: (value) => (ipaddr.isValid(value) ? undefined : value.replace(/\$$/, '').split('.')[0]),
  /** `DOMAIN\\anna`, `anna@domain` and `anna` are one; what ends in $ is a machine, not a person. */
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
const VALUE_CHARS_MAX = 512;
