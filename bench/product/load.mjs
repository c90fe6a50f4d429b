/** The load generator of the mesh: a proven operator whose handoffs are raw frames on one link, as lean as the one of raw `ws`. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PARAMS } from '../peers/reference.mjs';
import { play } from '../peers/role.mjs';
import { shipped } from './shipped.mjs';

const HELLO_MS_MAX = 5_000;

await play({ load: async (url, data) => handoffs(await connect(url, data)) });

/** What makes one call: a handoff to whoever has the skill, answered by its result. */
function handoffs({ link, ask }) {
  const params = { to: { skill: 'analyze_threat' }, params: PARAMS, wait: 'result' };
  return () => {
    if (!link.open) throw new Error('the link to the orchestrator is gone');
    return ask('handoff', params);
  };
}

/** Both hellos, each end proving its key to the other; then the frames of answers settle what was asked. */
async function connect(url, data) {
  const { answerHello, dialWebsocket, literalPins, sayHello } = await shipped('mesh');
  const { systemClock, systemIds, systemRandom } = await shipped('seams');
  const { placeOf } = await shipped('boot');
  const place = placeOf(data);
  const id = 'operator:local';
  const ids = systemIds(() => systemClock.now());
  const self = {
    id,
    instance_id: ids.next('inst'),
    name: id,
    version: '0.0.0',
    private_key: createPrivateKey(readFileSync(place.keyFile(id))),
  };
  const pins = literalPins(JSON.parse(readFileSync(place.pins, 'utf8')));
  const deps = { self, pins, clock: systemClock, ids, random: systemRandom };
  const link = await dialWebsocket({ url, protocol: 'mesh.v1', clock: systemClock });
  const pending = new Map();
  let last = 0;
  const say = (frame) => link.send(JSON.stringify({ jsonrpc: '2.0', ...frame }));
  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      pending.set(++last, { resolve, reject });
      say({ id: last, method, params });
    });
  link.attach({
    onText(text) {
      const { id, method, params, result, error } = JSON.parse(text);
      if (method === 'mesh/hello') say({ id, result: answerHello(deps, params, { peer: { link } }) });
      const asked = method === undefined && pending.get(id);
      if (!asked) return;
      pending.delete(id);
      if (error) asked.reject(new Error(`${error.code} ${error.message}`));
      else asked.resolve(result);
    },
    onClose(code, reason) {
      for (const { reject } of pending.values()) reject(new Error(`the link closed: ${code} ${reason}`));
    },
  });
  const { role } = await sayHello({ link, request: ask }, deps, HELLO_MS_MAX);
  if (role !== 'orchestrator') throw new Error('that is not the orchestrator');
  return { link, ask };
}
