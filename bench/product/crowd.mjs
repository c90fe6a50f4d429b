/** Many agents in one process, each with its id, its port and its lease, on as many loopback addresses: idle, or at work. */
import { SKILLS } from './skills.mjs';
import { credentialsOf } from './operator.mjs';
import { shipped } from './shipped.mjs';

const {
  answerHello,
  createHost,
  createMethods,
  createPeer,
  defineAgent,
  dialWebsocket,
  LINK_LIMITS,
  digestOf,
  jsonRoute,
  listen,
  sayHello,
} = await shipped('mesh');
const { cardOf } = await shipped('protocol');
const { countingMetrics, literalContent, silentLog } = await shipped('seams');

const PORT = 19_100;
const TTL_MS = 300_000;
const AT_ONCE = 32;
/** Whoever dials a thousand times is not to give up and begin again. */
const PATIENCE_MS = 60_000;

const { url, data, first, count, ids } = JSON.parse(process.argv[2]);
process.once('disconnect', () => process.exit(0));

/** Agents listen on one port each of `127.x.y.z`, so that ports last. */
const agents = [];
for (let nth = first; nth < first + count; nth++) agents.push(await serve(nth));
process.on('message', async () => {
  const began = performance.now();
  for (let from = 0; from < agents.length; from += AT_ONCE) {
    await Promise.all(agents.slice(from, from + AT_ONCE).map(announce));
  }
  process.send({ announced: agents.length, ms: performance.now() - began });
});
process.send({ ready: `${count} agents` });

async function serve(nth) {
  const id = `crowd-${nth % ids}`;
  const deps = {
    ...(await credentialsOf(data, id)),
    log: silentLog,
    metrics: countingMetrics(),
    content: literalContent(),
    anonymous: 'off',
  };
  const agent = defineAgent({ id, name: id, description: 'One of many.', skills: SKILLS.slice(0, 1) });
  const host = `127.${10 + (nth >> 16)}.${(nth >> 8) & 255}.${nth & 255}`;
  const routes = [];
  const port = await listen({ ...deps, host, port: PORT, routes, onLink: (link) => served.accept(link) });
  const card = cardOf(agent, port.url);
  const served = createHost(agent, { ...deps, openRef: () => [], card_digest: digestOf(card) });
  routes.push(jsonRoute('/.well-known/agent-card.json', () => card));
  return { id, deps, address: port.url, card };
}

async function announce({ id, deps, address, card }) {
  const limits = { ...LINK_LIMITS, handshake_ms_max: PATIENCE_MS };
  const link = await dialWebsocket({ url, protocol: 'mesh.v1', clock: deps.clock, limits });
  const methods = createMethods(new Map([['mesh/hello', (params, call) => answerHello(deps, params, call)]]));
  const peer = createPeer({ ...deps, link, methods });
  await sayHello(peer, deps, PATIENCE_MS);
  const { state } = await peer.request('agent/register', { agent_id: id, url: address, ttl_ms: TTL_MS, card });
  if (state !== 'active') throw new Error(`${id} is ${state}`);
}
