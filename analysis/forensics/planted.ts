/** The positive control of an artefact: one of the same kind whose entry the same judge must find (specialists.md 5). */
import type { Artifact } from './artifact.ts';

/** What it is called and says; undefined for a kind that no rule speaks about. */
export function plantedLike(artifact: Artifact, name: string): { name: string; artifact: Artifact } | undefined {
  switch (artifact.kind) {
    case 'history': {
      const entries = [{ command: COMMAND, line: 1, time: null }];
      return { name, artifact: { ...artifact, history: { ...artifact.history, entries } } };
    }
    case 'lnk': {
      const lnk = { ...artifact.lnk, local_path: 'C:\\Windows\\System32\\cmd.exe', arguments: `/c ${COMMAND}` };
      return { name, artifact: { ...artifact, lnk } };
    }
    case 'prefetch': {
      const prefetch = { ...artifact.prefetch, executable: 'X.EXE', filenames: ['\\USERS\\A\\DOWNLOADS\\X.EXE'] };
      return { name, artifact: { ...artifact, prefetch } };
    }
    case 'log': {
      const text = LINES[artifact.log.format];
      if (text === undefined) return undefined;
      const log = {
        ...artifact.log,
        directives: [{ line: 1, text: FIELDS }],
        records: [{ line: 2, time: null, text }],
      };
      return { name, artifact: { ...artifact, log } };
    }
    case 'utmp': {
      const [first] = artifact.records;
      if (!first || !/btmp/i.test(name)) return undefined;
      const records = Array.from({ length: FAILURES }, () => ({ ...first, host: 'planted.example' }));
      return { name, artifact: { ...artifact, records } };
    }
    case 'unsupported':
      return undefined;
  }
}

const COMMAND = 'vssadmin delete shadows /all /quiet';
const ACCOUNT = 'useradd[1]: new user: name=planted, UID=0, GID=0, home=/root, shell=/bin/bash';
const LINES: Partial<Record<Extract<Artifact, { kind: 'log' }>['log']['format'], string>> = {
  'iis-w3c': "2026-01-01 00:00:00 192.0.2.1 GET /a id=1'+union+select+1,2,3--+- 200",
  syslog: `Jan  1 00:00:00 planted ${ACCOUNT}`,
};
const FIELDS = '#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status';
const FAILURES = 100;
