/** How many labelled sentences are mapped right by a model that never saw their report (specialists.md 3, row attack-text). */
import { test } from 'vitest';
import { attackText } from '../../score/folders/attack-text.ts';
import { describeWithData } from '../support/data.ts';
import { expectTargets } from '../support/score.ts';

describeWithData('labelled sentences', () => {
  test('reach .72 first and .88 among three, on every tenth report', async () => {
    await expectTargets(attackText, { fast: true });
  });
});
