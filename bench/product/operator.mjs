/** A proven operator on one link, as lean as the load generator of raw `ws`: frames in and out, nothing in between. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { shipped } from './shipped.mjs';

const PROGRESS = '{"jsonrpc":"2.0","method":"$/progress"';

/** What a process of the bench needs to prove a key of a data folder, and to know whom the folder vouches for. */
export async function credentialsOf(data, id) {
  const { systemClock, systemIds, systemRandom } = await shipped('seams');
  const { placeOf } = await shipped('boot');
  const { literalPins } = await shipped('mesh');
  const place = placeOf(data);
  const ids = systemIds(() => systemClock.now());
  const private_key = createPrivateKey(readFileSync(place.keyFile(id)));
  const self = { id, instance_id: ids.next('inst'), name: id, version: '0.0.0', private_key };
  const pins = literalPins(JSON.parse(readFileSync(place.pins, 'utf8')));
  return { self, pins, clock: systemClock, ids, random: systemRandom };
}

/** Dials; both ends prove their keys. `onProgress` hears what is told meanwhile, as text. */
export async function connect(url, data, onProgress) {
  const { answerHello, dialWebsocket, sayHello } = await shipped('mesh');
  const deps = await credentialsOf(data, 'operator:local');
  const link = await dialWebsocket({ url, protocol: 'mesh.v1', clock: deps.clock });
  const pending = new Map();
  let last = 0;
  const say = (frame) => link.send(JSON.stringify({ jsonrpc: '2.0', ...frame }));
  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      if (!link.open) throw new Error('the link to the orchestrator is gone');
      pending.set(++last, { resolve, reject });
      say({ id: last, method, params });
    });
  link.attach({
    onText(text) {
      if (onProgress && text.startsWith(PROGRESS)) {
        onProgress(text);
        return;
      }
      const { id, method, params, result, error } = JSON.parse(text);
      if (method === 'mesh/hello') say({ id, result: answerHello(deps, params, { peer: { link } }) });
      if (method !== undefined) return;
      const asked = pending.get(id);
      pending.delete(id);
      if (error) asked?.reject(new Error(`${error.code} ${error.message}`));
      else asked?.resolve(result);
    },
    onClose(code, reason) {
      for (const { reject } of pending.values()) reject(new Error(`the link closed: ${code} ${reason}`));
    },
  });
  const limitFrames = () => {}; // our frames are small
  const { role } = await sayHello({ link, request: ask, limitFrames }, deps, HELLO_MS_MAX);
  if (role !== 'orchestrator') throw new Error('that is not the orchestrator');
  return { link, ask };
}

const HELLO_MS_MAX = 5_000;
