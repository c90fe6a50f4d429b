/** What a person says to approve just the card that they saw. */
import type { Offer } from '../protocol/index.ts';
import { digestOf } from './canonical.ts';

/** 16 hex digits over all that counts of a card (ATK-E3). */
export const cardDigestOf = (offer: Offer): string => digestOf(offer).slice(0, DIGEST_CHARS);

const DIGEST_CHARS = 16;
