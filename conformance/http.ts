/** Plain HTTP to the peer's port: its card, its health, and what is not there. */
import { request as askPlain } from 'node:http';
import { request as askTls } from 'node:https';
import { Failure, show } from './check.ts';
import { after } from './clock.ts';
import type { Notes } from './exchange.ts';
import type { Subject } from './subject.ts';
import { secretsOf, type Trust } from './trust.ts';

/** What is asked. */
export interface HttpAsked {
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
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

/** The peer hung up on the request, and told nothing. */
export class HungUp extends Failure {}

/** Asks once. Throws a Failure, where it was hung up on a HungUp, when the whole answer is not there in time, or the path names another host. */
export async function askHttp(
  subject: HttpSubject,
  { path, method = 'GET', headers, body: sent }: HttpAsked,
  notes: Notes,
): Promise<HttpAnswer> {
  const { limits, token } = subject;
  const base = new URL(subject.url.replace(/^ws/, 'http'));
  // A path of a recording may name any host: it would be told the token.
  if (!URL.canParse(path, base.href) || new URL(path, base).origin !== base.origin) {
    throw new Failure(`${show(path)} is no path of ${base.host}`);
  }
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
        ...secretsOf(subject),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > BODY_BYTES_MAX) response.destroy(new Error(`a body of more than ${BODY_BYTES_MAX} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', refuse);
        response.on('end', () => {
          cancel();
          const body = Buffer.concat(chunks).toString('utf8');
          const status = response.statusCode ?? 0;
          notes.add({ connection: 0, kind: 'received', text: `${status} ${body}` });
          resolve({ status, headers: toHeaders(response.headers), body, json: toJson(body) });
        });
      },
    );
    // Of the whole: the time of a silence would never be over for who sends a byte now and then.
    const cancel = after(limits.answer_ms_max, () => {
      refuse(new Error(`not answered within ${limits.answer_ms_max} ms`));
      request.destroy();
    });
    function refuse(error: Error): void {
      cancel();
      reject(new Failure(`${method} ${path}: ${error.message}`));
    }
    // Once there is a response, what breaks off is an error of that.
    request.on('error', (error: NodeJS.ErrnoException) => {
      cancel();
      const why = `${method} ${path}: ${error.message}`;
      reject(error.code === 'ECONNRESET' ? new HungUp(why) : new Failure(why));
    });
    request.end(sent);
  });
}

/** What asking over HTTP needs to know of the peer. */
type HttpSubject = Trust & Pick<Subject, 'url' | 'token'> & { limits: Pick<Subject['limits'], 'answer_ms_max'> };

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
