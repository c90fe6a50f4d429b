/** The port as HTTP sees it: health, what is not there, names that are not its own, callers that never finish their sentence. */
import { isFrame } from '../answers.ts';
import { demand, show, verifies } from '../check.ts';
import { dial } from '../dial.ts';
import { FOREIGN_HOST, likeNames } from '../foreign.ts';
import { HungUp } from '../http.ts';
import type { Probe } from '../probe.ts';
import { NO_METHOD } from '../talk.ts';
import { trustIn } from '../trust.ts';

/** The checks of HTTP. */
export const httpChecks = [
  verifies('HTTP-01', async (probe) => {
    const { status, json } = await probe.http({ path: '/health' });
    const holds = status === 200 && isFrame(json) && typeof json['status'] === 'string';
    demand(holds, `GET /health was answered ${status} ${show(json)}`);
  }),
  verifies('HTTP-02', async (probe) => {
    const { status } = await probe.http({ path: NO_PATH });
    demand(status === 404, `GET ${NO_PATH} was answered ${status}, not 404`);
  }),
  verifies('HTTP-03', async (probe) => {
    const { status, headers } = await probe.http({ path: '/health', method: 'DELETE' });
    const allow = headers['allow'];
    demand(status === 405 && allow !== undefined, `DELETE /health was answered ${status}, Allow: ${show(allow)}`);
  }),
  verifies('HTTP-04', async (probe) => {
    const { body, json } = await probe.http({ path: NO_PATH });
    const error = isFrame(json) ? json['error'] : undefined;
    const holds = isFrame(error) && ['code', 'request_id'].every((name) => typeof error[name] === 'string');
    demand(holds, `the error over HTTP is ${show(body)}, not {"error":{code, request_id, …}}`);
  }),
  verifies('HTTP-05', async (probe) => {
    const left = await Promise.all(Array.from({ length: HALVES }, () => leaveHalf(probe.subject)));
    try {
      await (await probe.talk()).ask(NO_METHOD);
    } finally {
      for (const cut of left) cut();
    }
  }),
  verifies('HTTP-06', async (probe) => {
    for (const path of ['/.well-known/agent-card.json', '/health']) {
      for (const host of [FOREIGN_HOST, ...likeNames(probe.subject)]) {
        const answer = await probe.http({ path, headers: { host } }).catch((reason: unknown) => {
          if (reason instanceof HungUp) return undefined; // that refuses, too
          throw reason;
        });
        demand(!answer || answer.status >= 400, `GET ${path} with the Host ${host} was answered ${answer?.status}`);
      }
    }
  }),
];

/** Says half of a request, and leaves it lying until the returned function is called. */
async function leaveHalf({ url, limits, ...subject }: Probe['subject']): Promise<() => void> {
  const socket = await dial(new URL(url), { ...trustIn(subject), upgrade_ms_max: limits.upgrade_ms_max });
  socket.write(`GET / HTTP/1.1\r\nhost: ${new URL(url).host}\r\nx-half:`);
  return () => void socket.destroy();
}

const NO_PATH = '/no-such-path-of-this-kit';
/** Requests that are left lying at once. */
const HALVES = 8;
