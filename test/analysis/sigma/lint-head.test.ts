/** What lint says of the head of a rule: slips, impossible days, tags that ATT&CK does not have or has taken back. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collect, unpack } from '../../../analysis/readers/index.ts';
import { lintSigma } from '../../../analysis/sigma/index.ts';
import { dataPath, describeWithData } from '../../support/data.ts';

const HEAD = `title: T
id: 0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c01
status: test
description: d
date: 2026-11-28
level: high
tags: [attack.t1059.001, attack.execution, cve.2026-1, car.2013-05-004]
falsepositives: [none]
logsource: {product: windows, category: process_creation}
detection:
  s: {CommandLine|contains: abcdef}
  condition: s
`;
const told = (from: string, to: string): string[] =>
  lintSigma(HEAD.replace(from, to)).map(
    ({ severity, path, message, line, column }) => `${line}:${column} ${severity} ${path}: ${message}`,
  );

test('a sound rule has no warning', () => {
  expect(told('', '')).toEqual([]);
});

test.each<[string, string, string]>([
  [
    'status: test',
    'status: bogus',
    '3:9 warning status: must be one of stable, test, experimental, deprecated, unsupported',
  ],
  [
    'status: test',
    'status: tests',
    '3:9 warning status: must be one of stable, test, experimental, deprecated, unsupported; did you mean test?',
  ],
  ['2026-11-28', '2026/13/45', '5:7 warning date: there is no such day'],
  ['2026-11-28', '2026-02-29', '5:7 warning date: there is no such day'],
  ['2026-11-28', '2026/11/28', '5:7 warning date: write it with dashes: 2026-11-28'],
  ['2026-11-28', 'yesterday', '5:7 warning date: write the day like 2026-11-30'],
  ['id: 0c8f', 'id: xc8f', '2:5 warning id: a UUID lets others refer to the rule for good'],
  ['id: 0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c01\n', '', '1:1 warning id: a UUID lets others refer to the rule for good'],
  [
    'process_creation',
    'process_creationn',
    '9:41 warning logsource.category: no category of Sigma is called process_creationn; did you mean process_creation?',
  ],
  [
    'product: windows',
    'product: windws',
    '9:22 warning logsource.product: no product of Sigma is called windws; did you mean windows?',
  ],
  [
    'product: windows',
    'product: acme',
    '9:22 warning logsource.product: no product of Sigma is called acme: only events that are called so themselves are looked at',
  ],
  [
    'category: process_creation',
    'service: securty',
    '9:40 warning logsource.service: no service of Sigma is called securty; did you mean security?',
  ],
  [
    'category: process',
    'catgory: x, category: process',
    '9:31 warning logsource.catgory: is not known of a log source; did you mean category?',
  ],
  ['attack.t1059.001', 'attack.t9999', '7:8 warning tags: attack.t9999: ATT&CK has no technique T9999'],
  [
    'attack.t1059.001',
    'attack.t1562.001',
    '7:8 warning tags: attack.t1562.001: revoked; in ATT&CK v19 it is attack.t1685 (Disable or Modify Tools)',
  ],
  [
    'attack.execution',
    'attack.defense-evasion',
    '7:26 warning tags: attack.defense-evasion: in ATT&CK v19 that tactic is stealth or defense-impairment',
  ],
  [
    'attack.execution',
    'attack.executoin',
    '7:26 warning tags: attack.executoin: ATT&CK has no such tactic; did you mean attack.execution?',
  ],
  [
    'attack.execution',
    'attack.lateral_movement',
    '7:26 warning tags: attack.lateral_movement: write attack.lateral-movement',
  ],
  [
    'attack.execution',
    'atack.execution',
    '7:26 warning tags: atack.execution: no namespace of tags is called atack; did you mean attack?',
  ],
  ['[none]', 'none', '8:17 warning falsepositives: must be a list'],
  ['description: d', 'description: d\nlevl: x', '5:1 warning levl: is no field of a rule; did you mean level?'],
  [
    '  condition: s',
    '  other: {a: bcdefg}\n  condition: s',
    '12:3 warning detection.other: is not used in the condition',
  ],
])('%s as %j is told', (from, to, warning) => {
  expect(told(from, to)).toEqual([warning]);
});

test('a condition that names what is not there is an error', () => {
  expect(told('condition: s', 'condition: s and not t')).toEqual([expect.stringMatching(/^12:\d+ error .*t/)]);
});

test('a selection that a filter does not use is told', () => {
  const filter = `---
title: F
id: 0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c02
logsource: {product: windows}
filter:
  rules: any
  a: {b: c}
  idle: {b: d}
  condition: not a
`;
  expect(lintSigma(HEAD + filter)).toMatchObject([{ line: 20, column: 3, path: 'filter.idle' }]);
});

describeWithData('every eighth rule of a pack of thousands', () => {
  test('has no error, and no slip in its head that is none', { timeout: 180_000 }, async () => {
    const found: string[] = [];
    let count = 0;
    const bytes = createReadStream(join(dataPath('sigma'), 'sigma-rules.tar.gz'));
    for await (const { name, bytes: own } of unpack({ name: 'pack', bytes })) {
      if (!name.endsWith('.yml')) continue;
      const text = (await collect(own, 1_048_576)).toString('utf8');
      if (++count % RULES_A_SAMPLE !== 0) continue;
      for (const { severity, path, message } of lintSigma(text)) {
        const is_detection = path === '' || path.startsWith('detection');
        if (severity === 'error' || !is_detection) found.push(`${name} ${path}: ${message}`);
      }
    }
    expect(count).toBe(3_777);
    expect(found).toEqual([]);
  });
});

/** All of them take half a minute. */
const RULES_A_SAMPLE = 8;
