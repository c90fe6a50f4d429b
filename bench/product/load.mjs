/** Load generators of the mesh: handoffs to whoever has the skill, or a megabyte of input by reference. */
import { createHash } from 'node:crypto';
import { PARAMS, RESULT } from '../peers/reference.mjs';
import { play } from '../peers/role.mjs';
import { connect } from './operator.mjs';
import { shipped } from './shipped.mjs';

const { callHttp } = await shipped('boot');

const MEGABYTE = 1_048_576;

/** What makes one call. */
const KINDS = {
  handoffs({ ask }) {
    const params = { to: { skill: 'analyze_threat' }, params: PARAMS, wait: 'result' };
    return () => ask('handoff', params);
  },
  /** As `aurora investigate` does it: put where the orchestrator says, handed over by its hash, read by the agent. Other bytes each time. */
  payload({ ask }) {
    let calls = 0;
    return async () => {
      const bytes = Buffer.alloc(MEGABYTE, `${++calls} `);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const ref = { sha256, size: bytes.length, media_type: 'application/octet-stream', name: 'input' };
      const { url, token } = await ask('blob/grant', ref);
      const headers = { authorization: `Bearer ${token}`, 'content-length': String(bytes.length) };
      const put = await callHttp(url, { method: 'PUT', headers, body: inOnePiece(bytes) });
      put.resume(); // what is not read keeps its connection from the next
      const params = { source: { name: 'input', ref } };
      const { size } = await ask('handoff', { to: { skill: 'count_bytes' }, params, wait: 'result' });
      if (size !== bytes.length) throw new Error(`${size} bytes arrived`);
      return RESULT;
    };
  },
};

async function* inOnePiece(bytes) {
  yield bytes;
}

await play({
  async load(url, data, kind = 'handoffs') {
    return KINDS[kind](await connect(url, data));
  },
});
