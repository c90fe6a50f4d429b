/** What of an artefact is lost: by damage, which is a fact about the artefact, and by our own bounds, which are a fact about us. */

/** Gathered while an artefact is read; both are empty for a sound one of ordinary size. */
export interface Losses {
  /** Sentences about what is damaged. */
  damage: string[];
  left: Left[];
}

/** What a bound of ours kept us from looking at. */
export interface Left {
  what: string;
  why: string;
  /** How many of the artefact's entries it leaves unread. */
  entries: number;
}
