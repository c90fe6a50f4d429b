/** Subscribers of one task, each on a link of its own: counts what arrives, and how long all of it takes. */
import { connect } from './operator.mjs';

const WAIT_MS = 500;
const EACH_TURN = 20;

const [url, data, count] = process.argv.slice(2);
let heard = 0;
let [first, last] = [0, 0];
let onAll = () => undefined;
let due = Infinity;

process.once('disconnect', () => process.exit(0));
const links = [];
for (let nth = 0; nth < Number(count); nth++) links.push(await connect(url, data, hear));
process.on('message', (asked) => void follow(asked));
process.send({ ready: url });

async function follow({ count: events }) {
  [heard, first, due] = [0, 0, events * links.length];
  const all = new Promise((resolve) => (onAll = resolve));
  const params = { wait_ms: WAIT_MS, count: events, each_turn: EACH_TURN };
  const { task_id } = await links[0].ask('handoff', { to: { skill: 'tell_much' }, params, wait: 'accepted' });
  await Promise.all(
    links.map(({ ask }) => ask('task/subscribe', { task_id, _meta: { progress_token: task_id.slice(-16) } })),
  );
  await all;
  process.send({ delivered: heard, ms: last - first });
}

function hear(text) {
  if (!text.includes('"kind":"thought"')) return;
  last = performance.now();
  if (++heard === 1) first = last;
  if (heard === due) onAll();
}
