/** The suites for SPF (RFC 7208) and ARC: does the sender check answer as it must, from the DNS answers in the suites? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checkAuthentication, zoneResolver, type DnsZone } from '../../analysis/email/index.ts';
import type { ScoredFolder } from '../folder.ts';
import { createStopwatch, type Stopwatch } from '../stopwatch.ts';

/** Suites of the folder `email-auth`. */
export const emailAuth: ScoredFolder = {
  folder: 'email-auth',
  async score(dir, { signal }) {
    const watch = createStopwatch();
    const read = (name: string): unknown => JSON.parse(readFileSync(join(dir, name), 'utf8'));
    const spf = await scoreSpf(SpfSuite.parse(read('spf-rfc7208.json')), watch, signal);
    const arc = await scoreArc(ArcSuite.parse(read('arc-validation.json')), watch, signal);
    return {
      cases: spf.cases + arc.cases,
      measures: [
        { metric: 'SPF cases', result: share(spf), target: 0.95, better: 'higher' },
        { metric: 'ARC cases', result: share(arc), target: 0.95, better: 'higher' },
      ],
      misses: [...spf.wrong, ...arc.wrong],
      engine_ms: watch.elapsed_ms(),
    };
  },
};

interface Tally {
  cases: number;
  wrong: string[];
}

async function scoreSpf(suite: z.infer<typeof SpfSuite>, watch: Stopwatch, signal: AbortSignal): Promise<Tally> {
  const tally: Tally = { cases: 0, wrong: [] };
  const mail = Buffer.from('From: a@example.com\r\nTo: b@example.org\r\n\r\nx\r\n');
  for (const { zonedata, tests } of suite) {
    const resolver = zoneResolver(toZone(zonedata));
    for (const [name, { helo, host, mailfrom, result }] of Object.entries(tests)) {
      signal.throwIfAborted();
      const envelope = { client_ip: host, helo, mail_from: mailfrom };
      const { spf } = await watch.time(() => checkAuthentication(mail, { resolver, ...envelope }));
      tally.cases += 1;
      if (![result].flat().includes(spf))
        tally.wrong.push(`SPF ${name}: ${spf}, expected ${[result].flat().join(' or ')}`);
    }
  }
  return tally;
}

async function scoreArc(suite: z.infer<typeof ArcSuite>, watch: Stopwatch, signal: AbortSignal): Promise<Tally> {
  const tally: Tally = { cases: 0, wrong: [] };
  for (const { 'txt-records': records, tests } of suite) {
    const zone = Object.fromEntries(Object.entries(records).map(([name, text]) => [name, { TXT: [text] }]));
    const resolver = zoneResolver(zone);
    for (const [name, { message, cv }] of Object.entries(tests)) {
      signal.throwIfAborted();
      const bytes = Buffer.from(message.replace(/\r?\n/g, '\r\n'));
      const { arc } = await watch.time(() => checkAuthentication(bytes, { resolver }));
      tally.cases += 1;
      if (arc !== cv.toLowerCase()) tally.wrong.push(`ARC ${name}: ${arc}, expected ${cv.toLowerCase()}`);
    }
  }
  return tally;
}

/** The suite writes SPF for what a publisher puts into TXT; a name with TXT records of its own means just those. */
function toZone(zonedata: z.infer<typeof ZoneData>): DnsZone {
  const zone: DnsZone = {};
  for (const [name, rows] of Object.entries(zonedata)) {
    const records = new Map<string, string[]>();
    for (const row of rows) {
      if (row === 'TIMEOUT') continue;
      for (const [type, value] of Object.entries(row)) {
        const written = [value].flat().join(type === 'MX' ? ' ' : '');
        records.set(type, [...(records.get(type) ?? []), written]);
      }
    }
    const TXT = (records.get('TXT') ?? records.get('SPF') ?? []).filter((text) => text !== 'NONE');
    records.delete('SPF');
    records.delete('TXT');
    zone[name] = {
      ...Object.fromEntries(records),
      ...(TXT.length > 0 && { TXT }),
      timeout: rows.includes('TIMEOUT'),
    };
  }
  return zone;
}

const share = ({ cases, wrong }: Tally): number => Math.round((1 - wrong.length / cases) * 10_000) / 10_000;

const Value = z.union([z.string(), z.array(z.union([z.string(), z.number()]))]);
const ZoneData = z.record(z.string(), z.array(z.union([z.literal('TIMEOUT'), z.record(z.string(), Value)])));
const SpfSuite = z.array(
  z.object({
    zonedata: ZoneData,
    tests: z.record(
      z.string(),
      z.object({
        helo: z.string(),
        host: z.string(),
        mailfrom: z.string(),
        result: z.union([z.string(), z.array(z.string())]),
      }),
    ),
  }),
);
const ArcSuite = z.array(
  z.object({
    'txt-records': z.record(z.string(), z.string()),
    tests: z.record(z.string(), z.object({ message: z.string(), cv: z.string() })),
  }),
);
