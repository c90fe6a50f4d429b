/** Asking a process of this machine how it is. */
import type { Trust } from '../mesh/index.ts';
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

/** Whether an orchestrator answers at this address: a note may outlive the process whose number another one has now. */
export async function isHealthy(ws_url: string, trust?: Trust): Promise<boolean> {
  try {
    const url = `${ws_url.replace(/^ws/, 'http')}/health`;
    (await callHttp(url, { trust, signal: AbortSignal.timeout(ANSWER_MS_MAX) })).resume();
    return true;
  } catch {
    return false;
  }
}

const ANSWER_MS_MAX = 5_000;
const HEALTH_BYTES_MAX = 1_048_576;
