/** What a shared document says, in one form whatever format it came in. */
import type { Ioc } from '../../protocol/index.ts';

/** An indicator somebody vouches for, with what the document says about it. */
export interface SharedIndicator extends Ioc {
  /** JSON pointer of the object or attribute it stands in. */
  locator: string;
  /** False when the pattern needs more than this to hold: then it must not be matched by itself. */
  sufficient: boolean;
  name?: string;
  first_seen?: string;
  /** No longer meant to be used after this. */
  valid_until?: string;
  malware: string[];
  /** Current ATT&CK ids. */
  techniques: string[];
}

/** A named thing of a document: a technique, a group, a piece of software. */
export interface Named {
  name: string;
  locator: string;
}

/** One document, read. */
export interface Intelligence {
  format: 'stix' | 'misp';
  /** Its objects by type. */
  objects: Record<string, number>;
  indicators: SharedIndicator[];
  /** Observed things nobody vouches for as hostile: context, files seen, addresses resolved. */
  observed: (Ioc & { locator: string })[];
  techniques: { id: string; locator: string; revoked?: string }[];
  groups: Named[];
  software: Named[];
  /** Who wrote it, as it claims. */
  producer: string;
  /** What was not taken over, and why. */
  rejected: { locator: string; why: string }[];
  /** The objects as they came, for a lossless export; of a MISP event those it is translated to. */
  bundle: StixBundle;
}

/** One STIX object, every property kept. */
export type StixObject = Record<string, unknown> & { type: string };

/** A bundle as it is written. */
export interface StixBundle extends Record<string, unknown> {
  type: 'bundle';
  id: string;
  objects: StixObject[];
}
