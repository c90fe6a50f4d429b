/** A link with somebody in the middle: sees every frame that comes, and may rewrite what comes and goes. */
import type { Link } from '../../mesh/index.ts';
import { overLink } from '../../mesh/link.ts';

/** A frame as JSON has it. */
export type Frame = Record<string, unknown>;

/** What the one in the middle does. `said` answers what is sent instead: another frame, or undefined for none. */
export interface Taps {
  heard?: (frame: Frame) => void;
  said?: (frame: Frame) => Frame | undefined;
  /** What is heard instead: another frame, or undefined for none. */
  misheard?: (frame: Frame) => Frame | undefined;
  /** This end closes. */
  closing?: (code: number) => void;
}

/** The same link, tapped. Batches pass untouched. */
export function tapped(link: Link, { heard, said, misheard, closing }: Taps): Link {
  return overLink(link, {
    attach: (owner) =>
      link.attach({
        onText(text) {
          if (!text.startsWith('[')) heard?.(JSON.parse(text) as Frame);
          if (!misheard || text.startsWith('[')) owner.onText(text);
          else {
            const frame = misheard(JSON.parse(text) as Frame);
            if (frame) owner.onText(JSON.stringify(frame));
          }
        },
        onDrain: () => owner.onDrain?.(),
        onClose: (code, reason) => owner.onClose(code, reason),
      }),
    send(text) {
      const frame = said && !text.startsWith('[') ? said(JSON.parse(text) as Frame) : undefined;
      if (!said || text.startsWith('[')) link.send(text);
      else if (frame) link.send(JSON.stringify(frame));
    },
    close(code, reason) {
      closing?.(code);
      link.close(code, reason);
    },
  });
}
