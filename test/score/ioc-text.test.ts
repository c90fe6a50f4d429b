/** Precision and recall on vendors' reports with known indicators (specialists.md 3, row ioc-text). */
import { test } from 'vitest';
import { iocText } from '../../score/folders/ioc-text.ts';
import { describeWithData } from '../support/data.ts';
import { expectTargets } from '../support/score.ts';

describeWithData('vendor reports', () => {
  test('each type reaches .98 in precision and recall; no reference, network or file is flagged', async () => {
    await expectTargets(iocText);
  });
});
