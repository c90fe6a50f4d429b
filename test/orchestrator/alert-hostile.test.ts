/** Alerts that somebody made so that they hold everything up, or hide what lies beside them. */
import { expect, test } from 'vitest';
import { readAlerts } from '../../orchestrator/alert-input.ts';
import { expectProportion } from '../support/growth.ts';

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

const ALERT = { title: 'x', severity: 'high', createdDateTime: '2026-11-20T10:00:00Z' };
const fieldsOf = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, nth) => [`k${nth}`, 1]));
const elements = (count: number, each: object) => Array.from({ length: count }, () => each);

test.each<[string, number, (size: number) => unknown]>([
  [
    'an element with many fields beside many that are read',
    4_800,
    (size) => ({
      ...ALERT,
      evidence: [
        { ipAddress: '192.0.2.9', ...fieldsOf(size) },
        ...elements(size / 40, { ipAddress: '192.0.2.9', url: 'u' }),
      ],
    }),
  ],
  ['an alert with many fields', 12_000, (size) => ({ ...ALERT, ...fieldsOf(size) })],
  [
    'many elements, of which some are read',
    120,
    (size) => ({ ...ALERT, evidence: elements(size, { ipAddress: '192.0.2.9', ...fieldsOf(40) }) }),
  ],
  ['many alerts', 500, (size) => elements(size, { ...ALERT, evidence: [{ ipAddress: '192.0.2.9', a: 1 }] })],
  [
    'lists in lists',
    500,
    (size) => elements(size, { alerts: [{ findings: [{ incidents: [ALERT] }] }], nextLink: 'x', value: [1] }),
  ],
])('%s are read in proportion to their size', async (_how, length, make) => {
  await expectProportion('x', length, async (text) => {
    expect((await readAlerts(bytesOf(JSON.stringify(make(text.length))))).alerts).not.toHaveLength(0);
  });
});
