/** What requests hold of memory until they are answered: each link is bounded by its peer, all links of a port together here. */

/** The sum over some links. */
export interface Load {
  /** As frames weigh (`judgeFrame`). */
  bytes: number;
  readonly bytes_max: number;
}

/** Two sums, so that strangers keep nobody from working who proved a key. */
export interface PortLoad {
  readonly strangers: Load;
  readonly known: Load;
}

/** Makes those of one port: over them a request is refused with 5030. */
export const createPortLoad = (): PortLoad => ({
  strangers: { bytes: 0, bytes_max: STRANGERS_BYTES_MAX },
  known: { bytes: 0, bytes_max: KNOWN_BYTES_MAX },
});

const STRANGERS_BYTES_MAX = 33_554_432;
const KNOWN_BYTES_MAX = 67_108_864;
