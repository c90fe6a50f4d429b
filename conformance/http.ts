/** Plain HTTP to the peer's port: its card, its health, and what is not there. */
import { request as askPlain } from 'node:http';
import { request as askTls } from 'node:https';
import { Failure } from './check.ts';
import type { Notes } from './exchange.ts';
import type { Subject } from './subject.ts';

/** What is asked. */
export interface HttpAsked {
  path: string;
  method?: string;
  headers?: Record<string, string>;
}

/** What was answered. */
export interface HttpAnswer {
  status: number;
  /** Names in small letters. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** The body as JSON; undefined when it is none. */
  json: unknown;
}

/** Asks once. Throws a Failure when nobody answers in time. */
export function askHttp(
  subject: HttpSubject,
  { path, method = 'GET', headers }: HttpAsked,
  notes: Notes,
): Promise<HttpAnswer> {
  const { limits, tls_ca, token } = subject;
  const base = new URL(subject.url.replace(/^ws/, 'http'));
  const ask = base.protocol === 'https:' ? askTls : askPlain;
  const auth = token === undefined ? {} : { authorization: `Bearer ${token}` };
  notes.add({ connection: 0, kind: 'sent', text: `${method} ${path}` });
  return new Promise((resolve, reject) => {
    const request = ask(
      new URL(path, base),
      {
        method,
        headers: { ...auth, ...headers },
        agent: false,
        timeout: limits.answer_ms_max,
        ...(tls_ca !== undefined && { ca: tls_ca }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > BODY_BYTES_MAX) response.destroy(new Error(`a body of more than ${BODY_BYTES_MAX} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString('utf8');
          const status = response.statusCode ?? 0;
          notes.add({ connection: 0, kind: 'received', text: `${status} ${body}` });
          resolve({ status, headers: toHeaders(response.headers), body, json: toJson(body) });
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error(`not answered within ${limits.answer_ms_max} ms`)));
    request.on('error', (error) => reject(new Failure(`${method} ${path}: ${error.message}`)));
    request.end();
  });
}

/** What asking over HTTP needs to know of the peer. */
type HttpSubject = Pick<Subject, 'url' | 'limits' | 'tls_ca' | 'token'>;

const toHeaders = (headers: NodeJS.Dict<string | string[]>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));

function toJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const BODY_BYTES_MAX = 8_388_608;
