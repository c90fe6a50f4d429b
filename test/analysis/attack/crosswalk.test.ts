/** ATT&CK in two versions: ids of any age lead to today's technique, and only then are two compared. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  ATTACK_VERSION,
  crosswalk,
  currentTactics,
  isSameTechnique,
  parentOf,
  techniqueOf,
  techniques,
} from '../../../analysis/attack/index.ts';
import { conclude } from '../../../analysis/verdict/index.ts';
import { Technique } from '../../../protocol/index.ts';
import { dataJson, dataPath, describeWithData } from '../../support/data.ts';

test('an id that was revoked leads to the one that stands for it', () => {
  expect(crosswalk('T1562.002')).toMatchObject({
    technique: { id: 'T1685.001', attack_version: '19' },
    revoked: 'T1562.002',
  });
  expect(crosswalk('attack.t1086')).toMatchObject({ technique: { id: 'T1059.001' }, revoked: 'T1086' });
  expect(crosswalk('t1059.001')).toEqual({ technique: techniqueOf('T1059.001') });
  expect(crosswalk('T9999')).toBeUndefined();
  expect(crosswalk('attack.defense-evasion')).toBeUndefined();
});

test('a part that was dropped leads to its whole', () => {
  expect(crosswalk('T1053.004')).toMatchObject({ technique: { id: 'T1053' }, revoked: 'T1053.004' });
});

test('techniques are compared by what they mean today', () => {
  expect(isSameTechnique('T1562.002', 'T1685.001')).toBe(true);
  expect(isSameTechnique('T1059.001', 'T1059.003')).toBe(false);
  expect(isSameTechnique('T1059.001', 'T1059.003', 'parent')).toBe(true);
  expect(isSameTechnique('T1562.001', 'T1685.005', 'parent')).toBe(true);
  expect(isSameTechnique('T9999', 't9999')).toBe(true);
  expect(parentOf('T1059')).toBe('T1059');
});

test('a technique is named as its version named it', () => {
  expect(techniqueOf('T1562.002', '18.1')).toMatchObject({
    name: 'Disable Windows Event Logging',
    attack_version: '18.1',
  });
  expect(techniqueOf('T1562.002')).toBeUndefined();
  expect(techniqueOf('T1685.001', '18.1')).toBeUndefined();
  expect(techniqueOf('T1027', '18.1')?.tactics).toEqual(['defense-evasion']);
  expect(techniqueOf('T1027')?.tactics).toEqual(['stealth']);
  expect(currentTactics('defense-evasion')).toEqual(['stealth', 'defense-impairment']);
  expect(techniqueOf('T0855')).toMatchObject({ name: 'Unauthorized Command Message', attack_version: '18.1' });
});

test('every technique in the table has a name, a tactic and an id that results may carry', () => {
  const all = techniques();
  expect(all.length).toBeGreaterThan(900);
  expect(all.filter(({ name, tactics }) => name === '' || tactics.length === 0)).toEqual([]);
  expect(all.filter(({ id }) => !Technique.shape.id.safeParse(id).success)).toEqual([]);
});

test('a verdict tells old and new ids of one technique once, with the version, and says what nobody knows', () => {
  const evidence = [{ source: 'log', locator: 'line 1', excerpt: 'x' }];
  const { techniques: told, not_checked } = conclude({
    subject: 'The log',
    findings: [],
    techniques: ['T1562.002', 'T1685.001', 'T9998'].map((id) => ({ id, evidence })),
    checked: [],
  });
  expect(told.map(({ id, attack_version, evidence: shown }) => [id, attack_version, shown.length])).toEqual([
    ['T1685.001', ATTACK_VERSION, 2],
  ]);
  expect(not_checked).toEqual([
    { what: 'techniques T9998', why: 'neither ATT&CK v19 nor an older version knows them' },
  ]);
});

describeWithData('the tables of MITRE', () => {
  test('all 201 revoked ids lead where MITRE says', () => {
    const { map } = z.object({ map: z.record(z.string(), z.string()) }).parse(dataJson('attack', 'crosswalk.json'));
    expect(Object.keys(map)).toHaveLength(201);
    for (const [old, current] of Object.entries(map)) {
      // Some of mobile were revoked for ids that were dropped later: their own table does not hold them any more.
      const { technique } = crosswalk(old) ?? {};
      if (technique) expect([current, parentOf(current)], old).toContain(technique.id);
    }
    const enterprise = Object.keys(map).filter((old) => techniqueOf(old, '18.1'));
    expect(enterprise.length).toBeGreaterThan(10);
    expect(enterprise.filter((old) => crosswalk(old)?.technique.id !== map[old])).toEqual([]);
  });

  test('every enterprise technique of v18.1 is named as there', () => {
    const file = gunzipSync(readFileSync(dataPath('attack', 'attack-v18.1.json.gz'))).toString('utf8');
    const Row = z.object({ id: z.string(), name: z.string(), tactics: z.array(z.string()) });
    const Table = z.object({ techniques: z.array(Row) });
    const { enterprise, ics } = z.object({ enterprise: Table, ics: Table }).parse(JSON.parse(file));
    for (const { id, name, tactics } of [...enterprise.techniques, ...ics.techniques]) {
      const known = techniqueOf(id, '18.1');
      expect([known?.name, [...(known?.tactics ?? [])].sort()], id).toEqual([name, tactics.sort()]);
    }
  });
});
