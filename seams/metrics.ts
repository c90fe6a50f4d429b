/** Counters, gauges and histograms, read as Prometheus text. */
import type { Counter, Gauge, Histogram } from 'prom-client';

/** Labels of one sample; values come from small closed sets, never from a caller's text. */
export type Labels = Readonly<Record<string, string>>;

/** What anybody may count with. A metric is made on first use; its label names are those of that use. */
export interface Metrics {
  count(name: string, labels?: Labels, by?: number): void;
  gauge(name: string, value: number, labels?: Labels): void;
  observe(name: string, value: number, labels?: Labels): void;
  /** Everything as Prometheus text. */
  text(): Promise<string>;
}

/** The real metrics; every name gets the prefix `aurora_`. The library is loaded here: who only asks counts nothing. */
export async function promMetrics(): Promise<Metrics> {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'aurora_' }); // memory, and the lag of the event loop (FLT-X33)
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  const about = (name: string, labels: Labels) => ({
    name: `aurora_${name}`,
    help: name.replaceAll('_', ' '),
    labelNames: Object.keys(labels),
    registers: [registry],
  });

  return {
    count(name, labels = {}, by = 1) {
      let counter = counters.get(name);
      if (!counter) counters.set(name, (counter = new Counter(about(name, labels))));
      counter.inc(labels, by);
    },
    gauge(name, value, labels = {}) {
      let gauge = gauges.get(name);
      if (!gauge) gauges.set(name, (gauge = new Gauge(about(name, labels))));
      gauge.set(labels, value);
    },
    observe(name, value, labels = {}) {
      let histogram = histograms.get(name);
      if (!histogram)
        histograms.set(name, (histogram = new Histogram({ ...about(name, labels), buckets: BUCKETS_MS })));
      histogram.observe(labels, value);
    },
    text: () => registry.metrics(),
  };
}

/** Metrics that can be asked, for tests; `silentMetrics` when nobody asks. */
export function countingMetrics(): Metrics & { of(name: string): number } {
  const values = new Map<string, number>();
  return {
    count: (name, _labels, by = 1) => void values.set(name, (values.get(name) ?? 0) + by),
    gauge: (name, value) => void values.set(name, value),
    observe: (name) => void values.set(name, (values.get(name) ?? 0) + 1),
    text: async () => [...values].map(([name, value]) => `aurora_${name} ${value}`).join('\n'),
    of: (name) => values.get(name) ?? 0,
  };
}

const BUCKETS_MS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];
