/** Which version the API speaks, known from the header of every answer before a body is read (requirements.md V03, H01). */
import { VersionError, type Failed } from './errors.ts';

/** The version of one API. */
export interface VersionGate {
  /** Heeds an answer; throws VersionError for a major version that is not ours. */
  see(headers: Headers, about: Failed): void;
  /** `1.0`; undefined before the first answer. */
  readonly version: string | undefined;
  /** Whether the API is known to speak at least that one. */
  supports(wanted: string): boolean;
}

/** A gate that has seen no answer yet. */
export function createVersionGate(): VersionGate {
  let version: string | undefined;
  return {
    see(headers, about) {
      const given = headers.get('x-api-version');
      if (given === null) return; // a proxy answered
      version = given;
      const [major] = parse(given);
      if (major === MAJOR) return;
      throw new VersionError(`the API speaks ${given}, this client ${MAJOR}.x`, about);
    },
    get version() {
      return version;
    },
    supports(wanted) {
      if (version === undefined) return false;
      const [major, minor] = parse(version);
      const [wanted_major, wanted_minor] = parse(wanted);
      return major === wanted_major && minor >= wanted_minor;
    },
  };
}

function parse(version: string): [major: number, minor: number] {
  const [, major = '-1', minor = '0'] = /^(\d{1,4})(?:\.(\d{1,6}))?/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}

const MAJOR = 1;
