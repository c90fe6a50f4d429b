/** An agent on a free port for the length of a test: a key and a folder that are thrown away, and nobody announced to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Agent } from '../mesh/index.ts';
import { startAgent } from './agent.ts';
import { loadConfig, type ConfigFlags } from './config.ts';
import { connectBare } from './connect.ts';
import { enrollAgent } from './enrol.ts';

/** A served agent under test. */
export interface ServedForTest {
  /** `ws://127.0.0.1:41233`: for a client, or a conformance run, of your own. */
  url: string;
  /** The same port over HTTP: the card, and health. */
  http_url: string;
  /**
   * One request as a stranger on this machine sends it, over a link of its own. Rejects with the error that the agent answers
   * (`code`, `message`). Strangers may use skills that read.
   */
  call(method: string, params?: unknown): Promise<unknown>;
  /** Drains the agent, closes its port and removes its folder. */
  close(): Promise<void>;
}

/** Serves an agent for a test. `flags` are any part of the configuration, such as `{ content: 'test/content' }`. */
export async function serveForTest(agent: Agent, flags: ConfigFlags = {}): Promise<ServedForTest> {
  const data = mkdtempSync(join(tmpdir(), `aurora-${agent.id}-`));
  const forget = () => rmSync(data, { recursive: true, force: true });
  try {
    const config = loadConfig({ flags: { log_level: 'error', ...flags, data, port: flags.port ?? 0 }, env: {} });
    enrollAgent(config, agent.id);
    const running = await startAgent(agent, config);
    const { url } = running;
    return {
      url,
      http_url: url.replace(/^ws/, 'http'),
      async call(method, params = {}) {
        const peer = await connectBare(url);
        try {
          return await peer.request(method, Params.parse(params));
        } finally {
          peer.close(1000, 'done');
        }
      },
      async close() {
        await running.drain();
        forget();
      },
    };
  } catch (reason) {
    forget();
    throw reason;
  }
}

const Params = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]);
