/** The trace that a request belongs to (W3C Trace Context): the caller's, one span further, or one of its own. */
import type { IncomingHttpHeaders } from 'node:http';
import { childTraceparent, isTraceparent, newTraceparent } from '../orchestrator/index.ts';
import type { Random } from '../seams/index.ts';

/** What travels on. */
export interface Trace {
  traceparent: string;
  tracestate: string | undefined;
}

/** Reads the headers; what is malformed begins a new trace, and its state is not carried on. */
export function traceOf(headers: IncomingHttpHeaders, random: Random): Trace {
  const { traceparent: given } = headers;
  if (typeof given !== 'string' || !isTraceparent(given)) {
    return { traceparent: newTraceparent(random.bytes(24)), tracestate: undefined };
  }
  const state = [headers['tracestate'] ?? []].flat().join(',');
  const tracestate = state === '' || state.length > STATE_CHARS_MAX ? undefined : state;
  return { traceparent: childTraceparent(given, random.bytes(8)), tracestate };
}

const STATE_CHARS_MAX = 512;
