/** DNS answers as data: what a caller knew when the mail came, asked instead of the network. */
import { z } from 'zod';

const values = z.array(z.string().max(8_192)).max(100).optional();

/** The records of one name; `MX` as "10 mail.example.com". `timeout` stands for a server that did not answer. */
export const DnsRecords = z.object({
  A: values,
  AAAA: values,
  TXT: values,
  MX: values,
  PTR: values,
  CNAME: values,
  timeout: z.boolean().optional(),
});
export type DnsRecords = z.infer<typeof DnsRecords>;

/** Names to their records. It speaks for the whole DNS: a name that is not in it does not exist. */
export const DnsZone = z.record(z.string().max(255), DnsRecords);
export type DnsZone = z.infer<typeof DnsZone>;

/** Answers one question the way `node:dns` does, errors included (`ENOTFOUND`, `ENODATA`, `ETIMEOUT`). */
export type DnsResolver = (name: string, type: string) => Promise<string[] | string[][]>;

/** A resolver over a zone: no network, no cache, the same answer every time. */
export function zoneResolver(zone: DnsZone): DnsResolver {
  const names = new Map(Object.entries(zone).map(([name, records]) => [canonical(name), records]));
  return async (name, type) => {
    const records = follow(names, canonical(name));
    if (!records) throw dnsError('ENOTFOUND', name);
    const found = Object.entries(records).find(([key]) => key === type.toUpperCase())?.[1];
    if (Array.isArray(found)) return answerOf(type.toUpperCase(), found);
    throw dnsError(records.timeout === true ? 'ETIMEOUT' : 'ENODATA', name);
  };
}

function follow(names: ReadonlyMap<string, DnsRecords>, name: string): DnsRecords | undefined {
  let records = names.get(name);
  for (let hops = 0; records?.CNAME?.[0] !== undefined && hops < CNAME_HOPS_MAX; hops += 1) {
    records = names.get(canonical(records.CNAME[0]));
  }
  return records;
}

function answerOf(type: string, values: readonly string[]): string[] | string[][] {
  if (type === 'TXT') return values.map((value) => [value]);
  if (type !== 'MX') return [...values];
  return values.map((value) => {
    const [priority = '0', exchange = ''] = value.split(/\s+/);
    return Object.assign(exchange, { exchange, priority: Number(priority) }); // A string that also is node's MX object.
  });
}

const dnsError = (code: string, name: string) => Object.assign(new Error(`${code} ${name}`), { code });
const canonical = (name: string) => name.toLowerCase().replace(/\.$/, '');

const CNAME_HOPS_MAX = 8;
