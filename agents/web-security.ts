/** Web security: reads access logs and requests, and says who attacks the application and how. */
import { z } from 'zod';
import { collect, openSingle } from '../analysis/readers/index.ts';
import {
  analyzeAccessLog,
  analyzeRequests,
  analyzeWebThreat,
  Attacker,
  ExplainedPlace,
  explainPayload,
  PAYLOAD_CHARS_MAX,
  parseRawRequest,
  RAW_BYTES_MAX,
  REQUESTS_MAX,
  targetOf,
} from '../analysis/web/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { AnalysisResult, AuroraError, skill, Source } from '../protocol/index.ts';
import { threatSkill } from './analyze-threat.ts';

const Request = z.object({
  method: z.string().min(1).max(32),
  url: z.string().min(1).max(65_536).describe('absolute or only path and query, as it was sent: not decoded'),
  headers: z.record(z.string().max(256), z.string().max(65_536)).optional(),
  body: z.string().max(1_048_576).optional(),
});

const analyzeLog = skill({
  id: 'analyze_access_log',
  title: 'Analyze an access log',
  description:
    'Reads the log of a web server and names its attackers: password guessing, scanning, injection, exploits, and whether they may have succeeded.',
  tags: ['web', 'log', 'access-log', 'brute-force', 'scanning', 'exploit'],
  effect: 'read',
  routable: true,
  examples: [
    {
      log: {
        name: 'access.log',
        text: '192.0.2.7 - - [24/Nov/2026:00:00:01 +0000] "GET /item?id=1%27%20OR%201=1--%20 HTTP/1.1" 403 162 "-" "sqlmap/1.8"\n198.51.100.2 - - [24/Nov/2026:00:00:02 +0000] "GET / HTTP/1.1" 200 5120 "-" "Mozilla/5.0"\n',
      },
    },
  ],
  params: z.object({ log: Source }),
  result: AnalysisResult.extend({ attackers: z.array(Attacker) }),
});

const analyzeHttp = skill({
  id: 'analyze_http',
  title: 'Analyze HTTP requests',
  description:
    'Judges requests by grammars: injection into SQL, pages, shells, templates and lookups, path traversal, known exploits.',
  tags: ['web', 'http', 'injection', 'sqli', 'xss', 'rce'],
  effect: 'read',
  routable: true,
  examples: [
    { request: { method: 'GET', url: '/search?q=%3Cscript%3Ealert(1)%3C/script%3E' } },
    {
      source: { name: 'request.txt', text: 'GET /cgi?x=;cat%20/etc/passwd HTTP/1.1\r\nHost: www.example.com\r\n\r\n' },
    },
  ],
  params: z
    .object({
      request: Request.optional(),
      requests: z.array(Request).min(1).max(REQUESTS_MAX).optional(),
      source: Source.optional().describe('one raw HTTP/1.x request as text'),
    })
    .refine(({ request, requests, source }) => [request, requests, source].filter(Boolean).length === 1, {
      message: 'give exactly one of request, requests and source',
    })
    .meta({ oneOf: [{ required: ['request'] }, { required: ['requests'] }, { required: ['source'] }] }),
  result: AnalysisResult,
});

const explain = skill({
  id: 'explain_payload',
  title: 'Explain a payload',
  description:
    'Peels the encodings off a value or off each place of a request, layer by layer, and says what was recognised in which layer; the steps can be done again by hand.',
  tags: ['web', 'http', 'decoding', 'payload'],
  effect: 'read',
  routable: true,
  examples: [
    { payload: '%253Cscript%253Ealert(1)%253C/script%253E' },
    { request: { method: 'GET', url: '/search?q=%26lt%3Bscript%26gt%3Balert(1)' } },
  ],
  params: z
    .object({
      payload: z.string().min(1).max(PAYLOAD_CHARS_MAX).optional().describe('one value as it came: not decoded'),
      request: Request.optional(),
    })
    .refine(({ payload, request }) => (payload === undefined) !== (request === undefined), {
      message: 'give exactly one of payload and request',
    })
    .meta({ oneOf: [{ required: ['payload'] }, { required: ['request'] }] }),
  result: AnalysisResult.extend({ places: z.array(ExplainedPlace) }),
});

const threat = threatSkill({
  description: 'Judges the addresses, domains, URLs, paths and User-Agents among indicators.',
  tags: ['ioc', 'web'],
  example: { type: 'url', value: 'http://192.0.2.7/shell.php' },
});

/** Reads access logs and requests, and says who attacks the application and how. */
export const webSecurity = defineAgent({
  id: 'web-security',
  name: 'Web security',
  description: 'Reads access logs and requests, and says who attacks the application and how.',
  skills: [
    analyzeLog.implement(async ({ log }, ctx) => {
      const file = await openSingle({ name: log.name, bytes: ctx.blobs.open(log) });
      const reading = await ctx.progress.tool('read access log', { name: file.name }, () =>
        analyzeAccessLog(file.bytes, {
          name: file.name,
          signal: ctx.signal,
          onProgress: (lines) => ctx.progress.status(`${lines} lines read`),
        }),
      );
      if (!reading.ok) {
        throw new AuroraError(4220, { message: `Not an access log: ${reading.reason}`, detail: { path: '/log' } });
      }
      return reading.result;
    }),
    analyzeHttp.implement(async ({ request, requests = [], source }, ctx) => {
      const given = [...(request ? [request] : []), ...requests].map(({ url, ...rest }) => ({
        ...rest,
        target: targetOf(url),
      }));
      const file = source && (await openSingle({ name: source.name, bytes: ctx.blobs.open(source) }));
      const raw = file && parseRawRequest((await collect(file.bytes, RAW_BYTES_MAX)).toString('utf8'));
      if (source && !raw) {
        throw new AuroraError(4220, {
          message: 'Not a request: its first line is no request line',
          detail: { path: '/source' },
        });
      }
      const all = raw ? [raw] : given;
      return ctx.progress.tool('judge requests', { count: all.length }, () =>
        analyzeRequests(all, file?.name ?? 'params'),
      );
    }),
    explain.implement(({ payload, request }, ctx) => {
      const given = payload ?? (request && { ...request, target: targetOf(request.url) });
      if (given === undefined) throw new AuroraError(-32602); // The schema asks for one of the two.
      return ctx.progress.tool('peel layers', given, () => explainPayload(given, 'params'));
    }),
    threat.implement(({ iocs }, ctx) =>
      ctx.progress.tool('assess web indicators', iocs, () => analyzeWebThreat({ iocs }, ctx.content)),
    ),
  ],
});
