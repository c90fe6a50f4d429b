/** Parts of the agents in Python by themselves: whose fault an error is, what a download that fails is, which library they take. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ensureKey } from '../../boot/keys.ts';
import { placeOf } from '../../boot/place.ts';
import { agentFolder, askPython, describeWithPython, startScript } from '../support/python.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-python-parts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const here = `import sys, json; sys.path.insert(0, ${JSON.stringify(agentFolder)})\n`;

describeWithPython('parts of the agents in Python', () => {
  test('minimal.py: a fault of a skill is its own, and neither a method that is missing nor the end of the link', () => {
    const answers = askPython(`${here}
import minimal
def broken(fault):
    def run(params):
        raise fault
    return run
for fault in (KeyError('inner'), TypeError('inner'), ValueError('/text must be a string')):
    minimal.SKILLS[type(fault).__name__] = broken(fault)
names = ['KeyError', 'TypeError', 'ValueError', 'nobody']
print(json.dumps([minimal.answer({'jsonrpc': '2.0', 'id': 1, 'method': name})['error'] for name in names]))`);
    expect(answers).toEqual([
      { code: -32603, message: 'Internal error' },
      { code: -32603, message: 'Internal error' },
      { code: -32602, message: 'Invalid params: /text must be a string' },
      { code: -32601, message: 'Method not found' },
    ]);
  });

  test.each([
    ['one that is cut short', 'HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nabc', 5030],
    ['no HTTP at all', 'hello\\r\\n', 5030],
    ['the bytes of something else', 'HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\n0123456789', 5000],
  ])('agent.py: a download may be asked for again, or not: %s', (_what, answer, code) => {
    const told = askPython(`${here}
import socket, threading
from mesh.peer import MeshError
from mesh.work import read_blob
door = socket.create_server(('127.0.0.1', 0))
def serve():
    link, _ = door.accept()
    link.recv(65536)
    link.sendall(b'${answer}')
    link.close()
threading.Thread(target=serve, daemon=True).start()
try:
    read_blob({'sha256': '0' * 64, 'size': 10}, {'url': f'http://127.0.0.1:{door.getsockname()[1]}', 'token': 't'})
except MeshError as fault:
    print(json.dumps([fault.code, fault.retry_after_ms]))`);
    expect(told).toEqual([code, code === 5030 ? 1_000 : null]);
  });

  test.each(['minimal.py', 'agent.py'])(
    '%s says which library it needs, where another one is there',
    async (script) => {
      const other = join(folder, 'other');
      mkdirSync(join(other, 'websockets'), { recursive: true });
      writeFileSync(join(other, 'websockets', '__init__.py'), '');
      const started = startScript(script, [], other);
      expect(await started.ended).toBe(1);
      expect(started.said()).toMatch(/needs websockets 10 to 15/);
      expect(started.said()).not.toContain('Traceback');
    },
  );

  test('minimal.py does not serve with what is another thing since 14', () => {
    const is_over = askPython(`${here}
import asyncio, minimal, websockets
websockets.serve = None
async def begin():
    serving = asyncio.create_task(minimal.main(0))
    await asyncio.sleep(0)
    print(json.dumps(serving.done()))
asyncio.run(begin())`);
    expect(is_over).toBe(false);
  });

  test('agent.py neither serves nor dials with what is another thing since 14', async () => {
    const newer = join(folder, 'newer');
    mkdirSync(newer);
    writeFileSync(
      join(newer, 'sitecustomize.py'),
      "import websockets\nfor name in ('serve', 'connect'):\n    setattr(websockets, name, None)\n",
    );
    ensureKey(placeOf(folder).keyFile('certificate-analyst'));
    const args = ['--data', folder, '--port', '0', '--orchestrator', 'ws://127.0.0.1:1'];
    const started = startScript('agent.py', args, newer);
    try {
      await started.until('serving');
      await started.until('the orchestrator is not there');
      expect(started.said()).not.toContain('NoneType');
    } finally {
      started.child.kill('SIGKILL');
      await started.ended;
    }
  });
});
