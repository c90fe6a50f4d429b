/** A link that misbehaves by a seed: the same seed and the same clock give the same faults (promises.md D6, D11). */
import type { Clock, Random } from '../seams/index.ts';
import type { Link } from './link.ts';
import type { MemoryLinkOptions, Road } from './memory.ts';
import { linkPair } from './memory.ts';

/** Which faults, as probabilities per frame in 0..1. What is left out never happens. */
export interface LinkFaults {
  /** Least and most time a frame travels, ms. */
  delay_ms?: readonly [number, number];
  /** The frame is lost and the link lives: a misbehaving middle, for TCP does not do this. */
  loss?: number;
  /** The frame arrives twice. */
  duplicate?: number;
  /** The frame may be overtaken by later ones, and overtake earlier ones. */
  reorder?: number;
  /** The connection is gone with this frame; the ends learn it (1006) at times of their own. */
  cut?: number;
}

/** What a simulated pair needs: its clock moves it, its randomness decides. */
export interface SimulatedLinkOptions extends MemoryLinkOptions {
  clock: Clock;
  random: Random;
  faults?: LinkFaults;
}

/** A connected pair with seeded faults in both directions. */
export function simulatedLink({ random, faults = {}, ...options }: SimulatedLinkOptions): [Link, Link] {
  const { clock } = options;
  const [shortest_ms, longest_ms] = faults.delay_ms ?? [0, 0];
  // Whole ms: sums of fractions would not keep the order of equal times.
  const travel = () => Math.round(shortest_ms + random.next() * (longest_ms - shortest_ms));
  const happens = (probability = 0) => probability > 0 && random.next() < probability;

  const createRoad = (): Road => {
    let last_at = 0; // frames keep their order unless told otherwise
    const bring = (arrive: () => void) => {
      const at = clock.monotonic() + travel();
      const free = happens(faults.reorder);
      if (!free) last_at = Math.max(last_at, at);
      clock.after((free ? at : last_at) - clock.monotonic(), arrive);
    };
    return {
      carry({ arrive, lose }) {
        if (happens(faults.cut)) {
          for (const end of ends) clock.after(travel(), () => end.vanish());
        }
        if (happens(faults.loss)) {
          lose();
          return;
        }
        bring(arrive);
        if (happens(faults.duplicate)) bring(arrive);
      },
    };
  };

  const ends = linkPair(options, [createRoad(), createRoad()]);
  return ends;
}
