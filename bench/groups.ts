/** All groups of rows, in the order in which they are measured. */
import type { Group } from './kit.ts';
import { agents } from './rows/agents.ts';
import { events } from './rows/events.ts';
import { latency } from './rows/latency.ts';
import { payload } from './rows/payload.ts';
import { rest } from './rows/rest.ts';
import { sigma } from './rows/sigma.ts';
import { starting } from './rows/starting.ts';
import { stored } from './rows/stored.ts';
import { streams } from './rows/streams.ts';
import { throughput } from './rows/throughput.ts';

export const GROUPS: readonly Group[] = [
  throughput,
  latency,
  agents,
  stored,
  payload,
  events,
  rest,
  streams,
  starting,
  sigma,
];
