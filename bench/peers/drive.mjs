/** A closed loop of calls: as many in flight as said, for as long as said, every answer checked and timed. */
import { check } from './reference.mjs';

/** Ends early once the calls only fail, or so many were answered as were asked for. */
export async function drive(call, { in_flight, ms, answers_max = Infinity }) {
  const latencies = [];
  const errors = [];
  const began = performance.now();
  const end = began + ms;
  const ask = async () => {
    for (;;) {
      const asked = performance.now();
      if (asked >= end || errors.length > ERRORS_MAX || latencies.length >= answers_max) return;
      try {
        check(await call());
        latencies.push(performance.now() - asked);
      } catch (reason) {
        errors.push(String(reason?.message ?? reason));
      }
    }
  };
  await Promise.all(Array.from({ length: in_flight }, ask));
  const took_ms = performance.now() - began;
  latencies.sort((left, right) => left - right);
  const at = (share) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  return {
    answers: latencies.length,
    errors: errors.length,
    ...(errors[0] !== undefined && { first_error: errors[0] }),
    ms: took_ms,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
  };
}

const ERRORS_MAX = 100;
