/** The desk, called as a peer calls it. */
import { expect, test } from 'vitest';
import { securityAnalyst } from '../../agents/security-analyst.ts';
import { callerOf } from '../support/caller.ts';

const { call, steps } = callerOf(securityAnalyst);

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of securityAnalyst.skills) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(await call(id, example)).toEqual(await call(id, example));
  }
  expect(new Set(steps)).toEqual(
    new Set(['triage alert', 'correlate alerts', 'deduplicate alerts', 'assess indicators']),
  );
});

test('the two alerts of the example are one incident, over one user spelt in two ways', async () => {
  const [example] = securityAnalyst.skills[1]!.examples!;
  expect(await call('correlate_alerts', example)).toMatchObject({
    verdict: 'malicious',
    incidents: [{ alert_ids: ['A-1', 'A-2'], shared: [{ type: 'user', value: 'anna' }] }],
    data_versions: { attack: '19' },
  });
});

test('no alerts, too many, a severity that is none and a doubled id are refused or said', async () => {
  const alerts = Array.from({ length: 5_001 }, (_, nth) => ({ alert_id: `a${nth}` }));
  await expect(call('correlate_alerts', { alerts: [] })).rejects.toMatchObject({ code: -32602 });
  await expect(call('correlate_alerts', { alerts })).rejects.toMatchObject({ code: -32602 });
  await expect(call('triage_alert', { alert: { alert_id: 'a', severity: 'bad' } })).rejects.toMatchObject({
    code: -32602,
  });
  const doubled = await call('correlate_alerts', { alerts: [{ alert_id: 'a' }, { alert_id: 'a' }] });
  expect(JSON.stringify(doubled)).toContain('another alert of the same id');
});

test('five thousand alerts of one host fit into one answer', async () => {
  const alerts = Array.from({ length: 5_000 }, (_, nth) => ({
    alert_id: `a${nth}`,
    title: 'x'.repeat(400),
    severity: 'high',
    host: nth % 2 === 0 ? 'one' : `h${nth}`,
  }));
  for (const method of ['correlate_alerts', 'deduplicate_alerts']) {
    expect(JSON.stringify(await call(method, { alerts })).length).toBeLessThan(4_000_000);
  }
});
