/** A good agent on a port of its own, served in this process, with the key of the orchestrator that it has pinned. */
import { generateKeyPairSync } from 'node:crypto';
import { literalPins, publicKeyOf, serve, type Identity, type TlsMaterial } from '../../mesh/index.ts';
import {
  countingIds,
  countingMetrics,
  literalContent,
  seededRandom,
  silentLog,
  systemClock,
} from '../../seams/index.ts';
import { VERSION } from '../../boot/index.ts';
import { echoAgent } from './echo.ts';

/** Starts it; over TLS where that is said. */
export async function startServedAgent({ tls }: { tls?: TlsMaterial } = {}) {
  const [own, orchestrator] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const self: Identity = {
    id: 'echo',
    instance_id: 'one',
    name: 'Echo',
    version: VERSION,
    private_key: own.privateKey,
  };
  const pins = literalPins([
    { id: 'orchestrator', role: 'orchestrator', public_key: publicKeyOf(orchestrator.privateKey) },
  ]);
  const served = await serve(echoAgent('echo'), {
    clock: systemClock,
    ids: countingIds(),
    random: seededRandom(1),
    log: silentLog,
    metrics: countingMetrics(),
    content: literalContent(),
    pins,
    self,
    anonymous: 'loopback',
    openRef: () => {
      throw new Error('no blobs here');
    },
    host: '127.0.0.1',
    port: 0,
    ...(tls && { tls }),
  });
  return {
    url: served.url,
    key: { id: 'orchestrator', private_key: orchestrator.privateKey },
    close: () => served.drain(0),
  };
}
