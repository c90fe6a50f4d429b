/** A wire to a server on a unix socket that can be cut, or made deaf to answers, at will. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The wire. */
export interface Cut {
  /** The folder of its own socket, of the same name as the server's. */
  folder: string;
  /** From now on answers of open connections are dropped; what is asked still arrives. */
  deafen(): void;
  /** Cuts each connection that says this word, until it is called without one. */
  cutAt(word?: string): void;
  /** Ends open connections; the server notices once it has done what it was asked. New ones are whole. */
  cut(): void;
  remove(): Promise<void>;
}

/** Lays a wire to the socket `name` in `folder`. */
export async function cutWire({ folder, name }: { folder: string; name: string }): Promise<Cut> {
  const own = mkdtempSync(join(tmpdir(), 'aurora-cut-'));
  const pairs = new Set<{ near: Socket; far: Socket }>();
  let forbidden: string | undefined;
  const server = createServer((near) => {
    const far = createConnection(join(folder, name));
    const pair = { near, far };
    pairs.add(pair);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.prependListener('data', (chunk: Buffer) => {
      if (forbidden !== undefined && chunk.includes(forbidden)) far.destroy();
    });
    near.pipe(far, { end: false });
    far.pipe(near);
    near.on('end', () => far.end());
    far.on('close', () => {
      near.destroy();
      pairs.delete(pair);
    });
  }).listen(join(own, name));
  await once(server, 'listening');
  const deafen = () => {
    for (const { near, far } of pairs) {
      far.unpipe(near);
      far.resume();
    }
  };
  return {
    folder: own,
    deafen,
    cutAt: (word) => (forbidden = word),
    cut() {
      deafen();
      for (const { near, far } of pairs) {
        near.unpipe(far);
        near.destroy();
        far.end(); // whoever is busy notices when he is done
      }
    },
    async remove() {
      for (const { near, far } of pairs) for (const socket of [near, far]) socket.destroy();
      server.close();
      await once(server, 'close');
      rmSync(own, { recursive: true, force: true });
    },
  };
}
