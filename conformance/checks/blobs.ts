/** Bytes beside the frames: put and read over HTTP under their hash, by whoever has a token for just that. */
import { createHash } from 'node:crypto';
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, verifies } from '../check.ts';
import { handOver, resultIn } from '../handing.ts';
import type { HttpAnswer } from '../http.ts';
import type { Probe } from '../probe.ts';

/** The checks of BLOB. */
export const blobChecks = [
  verifies('BLOB-01', async (probe) => {
    for (const authorization of ['', 'Bearer of-nobody']) {
      for (const asked of [{}, { method: 'PUT', body: TEXT }]) {
        const answer = await probe.http({ path: PATH, ...asked, headers: { authorization } });
        expectStatus(answer, [401], `${asked.method ?? 'GET'} with the authorization ${show(authorization)}`);
      }
    }
  }),
  verifies('BLOB-02', async (probe) => {
    const put = await granted(probe);
    expectStatus(await put({ body: OTHER_TEXT }), [422], 'a PUT of other bytes than the name says');
  }),
  verifies('BLOB-03', async (probe) => {
    const put = await granted(probe);
    const elsewhere = { path: pathOf(OTHER_TEXT), body: OTHER_TEXT };
    expectStatus(await put(elsewhere), [403], 'a PUT of other bytes than the token is for');
    expectStatus(await put({ body: TEXT }), [200, 201, 204], 'a PUT of the bytes that were announced');
    expectStatus(await put({ method: 'GET' }), [403], 'a GET with a token to put');
  }),
  verifies('BLOB-04', async (probe) => {
    const { agent, asker } = await probe.enlisting.enlist();
    expectStatus(await (await granted(probe))({ body: TEXT }), [200, 201, 204], 'a PUT of the bytes');
    let authorization = '';
    const read = (headers: Record<string, string> = {}) =>
      probe.http({ path: PATH, headers: { authorization, ...headers } });
    const answers: HttpAnswer[] = [];
    agent.does('kit_echo', async ({ routing }) => {
      const { token } = isFrame(routing['blobs']) ? routing['blobs'] : {};
      authorization = `Bearer ${String(token)}`;
      answers.push(await read(), await read({ range: 'bytes=2-5' }));
      return {};
    });
    resultIn(await handOver(asker, agent, { params: { file: { ref: REF } } }));
    const [whole, part] = answers;
    demand(whole?.status === 200 && whole.body === TEXT, `a GET by the agent was answered ${show(whole)}`);
    demand(part?.status === 206 && part.body === TEXT.slice(2, 6), `bytes=2-5 was answered ${show(part)}`);
    expectStatus(await read(), [401, 403], 'a GET when the task was over');
  }),
];

/** Announces the bytes; what is answered puts them, or asks otherwise with the same token. */
async function granted(probe: Probe): Promise<(asked: PutAsked) => Promise<HttpAnswer>> {
  probe.key();
  const { token } = resultIn(await (await probe.talk()).ask('blob/grant', REF));
  const authorization = `Bearer ${String(token)}`;
  return (asked) => probe.http({ path: PATH, method: 'PUT', ...asked, headers: { authorization } });
}

type PutAsked = Pick<Parameters<Probe['http']>[0], 'method' | 'body'> & { path?: string };

function expectStatus({ status, body }: HttpAnswer, wanted: readonly number[], after: string): void {
  demand(wanted.includes(status), `${after} was answered ${status} ${show(body)}, not ${wanted.join(' or ')}`);
}

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');
const pathOf = (text: string): string => `/blobs/${sha256Of(text)}`;
/** The same in every run: a store keeps it once. */
const TEXT = 'bytes of the conformance kit';
const OTHER_TEXT = TEXT.replace('bytes', 'other');
const PATH = pathOf(TEXT);
const REF: Frame = { sha256: sha256Of(TEXT), size: TEXT.length, media_type: 'text/plain', name: 'kit.txt' };
