/** An owner of a link that remembers what it was told, so that a test can wait for it. */
import type { Link, LinkOwner } from '../../mesh/link.ts';

export interface Recorder extends LinkOwner {
  texts: string[];
  drains: number;
  closed: Promise<{ code: number; reason: string }>;
  ended: { code: number; reason: string } | undefined;
  /** Resolves when that many texts came. */
  count(wanted: number): Promise<void>;
}

/** Attaches a recorder to the link; `onText` may do more. */
export function record(link: Link, onText: (text: string) => void = () => {}): Recorder {
  let settle: (ending: { code: number; reason: string }) => void = () => {};
  const waiting: { wanted: number; resolve: () => void }[] = [];
  const recorder: Recorder = {
    texts: [],
    drains: 0,
    ended: undefined,
    closed: new Promise((resolve) => (settle = resolve)),
    count: (wanted) =>
      new Promise((resolve) => (recorder.texts.length >= wanted ? resolve() : waiting.push({ wanted, resolve }))),
    onText(text) {
      recorder.texts.push(text);
      for (const waiter of waiting) if (recorder.texts.length >= waiter.wanted) waiter.resolve();
      onText(text);
    },
    onDrain: () => {
      recorder.drains += 1;
    },
    onClose(code, reason) {
      if (recorder.ended) throw new Error('closed twice');
      recorder.ended = { code, reason };
      settle(recorder.ended);
    },
  };
  link.attach(recorder);
  return recorder;
}
