/** The caller of the scenarios, tried by itself: what it does to itself would be put down to the product. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addOperator, ensureFleetKeys, loadConfig } from '../../boot/index.ts';
import { createCaller } from './caller.ts';
import { historyFile } from './history.ts';

test('who asks many times at once dials once, and once again after that came to nothing', async () => {
  const data = mkdtempSync(join(tmpdir(), 'aurora-caller-'));
  let dialled = 0;
  const door = createServer((socket) => {
    dialled++;
    socket.destroy();
  });
  onTestFinished(() => {
    door.close();
    rmSync(data, { recursive: true, force: true });
  });
  const config = loadConfig({ env: {}, flags: { data } });
  ensureFleetKeys(config);
  addOperator(config, 'local');
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const { port } = door.address() as AddressInfo;
  const history = historyFile(join(data, 'client.jsonl'));
  const caller = createCaller({ url: `ws://127.0.0.1:${port}`, data, name: 'one', history });
  for (const times of [1, 2]) {
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((call) => caller.ask({ params: { call } })));
    expect(answers.map(({ kind }) => kind)).toEqual(['info', 'info', 'info', 'info']);
    expect(dialled).toBe(times);
  }
});
