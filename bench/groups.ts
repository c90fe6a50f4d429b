/** All groups of rows, in the order in which they are measured. */
import type { Group } from './kit.ts';
import { latency } from './rows/latency.ts';
import { throughput } from './rows/throughput.ts';

export const GROUPS: readonly Group[] = [throughput, latency];
