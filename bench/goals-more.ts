/** Rows beside those of performance.md: told, and judged only where a mark was set. */
import type { Goal } from './goals.ts';

const ratio = { better: 'more', unit: 'ratio' } as const;

export const GOALS_MORE: readonly Goal[] = [
  {
    id: 'corked',
    title: 'NORMAL journal / corked ws relay',
    ...ratio,
    means:
      'Against a relay that holds its writes together as the mesh does: the journal, the log and the checks alone.',
    but: 'Nobody writes a relay so by accident.',
  },
  {
    id: 'rpc-websockets',
    title: 'NORMAL journal / rpc-websockets',
    ...ratio,
    means: 'Against a popular library for JSON-RPC over WebSocket, two hops.',
    but: 'It keeps nothing.',
  },
  {
    id: 'record',
    title: 'a relay with the record of promises.md / raw ws relay',
    ...ratio,
    means:
      'No part of the mesh but its store (NORMAL): a bare relay that judges both schemas, logs a line and keeps the four chained events of a dispatch. What G1 can reach at most.',
    but: 'It proves nobody, bounds nothing, routes nothing and tells nobody; another form of the record could cost less.',
  },
  {
    id: 'rest',
    title: 'REST dispatch / bare Fastify route',
    ...ratio,
    means: 'Requests a second of `client.dispatch`, to the agent and back, over a Fastify route that answers at once.',
    but: 'One is a synced dispatch with a user, rights and limits, the other an echo: hot callers use the mesh.',
  },
  {
    id: 'streams-50',
    title: 'deliveries a second, 50 followers of the API',
    better: 'more',
    unit: '1/s',
    means: 'Events of new alerts to 50 WebSocket followers of the API.',
    but: 'An absolute figure: only good for comparing runs on one machine.',
  },
  {
    id: 'streams-500',
    title: 'deliveries a second, 500 followers',
    better: 'more',
    unit: '1/s',
    means: 'The same to 500.',
    but: 'As above. bench/streams.mjs shows what sleepers among them do.',
  },
  {
    id: 'idle',
    title: 'orchestrator with 10 000 idle agents',
    better: 'less',
    unit: 'MB',
    means: 'Memory of the whole process (G12 is its growth).',
    but: 'Resident memory: what the collector has not given back counts.',
  },
  {
    id: 'start',
    title: '`aurora up` with every specialist',
    better: 'less',
    unit: 's',
    means: 'From the command to the orchestrator that has all of them online, on an empty folder.',
    but: 'One process each, all starting at once on this machine: absolute.',
  },
  {
    id: 'restart',
    title: '`kill -9` to ready, 10 000 open dispatches',
    better: 'less',
    unit: 's',
    means: 'From the start after the kill to the answer of `/health`, every open dispatch read back and carried on.',
    but: 'Its agents have to come back as well before work goes on.',
  },
  {
    id: 'sigma',
    title: 'Sigma: events a second of one core',
    better: 'more',
    unit: '1/s',
    means: 'The whole rule pack over all recordings, from the zip to the hit.',
    but: 'An absolute figure; needs the public cases (`--data`).',
  },
];
