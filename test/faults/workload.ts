/** The same piece of work for many scenarios: so many wishes, some running when the fault comes, all to end. */
import type { ConfigFlags } from '../../boot/index.ts';
import type { Kit, TestMesh } from './harness.ts';
import type { Wish } from './caller.ts';
import { until } from './waiting.ts';

/** Asks for `count` wishes under keys of their own; answers their task ids. */
export const ask = (mesh: TestMesh, count: number, wish: Asked = {}, prefix = 'wish'): Promise<string[]> =>
  Promise.all(
    Array.from({ length: count }, (_, place) =>
      mesh.caller.insist({ ...wish, params: { ...wish.params, call: `${prefix}-${place}` } }),
    ),
  );

/** Asks for wishes that wait for the file `go`, and waits until all of them run. */
export async function holdRunning(kit: Kit, mesh: TestMesh, count: number, wish: Asked = {}): Promise<string[]> {
  const params = { until: kit.file('go'), ...wish.params };
  const task_ids = await Promise.all(
    Array.from({ length: count }, (_, place) =>
      mesh.caller.insist({ ...wish, params: { ...params, call: `held-${place}` } }),
    ),
  );
  await until(`${count} wishes run`, () => mesh.runs().length >= count);
  return task_ids;
}

/** A sentence when it took too long, for a verdict. */
export const within = (what: string, ms: number, ms_max: number): string[] =>
  ms <= ms_max ? [] : [`${what} took ${Math.round(ms)} ms, ${ms_max} at most`];

/** A sentence when it is not so, for a verdict. */
export const that = (holds: boolean, otherwise: string): string[] => (holds ? [] : [otherwise]);

/** Flags under which doubles really act, as often as they are asked. */
export const ACTING: ConfigFlags = { mode: 'active', policy: { targets_hour_max: 1_000_000 } };

type Asked = Omit<Wish, 'params'> & { params?: Record<string, unknown> };
