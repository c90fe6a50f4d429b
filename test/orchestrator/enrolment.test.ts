/** Agents that announce themselves: who may, from where, and for how long (wire.md 4, ATK-G1). */
import { beforeEach, describe, expect, test } from 'vitest';
import { assertPublicAddress, fingerprintOf, type Pin, type Principal } from '../../mesh/index.ts';
import { createEnrolment, type Enrolment } from '../../orchestrator/enrolment.ts';
import type { AgentAddress, Fleet } from '../../orchestrator/fleet.ts';
import { manualClock, memoryLog, type ManualClock } from '../../seams/index.ts';

let clock: ManualClock;
let kept: AgentAddress[];
let waiting: { id: string; public_key: string }[];
let answers: string[][];
let pinned: Pin[];
let enrolment: Enrolment;

beforeEach(() => {
  clock = manualClock();
  kept = [];
  waiting = [];
  answers = [];
  pinned = [{ id: 'ada', role: 'agent', public_key: 'key' }];
  const keep = (address: AgentAddress) => {
    kept.push(address);
    return () => void kept.splice(kept.indexOf(address), 1);
  };
  const idle = { sayGoaway: () => undefined, leave: () => undefined };
  const fleet: Fleet = { keep, instanceOf: () => undefined, status: () => [], ...idle };
  enrolment = createEnrolment({
    clock,
    log: memoryLog(),
    fleet,
    pins: { of: (id) => pinned.find((pin) => pin.id === id) },
    networks: ['fd00:1::/64'],
    quarantine: {
      places: 256,
      add: (stranger) => void waiting.push(stranger),
      drop(ids) {
        waiting = waiting.filter(({ id }) => !ids.includes(id));
        return true;
      },
      list: () => waiting,
    },
    checkAddress: (url) =>
      assertPublicAddress(url, {
        networks: ['203.0.113.0/24', '10.20.0.0/16'],
        resolve: async () => answers.shift() ?? [],
      }),
  });
});

const agent: Principal = {
  id: 'ada',
  role: 'agent',
  instance_id: 'ada-1',
  public_key: 'key',
  frame_bytes_max: 1,
  in_flight_max: 1,
  in_flight: [],
};
const URL_OK = 'ws://203.0.113.7:9100';
const register = (url: string, who: Principal = agent, ttl_ms = 15_000) =>
  enrolment.register({ agent_id: 'ada', url, ttl_ms }, who, '203.0.113.7:51512');

describe('from where', () => {
  test.each([
    'ws://127.0.0.1:9100',
    'ws://0:9100',
    'ws://0.0.0.0:9100',
    'ws://0x7f.1:9100',
    'ws://2130706433:9100',
    'ws://017700000001:9100',
    'ws://[::]:9100',
    'ws://[::1]:9100',
    'ws://[::ffff:127.0.0.1]:9100',
    'ws://[::ffff:7f00:1]:9100',
    'ws://169.254.169.254/latest/meta-data',
    'ws://100.64.0.1:9100',
    'ws://10.0.0.1:9100',
    'ws://172.16.0.1:9100',
    'ws://192.168.1.1:9100',
    'ws://[fc00::1]:9100',
    'ws://[fe80::1]:9100',
    'ws://[64:ff9b::7f00:1]:9100',
    'ws://user:secret@203.0.113.7:9100',
    'ws://203.0.113.7@127.0.0.1:9100',
    'http://203.0.113.7:9100',
    'file:///etc/passwd',
    'gopher://203.0.113.7:70',
    'ws://203.0.113.7\\@127.0.0.1:9100',
    'not a url',
    '',
  ])('%s is refused with 4220, and nothing is dialled (ATK-G1)', async (url) => {
    await expect(register(url)).rejects.toMatchObject({ code: 4220 });
    expect(kept).toEqual([]);
  });

  test.each(['localhost', 'localhost.', 'inside.example.com'])(
    'the name %s is refused when any of its addresses is not public (ATK-G1)',
    async (name) => {
      answers = [['203.0.113.7', '127.0.0.1']];
      await expect(register(`ws://${name}:9100`)).rejects.toMatchObject({ code: 4220 });
      expect(kept).toEqual([]);
    },
  );

  test('an address in a configured network is taken', async () => {
    expect(await register('ws://10.20.3.4:9100')).toMatchObject({ state: 'active' });
    expect(kept).toEqual([{ agent_id: 'ada', url: 'ws://10.20.3.4:9100', address: '10.20.3.4' }]);
  });

  test('what is dialled is the number that was checked: a second answer of the name server changes nothing (ATK-G2)', async () => {
    answers = [['203.0.113.7'], ['127.0.0.1']];
    await register('ws://ada.example.com:9100');
    expect(kept).toEqual([{ agent_id: 'ada', url: 'ws://ada.example.com:9100', address: '203.0.113.7' }]);
    await expect(register('ws://ada.example.com:9100')).rejects.toMatchObject({ code: 4220 });
    expect(kept).toHaveLength(1); // the pinned number stays until its lease is over
  });
});

describe('for how long', () => {
  test('a lease that is not renewed is over, and the link is no longer kept', async () => {
    const { renew_before } = await register(URL_OK);
    expect(renew_before).toBe('2026-01-01T00:00:15.000Z');
    clock.advance(14_999);
    expect(kept).toHaveLength(1);
    clock.advance(1);
    expect(kept).toEqual([]);
  });

  test('one that did not renew is told of as away for a day, with when and why; back, gone by itself or unpinned it is not', async () => {
    await register(URL_OK);
    expect(enrolment.away()).toEqual([]);
    clock.advance(15_001);
    const why = expect.stringMatching(/did not renew its lease, which ended at \d{4}-/) as string;
    expect(enrolment.away()).toEqual([{ agent_id: 'ada', url: URL_OK, state: 'offline', why }]);
    await register(URL_OK);
    expect(enrolment.away()).toEqual([]);
    enrolment.leave(agent);
    clock.advance(15_001);
    expect(enrolment.away()).toEqual([]);
    await register(URL_OK);
    clock.advance(15_001);
    const [pin] = pinned.splice(0);
    expect(enrolment.away()).toEqual([]);
    pinned.push(...(pin ? [pin] : []));
    await register(URL_OK);
    clock.advance(15_001 + 86_400_000);
    expect(enrolment.away()).toEqual([]);
  });

  test('one that is renewed goes on, over the same link', async () => {
    await register(URL_OK);
    for (let time = 0; time < 5; time++) {
      clock.advance(10_000);
      await register(URL_OK);
    }
    expect(kept).toHaveLength(1);
    clock.advance(15_000);
    expect(kept).toEqual([]);
    expect(clock.nextAt()).toBeUndefined();
  });

  test('a new address replaces the old one; a bad new address replaces nothing', async () => {
    await register(URL_OK);
    await expect(register('ws://127.0.0.1:1')).rejects.toMatchObject({ code: 4220 });
    expect(kept.map(({ url }) => url)).toEqual([URL_OK]);
    await register('ws://203.0.113.8:9100');
    expect(kept.map(({ url }) => url)).toEqual(['ws://203.0.113.8:9100']);
  });

  test('two registrations at once make one link', async () => {
    await Promise.all([register(URL_OK), register(URL_OK)]);
    expect(kept).toHaveLength(1);
    expect(enrolment.leave(agent)).toEqual({ left: true });
    expect(kept).toEqual([]);
  });

  test('leaving ends the lease at once; leaving twice says so', async () => {
    await register(URL_OK);
    expect(enrolment.leave(agent)).toEqual({ left: true });
    expect(enrolment.leave(agent)).toEqual({ left: false });
    expect(kept).toEqual([]);
  });

  test('a key that invents instances finds an end to leases', async () => {
    for (let nth = 0; nth < 1_024; nth++) await register(URL_OK, { ...agent, instance_id: `ada-${nth}` });
    await expect(register(URL_OK, { ...agent, instance_id: 'one more' })).rejects.toMatchObject({ code: 5030 });
    expect(await register(URL_OK)).toMatchObject({ state: 'active' }); // a renewal still goes
  });
});

describe('who', () => {
  test('nobody registers somebody else, and people are no agents', async () => {
    await expect(register(URL_OK, { ...agent, id: 'bob' })).rejects.toMatchObject({ code: 4030 });
    await expect(register(URL_OK, { ...agent, role: 'operator' })).rejects.toMatchObject({ code: 4030 });
  });

  test('a stranger that is approved needs no new hello; another key of that name stays a stranger', async () => {
    const stranger: Principal = { ...agent, role: 'stranger' };
    pinned = [];
    expect(await register(URL_OK, stranger)).toMatchObject({ state: 'quarantined' });
    pinned = [{ id: 'ada', role: 'agent', public_key: 'key' }];
    expect(await register(URL_OK, { ...stranger, public_key: 'other key' })).toMatchObject({ state: 'quarantined' });
    expect(await register(URL_OK, { ...stranger, public_key: undefined })).toMatchObject({ state: 'quarantined' });
    expect(kept).toEqual([]);
    expect(await register(URL_OK, stranger)).toMatchObject({ state: 'active' });
  });

  test('a key that nobody pinned waits in quarantine: no link, no work, and operators see it', async () => {
    pinned = [];
    const lease = await register('ws://127.0.0.1:9100', { ...agent, role: 'stranger' });
    expect(lease.state).toBe('quarantined');
    expect(waiting).toEqual([{ id: 'ada', public_key: 'key' }]);
    expect(kept).toEqual([]);
    expect(enrolment.quarantined()).toMatchObject([
      { agent_id: 'ada', state: 'quarantined', fingerprint: fingerprintOf('key') },
    ]);
    expect(enrolment.quarantined()[0]?.why).toContain(`aurora agents approve ada ${fingerprintOf('key')}`);
  });

  test('ATK-E9: one address may have 16 strangers wait, whatever its ports; others are not kept out by it', async () => {
    pinned = [];
    const knock = (id: string, remote: string) =>
      enrolment.register(
        { agent_id: id, url: URL_OK, ttl_ms: 15_000 },
        { ...agent, id, instance_id: id, role: 'stranger' },
        remote,
      );
    for (let nth = 0; nth < 16; nth++) await knock(`s${nth}`, `198.51.100.1:${50_000 + nth}`);
    await expect(knock('one-more', '198.51.100.1:40000')).rejects.toMatchObject({ code: 4290 });
    expect(await knock('s3', '198.51.100.1:40001')).toMatchObject({ state: 'quarantined' }); // waits already
    expect(await knock('honest', '198.51.100.2:40000')).toMatchObject({ state: 'quarantined' });
    waiting = waiting.filter(({ id }) => id !== 's0'); // approved, or forgotten
    expect(await knock('one-more', '198.51.100.1:40000')).toMatchObject({ state: 'quarantined' });
    // In a network of one's own many agents come at once, each from its address.
    for (let nth = 0; nth < 20; nth++) await knock(`pod-${nth}`, `[fd00:1::${nth + 1}]:50000`);
    // A household has a whole /64 of IPv6.
    for (let nth = 0; nth < 16; nth++) await knock(`v6-${nth}`, `[2001:db8:0:1::${nth + 1}]:50000`);
    await expect(knock('v6-more', '[2001:db8:0:1:ffff::1]:50000')).rejects.toMatchObject({ code: 4290 });
    expect(await knock('v6-honest', '[2001:db8:0:2::1]:50000')).toMatchObject({ state: 'quarantined' });
  });
});

test('a lease that ran out while this process stood still ends only when nobody renews it afterwards either (PROM-P12, FLT-X10)', async () => {
  await register(URL_OK);
  const monotonic = clock.monotonic.bind(clock);
  const stood_ms = 20_000; // no timer fired meanwhile: the process was stopped
  clock.monotonic = () => monotonic() + stood_ms;
  clock.advance(15_000);
  expect(kept).toHaveLength(1);
  clock.advance(14_999);
  await register(URL_OK); // what waited unread
  clock.advance(14_999);
  expect(kept).toHaveLength(1);
  clock.advance(1);
  expect(kept).toEqual([]);
});

test('a process that stands still again and again keeps no lease for ever: it is longer once, by as much as was missed', async () => {
  await register(URL_OK);
  const monotonic = clock.monotonic.bind(clock);
  let stood_ms = 4_000;
  clock.monotonic = () => monotonic() + stood_ms;
  clock.advance(15_000);
  stood_ms += 4_000;
  clock.advance(3_999);
  expect(kept).toHaveLength(1);
  clock.advance(1);
  expect(kept).toEqual([]);
});
