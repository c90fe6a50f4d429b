/** X21: a link goes up and down every second: a connect alone does not reset the pauses, so that nobody hammers (wire.md 10). */
import type { Scenario } from '../harness.ts';
import { pause } from '../waiting.ts';
import { ask, that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X21',
  name: 'flapping-link',
  set: 'full',
  async run(_seed, kit) {
    const mesh = await kit.start({ proxied: true });
    const proxy = mesh.proxy('double-b');
    const before = proxy.accepted;
    kit.inject('1 Hz for 20 s');
    for (let second = 0; second < 20; second++) {
      proxy.shut(true);
      proxy.reset();
      await pause(500);
      proxy.shut(false);
      await ask(mesh, 2, {}, `second-${second}`);
      await pause(500);
    }
    kit.inject('the link stands');
    const attempts = proxy.accepted - before;
    await mesh.caller.online(['double-b'], 40_000);
    const recovery_ms = kit.recovered();
    return {
      // The card is read over a connection of its own, so each time that it comes up may count twice.
      verdict: [...that(attempts <= 2 * ATTEMPTS_MAX, `${attempts} connections in 20 s`), ...(await mesh.finish())],
      recovery_ms,
      figures: { attempts },
    };
  },
};

/** 250 ms x 1.6 each time: nine pauses fill 20 s; a little more for their spread. */
const ATTEMPTS_MAX = 11;
