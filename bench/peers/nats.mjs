/** NATS request and reply with JSON: the router answers one subject by asking another. */
import { connect, JSONCodec } from 'nats';
import { PARAMS, RESULT } from './reference.mjs';
import { play } from './role.mjs';

const codec = JSONCodec();

const ANSWER_MS_MAX = 10_000;

await play({
  async agent(_none, nats) {
    const connection = await connect({ servers: nats });
    answer(connection, 'agent.analyze_threat', () => RESULT);
    await connection.flush();
    return nats;
  },
  async router(_agent, nats) {
    const connection = await connect({ servers: nats });
    answer(connection, 'router.analyze_threat', (params) => ask(connection, 'agent.analyze_threat', params));
    await connection.flush();
    return nats;
  },
  async load(_router, nats) {
    const connection = await connect({ servers: nats });
    return () => ask(connection, 'router.analyze_threat', PARAMS);
  },
});

function answer(connection, subject, handle) {
  connection.subscribe(subject, {
    async callback(_error, message) {
      message.respond(codec.encode(await handle(codec.decode(message.data))));
    },
  });
}

async function ask(connection, subject, params) {
  const reply = await connection.request(subject, codec.encode(params), { timeout: ANSWER_MS_MAX });
  return codec.decode(reply.data);
}
