/** Asking a process of this machine how it is. */
import type { Config } from './config.ts';
import { callHttp, readJson } from './http.ts';
import { portOf } from './roster.ts';
import { trustOf } from './seams.ts';

/** What `/health` of the named process answers. Rejects when nobody is there. */
export async function askHealth(id: string, config: Config): Promise<unknown> {
  const scheme = typeof config.tls === 'object' ? 'https' : 'http';
  const url = `${scheme}://127.0.0.1:${config.port ?? portOf(config, id)}/health`;
  return readJson(await callHttp(url, { trust: trustOf(config) }), HEALTH_BYTES_MAX);
}

const HEALTH_BYTES_MAX = 1_048_576;
