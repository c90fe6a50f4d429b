/** The door `aurora-mesh/agent`: what whoever writes an agent may rely on, and nothing of the processes behind it. */
import { expect, test } from 'vitest';
import * as author from '../../boot/author.ts';
import * as processes from '../../boot/index.ts';

const own = (door: object) => Object.keys(door).sort();

test('it has what an agent and its test are written with', () => {
  expect(own(author)).toEqual([
    'AnalysisResult',
    'AuroraError',
    'ConfigError',
    'Ioc',
    'Severity',
    'Source',
    'Verdict',
    'WEIGHT',
    'conclude',
    'defineAgent',
    'evidence',
    'loadConfig',
    'neutralize',
    'run',
    'serveForTest',
    'skill',
  ]);
});

test('the door of the processes shares with it how configuration is read, and no more', () => {
  expect(own(processes).filter((name) => name in author)).toEqual(['ConfigError', 'loadConfig']);
});
