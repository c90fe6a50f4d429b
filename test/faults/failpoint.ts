/** The scenarios in which the orchestrator kills itself at one exact place: same work, same restart, another place. */
import type { Kit, Outcome } from './harness.ts';
import { until } from './waiting.ts';
import { that } from './workload.ts';

/**
 * Asks for wishes until the armed place kills the orchestrator, starts it again, sends all of them again under the same keys,
 * and lets them end.
 */
export async function dieAt(name: string, kit: Kit): Promise<Outcome> {
  const hit = 1 + Math.floor(kit.random.next() * 8);
  const mesh = await kit.start({ failpoints: `${name}=kill@${hit}` });
  kit.inject(`SIGKILL at ${name}, hit ${hit}`);
  const asked: Promise<unknown>[] = [];
  const ids = new Map<string, Set<string>>();
  const ask = async (place: number) => {
    const call = `wish-${place}`;
    const wish = { params: { call, wait_ms: 5 }, options: { idempotency_key: call } };
    const answer = await mesh.caller.ask(wish);
    if (answer.kind === 'ok') ids.set(call, new Set([answer.task_id]));
    return answer;
  };
  for (let place = 0; place < WISHES; place++) {
    asked.push(ask(place));
    if (place % 4 === 3) await Promise.all(asked);
  }
  await Promise.all(asked);
  await until('the orchestrator kills itself', () => !mesh.orchestrator.is_alive, 5_000);
  kit.inject('start');
  await mesh.orchestrator.start();
  for (let place = 0; place < WISHES; place++) {
    const call = `wish-${place}`;
    const task_id = await mesh.caller.insist({ params: { call, wait_ms: 5 }, options: { idempotency_key: call } });
    ids.set(call, (ids.get(call) ?? new Set()).add(task_id));
  }
  const recovery_ms = kit.recovered();
  const apart = [...ids].filter(([, own]) => own.size > 1).length;
  const verdict = await mesh.finish();
  return {
    verdict: [...that(apart === 0, `${apart} keys got a second id`), ...verdict],
    recovery_ms,
    figures: { runs: mesh.runs().length },
  };
}

const WISHES = 16;
