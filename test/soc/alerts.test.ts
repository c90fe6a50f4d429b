/** Alerts: numbered, found to be the same, put in order, changed by one at a time, on every database. */
import { expect, test } from 'vitest';
import type { NewAlert } from '../../protocol/index.ts';
import { cursorOf } from '../../soc/index.ts';
import { onEveryDatabase } from '../support/soc.ts';

const by = { sub: 'user:anna', request_id: 'r-1' };
const seen: NewAlert = {
  title: 'Many failed logins',
  severity: 'high',
  source: 'wazuh',
  iocs: [
    { type: 'ip', value: '203.0.113.9' },
    { type: 'domain', value: 'evil.example' },
  ],
};
const HOUR = 3_600_000;

onEveryDatabase('alerts', (soc) => {
  test('REQ-M08: the first alert of 2026 is ALRT-2026-00001, and numbers begin anew with the year', async () => {
    const { alerts, clock } = soc();
    const first = await alerts.create(by, seen, 'refuse');
    expect(first).toMatchObject({
      is_new: true,
      alert: { alert_id: 'ALRT-2026-00001', status: 'new', occurrences: 1 },
    });
    const second = await alerts.create(by, { ...seen, title: 'Another' }, 'refuse');
    expect(second.alert.alert_id).toBe('ALRT-2026-00002');
    clock.advance(366 * 24 * HOUR);
    expect((await alerts.create(by, seen, 'refuse')).alert.alert_id).toBe('ALRT-2027-00001');
  });

  test('REQ-X12: the same title, source and indicators in another order are the same alert for 24 hours', async () => {
    const { alerts, clock, told } = soc();
    await alerts.create(by, seen, 'refuse');
    clock.advance(23 * HOUR);
    const again = { ...seen, iocs: [...(seen.iocs ?? [])].reverse() };
    await expect(alerts.create(by, again, 'refuse')).rejects.toMatchObject({
      code: 4091,
      detail: { alert_id: 'ALRT-2026-00001', occurrences: 2 },
    });
    const returned = await alerts.create(by, again, 'return');
    expect(returned).toMatchObject({ is_new: false, alert: { alert_id: 'ALRT-2026-00001', occurrences: 3 } });
    expect(returned.alert.last_seen_at).toBe('2026-01-01T23:00:00.000Z');
    clock.advance(2 * HOUR);
    expect((await alerts.create(by, again, 'refuse')).alert.alert_id).toBe('ALRT-2026-00002');
    expect(told.map(([what]) => what)).toEqual([
      'alert.created',
      'alert.seen_again',
      'alert.seen_again',
      'alert.created',
    ]);
  });

  test('the id that its source gives decides before what it looks like', async () => {
    const { alerts } = soc();
    await alerts.create(by, { ...seen, external_id: 'w-1' }, 'refuse');
    const same = { ...seen, external_id: 'w-1', title: 'Told in other words' };
    await expect(alerts.create(by, same, 'refuse')).rejects.toMatchObject({ code: 4091 });
    const other = await alerts.create(by, { ...seen, external_id: 'w-2' }, 'refuse');
    expect(other.is_new).toBe(true);
    expect((await alerts.create(by, { ...same, source: 'suricata' }, 'refuse')).is_new).toBe(true);
  });

  test('what its source calls the same counts before a newer one that looks alike', async () => {
    const { alerts } = soc();
    const { alert } = await alerts.create(by, { ...seen, title: 'Told in other words', external_id: 'w-1' }, 'refuse');
    await alerts.create(by, seen, 'refuse');
    const again = await alerts.create(by, { ...seen, external_id: 'w-1' }, 'return');
    expect(again.alert).toMatchObject({ alert_id: alert.alert_id, occurrences: 2 });
  });

  test('of two equal alerts that come at once, one is new and the other is counted', async () => {
    const { alerts } = soc();
    const both = await Promise.all([alerts.create(by, seen, 'return'), alerts.create(by, seen, 'return')]);
    expect(both.map(({ is_new }) => is_new).sort()).toEqual([false, true]);
    expect((await alerts.get('ALRT-2026-00001')).occurrences).toBe(2);
  });

  test('REQ-T13: of a bulk each alert is answered by itself, in its place', async () => {
    const { alerts } = soc();
    const outcomes = await alerts.createMany(by, [seen, { title: 'no severity' }, seen, { ...seen, title: 'Other' }]);
    expect(outcomes).toMatchObject([
      { index: 0, status: 'created', alert_id: 'ALRT-2026-00001' },
      {
        index: 1,
        status: 'refused',
        error: { code: 'AURORA-4220', message: expect.stringMatching(/^Validation failed: \//) as string },
      },
      { index: 2, status: 'duplicate', alert_id: 'ALRT-2026-00001', occurrences: 2 },
      { index: 3, status: 'created', alert_id: 'ALRT-2026-00002' },
    ]);
  });

  test.each(['-created_at', 'created_at', '-last_seen_at', '-severity'] as const)(
    'REQ-T06: pages sorted by %s follow one another without hole or repetition',
    async (sort) => {
      const { alerts, clock } = soc();
      const severities = ['low', 'critical', 'info', 'high', 'medium'] as const;
      for (let nth = 0; nth < 23; nth++) {
        await alerts.create(by, { ...seen, title: `A ${nth}`, severity: severities[nth % 5] ?? 'low' }, 'refuse');
        if (nth % 3 === 0) clock.advance(1_000);
      }
      const whole = await alerts.list({ limit: 200, sort });
      const paged: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await alerts.list({ limit: 7, sort, cursor });
        paged.push(...page.items.map(({ alert_id }) => alert_id));
        if (page.next_cursor === null) break;
        cursor = page.next_cursor;
      }
      expect(paged).toEqual(whole.items.map(({ alert_id }) => alert_id));
      expect(new Set(paged).size).toBe(23);
    },
  );

  test('a page of long alerts is short, and the next one goes on behind it', async () => {
    const { alerts } = soc();
    const raw_log = 'x'.repeat(1_000_000);
    for (let nth = 0; nth < 6; nth++) await alerts.create(by, { ...seen, title: `Long ${nth}`, raw_log }, 'refuse');
    const first = await alerts.list({ limit: 50, sort: 'created_at' });
    const second = await alerts.list({ limit: 50, sort: 'created_at', cursor: first.next_cursor ?? undefined });
    expect([first.items.length, second.items.length, second.next_cursor]).toEqual([4, 2, null]);
    expect(second.items[0]?.title).toBe('Long 4');
  });

  test('ATK-H8: a cursor that was changed, or comes from another list, is 4220', async () => {
    const { alerts } = soc();
    for (let nth = 0; nth < 3; nth++) await alerts.create(by, { ...seen, title: `A ${nth}` }, 'refuse');
    const { next_cursor } = await alerts.list({ limit: 1, sort: '-created_at' });
    const cursor = next_cursor ?? '';
    const refusal = { code: 4220, detail: { issues: [{ path: '/cursor' }] } };
    for (const bad of [`x${cursor}`, cursor.slice(0, -1), '', '....', 'bnVsbA.0000000000000000']) {
      await expect(alerts.list({ limit: 1, sort: '-created_at', cursor: bad })).rejects.toMatchObject(refusal);
    }
    await expect(alerts.list({ limit: 1, sort: 'created_at', cursor })).rejects.toMatchObject(refusal);
    expect((await alerts.list({ limit: 1, sort: '-created_at', cursor })).items).toHaveLength(1);
  });

  test('ATK-H8: whoever computes the checks of a cursor still names a place of the shape that the list is sorted by, or is 4220', async () => {
    const { alerts, audit, keys, users } = soc();
    await alerts.create(by, seen, 'refuse');
    const refusal = { code: 4220, detail: { issues: [{ path: '/cursor' }] } };
    const none = [undefined, undefined, undefined, undefined, undefined, undefined];
    const bad = [[], ['x', 'y'], [1], ['1', '2'], [0, 1.5], [0, -1], [0, 1e308], [0, 1, 2], ['\u0000', 3], ['2026', 3]];
    for (const sort of ['-created_at', 'created_at', '-last_seen_at', '-severity'] as const) {
      for (const place of bad) {
        const cursor = cursorOf(['alerts', ...none, sort], place);
        await expect(alerts.list({ limit: 1, sort, cursor })).rejects.toMatchObject(refusal);
      }
    }
    for (const place of [[], ['x'], [5], ['\u0000'], [1, 2], [-1]]) {
      if (place[0] !== 5) {
        const cursor = cursorOf(['audit', undefined, undefined], place);
        await expect(audit.list({ limit: 1, cursor })).rejects.toMatchObject(refusal);
      }
      const of_keys = cursorOf(['keys', undefined], place);
      await expect(keys.list({ limit: 1, cursor: of_keys })).rejects.toMatchObject(refusal);
      const of_users = cursorOf(['users', undefined], place);
      await expect(users.list({ limit: 1, cursor: of_users })).rejects.toMatchObject(refusal);
    }
    const whole = cursorOf(['alerts', ...none, '-severity'], [4, 1]);
    expect((await alerts.list({ limit: 1, sort: '-severity', cursor: whole })).items).toHaveLength(1);
  });

  test('a change names its version; a stale one is 4120 and changes nothing', async () => {
    const { alerts, audit } = soc();
    const { alert } = await alerts.create(by, seen, 'refuse');
    const changed = await alerts.update(by, alert.alert_id, { severity: 'critical', status: 'triaged' }, 1);
    expect(changed).toMatchObject({ severity: 'critical', status: 'triaged', version: 2 });
    await expect(alerts.update(by, alert.alert_id, { title: 'x' }, 1)).rejects.toMatchObject({ code: 4120 });
    expect((await alerts.get(alert.alert_id)).title).toBe(seen.title);
    const { items } = await audit.list({ limit: 10 });
    expect(items.map(({ action, actor, request_id }) => [action, actor, request_id])).toEqual([
      ['alert.update', 'user:anna', 'r-1'],
      ['alert.create', 'user:anna', 'r-1'],
    ]);
  });

  test('ATK-D3: a closed alert is taken up again before anything else, and nothing becomes new again', async () => {
    const { alerts } = soc();
    const { alert } = await alerts.create(by, seen, 'refuse');
    const become = (status: 'new' | 'resolved' | 'triaged' | 'investigating') =>
      alerts.update(by, alert.alert_id, { status });
    await become('resolved');
    await expect(become('triaged')).rejects.toMatchObject({ code: 4220 });
    await expect(become('new')).rejects.toMatchObject({ code: 4220 });
    expect(await become('investigating')).toMatchObject({ status: 'investigating' });
  });

  test('REQ-E019: the first who acknowledges stays named', async () => {
    const { alerts } = soc();
    const { alert } = await alerts.create(by, seen, 'refuse');
    const first = await alerts.acknowledge(by, alert.alert_id);
    expect(first).toMatchObject({ acknowledged: true, acknowledged_by: 'user:anna', version: 2 });
    expect(await alerts.acknowledge({ sub: 'user:bert' }, alert.alert_id)).toEqual(first);
    await expect(alerts.acknowledge(by, 'ALRT-2026-99999')).rejects.toMatchObject({ code: 4042 });
  });

  test('of two who acknowledge in the same moment one does: one version, one line of audit, one event', async () => {
    const { alerts, audit, told } = soc();
    const { alert } = await alerts.create(by, seen, 'refuse');
    const [one, other] = await Promise.all([
      alerts.acknowledge(by, alert.alert_id),
      alerts.acknowledge({ sub: 'user:bert' }, alert.alert_id),
    ]);
    expect(one).toMatchObject({ acknowledged: true, version: 2 });
    expect(other).toEqual(one);
    const { items } = await audit.list({ limit: 10 });
    expect(items.filter(({ action }) => action === 'alert.acknowledge')).toHaveLength(1);
    expect(told.filter(([what]) => what === 'alert.acknowledged')).toHaveLength(1);
  });
});
