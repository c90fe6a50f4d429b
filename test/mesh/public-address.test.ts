/** ATK-G1: where a registered agent may be dialled. */
import { describe, expect, test } from 'vitest';
import { assertPublicAddress } from '../../mesh/public-address.ts';

const PUBLIC = '93.184.215.14';
const names = (table: Record<string, string[]>) => async (hostname: string) => {
  const addresses = table[hostname];
  if (!addresses) throw new Error('ENOTFOUND');
  return addresses;
};

describe('ATK-G1: an address that is registered', () => {
  test.each([
    'ws://127.0.0.1:9001',
    'ws://127.1:9001',
    'ws://0:9001',
    'ws://0x7f.1:9001',
    'ws://2130706433:9001',
    'ws://017700000001:9001',
    'ws://0x5db8d70e:9001', // the public address, written to confuse
    'ws://093.184.215.14:9001',
    'ws://[::]:9001',
    'ws://[::1]:9001',
    'ws://[::127.0.0.1]:9001',
    'ws://[::ffff:127.0.0.1]:9001',
    'ws://[::ffff:5db8:d70e]:9001',
    'ws://[64:ff9b::7f00:1]:9001',
    'ws://[2002:7f00:1::]:9001',
    'ws://[fc00::1]:9001',
    'ws://[fe80::1]:9001',
    'ws://169.254.169.254',
    'ws://168.63.129.16',
    'ws://100.64.0.1:9001',
    'ws://10.0.0.1:9001',
    'ws://172.16.0.1:9001',
    'ws://192.168.0.1:9001',
    'ws://192.0.2.1:9001',
    'ws://224.0.0.1:9001',
    'ws://255.255.255.255:9001',
    'ws://localhost:9001',
    'ws://localhost.:9001',
    'ws://user@agent.example.com:9001',
    'ws://agent.example.com@127.0.0.1:9001',
    'ws://:@agent.example.com',
    'http://agent.example.com',
    'file:///etc/passwd',
    'gopher://agent.example.com',
    'ws:agent.example.com',
    'ws:/agent.example.com',
    'ws:\\\\agent.example.com',
    'ws://agent.example.com\\@127.0.0.1',
    'ws://agent.exa\tmple.com',
    ' ws://agent.example.com',
    'ws://agent.example.com:99999',
    'ws://',
    '',
  ])('%j is refused', async (url) => {
    const resolve = names({ localhost: ['127.0.0.1'], 'localhost.': ['::1'], 'agent.example.com': [PUBLIC] });
    await expect(assertPublicAddress(url, { resolve })).rejects.toMatchObject({ code: 4220 });
  });

  test('is taken when every one of its addresses is public, and pinned to the first', async () => {
    const resolve = names({ 'agent.example.com': [PUBLIC, '2606:2800:21f:cb07::1'] });
    expect(await assertPublicAddress('wss://agent.example.com/mesh', { resolve })).toEqual({
      url: 'wss://agent.example.com/mesh',
      address: PUBLIC,
    });
    expect((await assertPublicAddress(`ws://${PUBLIC}:9001`)).address).toBe(PUBLIC);
    expect((await assertPublicAddress('ws://[2606:2800:21f:cb07::1]:9001')).address).toBe('2606:2800:21f:cb07::1');
  });

  test('is refused when one of its addresses is not, when it has none, or more than can be checked', async () => {
    const resolve = names({
      mixed: [PUBLIC, '10.0.0.1'],
      none: [],
      many: Array<string>(33).fill(PUBLIC),
      odd: ['not an address'],
    });
    for (const name of ['mixed', 'none', 'many', 'odd', 'unknown']) {
      await expect(assertPublicAddress(`ws://${name}:9001`, { resolve })).rejects.toMatchObject({ code: 4220 });
    }
  });

  test('may lie in a network that the operator named, and in no other', async () => {
    const networks = ['10.20.0.0/16', 'fd00::/8', '127.0.0.0/8'];
    for (const url of [
      'ws://10.20.3.4:9001',
      'ws://[fd00::1]:9001',
      'ws://127.0.0.1:9001',
      'ws://[::ffff:10.20.3.4]:9001',
    ]) {
      await expect(assertPublicAddress(url, { networks })).resolves.toMatchObject({});
    }
    for (const url of ['ws://10.21.3.4:9001', 'ws://[::1]:9001', 'ws://169.254.169.254']) {
      await expect(assertPublicAddress(url, { networks })).rejects.toMatchObject({ code: 4220 });
    }
  });
});
