/** The threat-intelligence specialist, called as a peer calls it. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { threatIntel } from '../../agents/threat-intel.ts';
import { Ioc } from '../../protocol/index.ts';
import { callerOf } from '../support/caller.ts';

const { call, steps } = callerOf(threatIntel);

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of threatIntel.skills) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(JSON.stringify(await call(id, example))).toBe(JSON.stringify(await call(id, example)));
    }
  }
  expect(new Set(steps)).toEqual(
    new Set([
      'assess indicators',
      'extract and assess indicators',
      'map text to techniques',
      'enrich indicators',
      'import intelligence',
      'export a bundle',
    ]),
  );
});

test('the example of analyze_threat rests on evidence for each technique, sub-techniques among them (REQ-M09)', async () => {
  const answer = await call('analyze_threat', threatIntel.skills[0]!.examples![0]);
  expect(answer).toMatchObject({
    verdict: 'suspicious',
    severity: 'medium',
    mitre_techniques: ['T1568.002'],
  });
  const { confidence, iocs } = Judged.parse(answer);
  expect(confidence).toBeGreaterThan(0);
  expect(iocs.length).toBeGreaterThan(0);
});

test('no indicators, too many, and two texts at once are refused with the path', async () => {
  const many = Array.from({ length: 1_001 }, () => ({ type: 'ip', value: '192.0.2.1' }));
  await expect(call('analyze_threat', { alert_id: 'a', iocs: [] })).rejects.toMatchObject({ code: -32602 });
  await expect(call('analyze_threat', { alert_id: 'a', iocs: many })).rejects.toMatchObject({ code: -32602 });
  await expect(call('extract_iocs', { source: { text: 'a', base64: '' } })).rejects.toMatchObject({ code: -32602 });
});

test('text in UTF-16 and bytes that are no text are told apart', async () => {
  const base64 = Buffer.from('\ufeffC2 hxxp://192[.]0.2.9/x', 'utf16le').toString('base64');
  expect(await call('extract_iocs', { source: { base64 } })).toMatchObject({
    extracted: [{ value: 'http://192.0.2.9/x' }, {}],
  });
  const binary = Buffer.alloc(1_000).toString('base64');
  expect(await call('extract_iocs', { source: { base64: binary } })).toMatchObject({ verdict: 'inconclusive' });
});

test('a thousand generated names stay one kind of evidence, in one frame', async () => {
  const iocs = Array.from({ length: 1_000 }, (_, index) => ({
    type: 'domain',
    value: `xkqjzvwtrbpqhdfg${index}.example`,
  }));
  const answer = JSON.stringify(await call('analyze_threat', { alert_id: 'a', iocs }));
  expect(answer.length).toBeLessThan(4 * 1_048_576);
  expect(JSON.parse(answer)).toMatchObject({ confidence: 0.3, severity: 'medium' });
});

const Judged = z.object({ confidence: z.number().max(1), iocs: z.array(Ioc) });
