/** Bundles in and out, patterns told from what is none (specialists.md 3, row stix). */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exportStix, importIntel, schemasOf } from '../../analysis/stix/index.ts';
import { stix, stixSchemas } from '../../score/folders/stix.ts';
import { literalContent } from '../../seams/index.ts';
import { dataPath, describeWithData } from '../support/data.ts';
import { expectTargets } from '../support/score.ts';

describeWithData('the bundles, patterns and schemas of OASIS', () => {
  test('every bundle goes through without loss and fits, every pattern is judged right', async () => {
    await expectTargets(stix);
  });

  test('every MISP event becomes a bundle that fits the schemas and says the same when it is read again', () => {
    const pack = stixSchemas(dataPath('stix'));
    const schemas = schemasOf(pack)!;
    const content = literalContent([{ name: 'stix-schemas', version: 'data', data: pack }]);
    for (const name of readdirSync(dataPath('ioc-text', 'misp'))) {
      const text = readFileSync(dataPath('ioc-text', 'misp', name), 'utf8');
      const event = importIntel(text, { source: name, content });
      const { bundle } = exportStix({ name, text });
      expect(bundle.objects.flatMap((object) => schemas.faultOf(object) ?? [])).toEqual([]);
      const again = importIntel(JSON.stringify(bundle), { source: name, content });
      expect(again.rejected).toEqual([]);
      const values = ({ indicators }: typeof event) => new Set(indicators.map(({ type, value }) => `${type} ${value}`));
      expect(values(again)).toEqual(values(event));
      expect(new Set(again.mitre_techniques)).toEqual(new Set(event.mitre_techniques));
    }
  });

  test('a type name built to be slow is refused by the schemas in linear time (ATK-A9)', () => {
    const schemas = schemasOf(stixSchemas(dataPath('stix')))!;
    const name = `${'a'.repeat(240)}!`;
    expect(
      schemas.faultOf({ type: 'indicator', id: name, extensions: { [name]: {} }, created_by_ref: name }),
    ).toBeDefined();
    expect(schemas.faultOf({ type: 'core', id: `${name}--x`, name })).toBeDefined();
  });
});
