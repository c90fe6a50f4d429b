/** The REST front door with the typed client, over a bare Fastify route. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readNote, placeOf } from '../../boot/index.ts';
import { startChild } from '../child.ts';
import { startContender, toContender, warmUp } from '../contender.ts';
import type { Contender, Group, Kit } from '../kit.ts';
import { medianOf, ratiosOf, takeTurns } from '../measure.ts';
import { pathOf, startMesh } from '../mesh.ts';

export const rest: Group = {
  lines: ['rest'],
  async measure(kit) {
    const both = [await startApi(kit), await startContender('Fastify', kit)];
    const load = { in_flight: 64, ms: kit.ms };
    await takeTurns(1, both, (contender) => contender.load(warmUp(kit)));
    const turns = await takeTurns(kit.rounds, both, (contender) => contender.load(load));
    const [ours = [], theirs = []] = both.map((each) =>
      turns.get(each)?.map(({ answers, ms }) => (answers * 1_000) / ms),
    );
    const note = `${medianOf(ours).toFixed(0)}/s : ${medianOf(theirs).toFixed(0)}/s`;
    return new Map([['rest', { figures: ratiosOf(ours, theirs), note }]]);
  },
};

/** The mesh with its API, and a user whose requests a minute are not what is measured. */
async function startApi(kit: Kit): Promise<Contender> {
  const data = mkdtempSync(join(kit.folder, 'mesh-api-'));
  const mesh = await startMesh(kit, { data, flags: { api: { port: 0 } } });
  const { api_url = '' } = readNote(placeOf(data).running) ?? {};
  const password = readFileSync(placeOf(data).firstAdmin, 'utf8').trim();
  const call = async (method: string, path: string, body: object, token?: string) => {
    const headers = {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const response = await fetch(`${api_url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const signed_in = await call('POST', '/auth/token', {
    username: 'admin',
    password,
    new_password: 'one long sentence',
  });
  const { access_token } = z.object({ access_token: z.string() }).parse(signed_in);
  await call('PATCH', '/settings/runtime', { limits: { user_minute_max: 1_000_000 } }, access_token);
  const words = [pathOf('product/rest-load.mjs'), 'load', api_url, access_token];
  const load = await startChild({ name: 'load over REST', words, log: join(data, 'load.log') });
  kit.onEnd(() => load.kill());
  return toContender('API', { load, router: mesh.router, all: [load, ...mesh.all] });
}
