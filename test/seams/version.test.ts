/** One version: the package's, read where it is written. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defineAgent } from '../../mesh/index.ts';
import { ABOUT } from '../../orchestrator/index.ts';
import { rangeOf, VERSION } from '../../seams/index.ts';

const about = { id: 'ada', name: 'Ada', description: 'Looks.', skills: [] };

test('the orchestrator and whoever names no version of its own are told at that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect([VERSION, ABOUT.version, defineAgent(about).version]).toEqual([version, version, version]);
  expect(defineAgent({ ...about, version: '7' }).version).toBe('7');
  expect(rangeOf('nobody-of-this-name')).toBe('*');
});
