/** Groups and software whose known techniques are like those found: measured against chance, bounded, and never an attribution. */
import { expect, test } from 'vitest';
import { likenesses, mapText, profilesOf } from '../../../analysis/attack-text/index.ts';
import { judgeFile } from '../../../analysis/content/judge.ts';
import { literalContent } from '../../../seams/index.ts';

const FOUND = ['T1003.001', 'T1055', 'T1105', 'T1190'];
const profile = (id: string, ...techniques: string[]) => ({
  id,
  name: `Group ${id}`,
  type: 'group' as const,
  techniques,
});
const RARE = profile('G1', 'T1003.001', 'T1055', 'T1105', 'T1557');
const OTHERS = Array.from({ length: 24 }, (_, n) => profile(`G1${n}`, 'T1189', 'T1203', 'T1204', 'T1566'));

test('one that shares much more than chance gives is told with Jaccard, chance and base rate', () => {
  expect(likenesses(FOUND, [RARE, ...OTHERS])).toEqual([
    {
      id: 'G1',
      name: 'Group G1',
      type: 'group',
      shared: ['T1003.001', 'T1055', 'T1105'],
      known: 4,
      jaccard: 0.6,
      by_chance: 0.12,
      base_rate: 0.04,
    },
  ]);
});

test('what everybody shares, and what is shared in two techniques only, is no likeness', () => {
  expect(
    likenesses(
      FOUND,
      Array.from({ length: 9 }, (_, n) => profile(`G${n}`, ...FOUND)),
    ),
  ).toEqual([]);
  expect(likenesses(FOUND, [profile('G1', 'T1003.001', 'T1055', 'T1557'), ...OTHERS])).toEqual([]);
});

test('at most five of a type, the order of the pack changes nothing, and older ids are the current ones', () => {
  const alike = Array.from({ length: 7 }, (_, n) => profile(`G0${n}`, ...FOUND.slice(0, 3)));
  const crowd = Array.from({ length: 200 }, (_, n) => profile(`X${n}`, 'T1189', 'T1203', 'T1204'));
  const told = likenesses(FOUND, [...alike, ...crowd]);
  const few = crowd.slice(0, 40);
  expect(likenesses(FOUND, [...alike, ...few])).toEqual([]); // more than one in twenty shares as many
  expect(told.map(({ id }) => id)).toEqual(['G00', 'G01', 'G02', 'G03', 'G04']);
  expect(likenesses(FOUND, [...crowd, ...alike.toReversed()])).toEqual(told);
  const older = profile('G1', 'T1003.001', 'T1055', 'T1562.002'); // today T1685.001
  expect(likenesses(['T1003.001', 'T1055', 'T1685.001'], [older, ...OTHERS])[0]?.shared).toHaveLength(3);
});

test('a report is told what its techniques are consistent with, in a sentence that says it is no attribution', () => {
  const content = literalContent([{ name: 'attack-profiles', version: '1', data: { profiles: [RARE, ...OTHERS] } }]);
  const text = 'They used T1003.001, then T1055. Tools came by T1105. They came in by T1190.';
  const result = mapText(text, { source: 'report.txt', content });
  expect(result.consistent_with.map(({ id }) => id)).toEqual(['G1']);
  const told = result.findings.find(({ rule }) => rule === 'consistent-with');
  expect(told?.title).toContain('Consistent with the group Group G1: 3 of its 4 known techniques (Jaccard 0.6;');
  expect(told?.title).toContain('This is no attribution');
  expect(told).toMatchObject({ severity: 'info' });
  const without = mapText(text, { source: 'report.txt', content: literalContent() });
  for (const field of ['verdict', 'severity', 'confidence', 'mitre_techniques', 'arithmetic'] as const)
    expect(result[field]).toEqual(without[field]); // it weighs nothing
  expect(JSON.stringify(without.not_checked)).toContain('no content \\"attack-profiles\\" is mounted');
});

test('profiles are brought as a table of ATT&CK or as a bundle with `uses` between its objects', async () => {
  const table = { enterprise: { groups: [{ id: 'G1', name: 'One', techniques: ['T1055'] }], software: [] } };
  expect(await judgeFile('attack.json', JSON.stringify(table))).toMatchObject({
    kind: 'attack-profiles',
    entries: [{ id: 'G1', type: 'group', techniques: ['T1055'] }],
  });
  const uuid = '00000000-0000-4000-8000-00000000000';
  const bundle = {
    type: 'bundle',
    id: `bundle--${uuid}0`,
    objects: [
      { type: 'malware', id: `malware--${uuid}1`, name: 'Bad' },
      { type: 'malware', id: `malware--${uuid}4`, name: 'Unused' },
      {
        type: 'attack-pattern',
        id: `attack-pattern--${uuid}2`,
        external_references: [{ source_name: 'mitre-attack', external_id: 'T1055' }],
      },
      {
        type: 'relationship',
        relationship_type: 'uses',
        source_ref: `malware--${uuid}1`,
        target_ref: `attack-pattern--${uuid}2`,
      },
    ],
  };
  const brought = await judgeFile('bundle.json', JSON.stringify(bundle));
  expect(brought).toMatchObject({ kind: 'attack-profiles' });
  const entries = brought && 'entries' in brought ? brought.entries : [];
  expect(profilesOf({ profiles: entries })).toEqual([
    { id: `malware--${uuid}1`, name: 'Bad', type: 'software', techniques: ['T1055'] },
  ]);
  bundle.objects.pop();
  expect(await judgeFile('bundle.json', JSON.stringify(bundle))).toBeUndefined(); // nobody uses anything in it
});
