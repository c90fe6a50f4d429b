/** Where things lie in the data folder; the same folders are the mount points of the compose file. */
import { dirname, join } from 'node:path';

/** The paths below one data folder. */
export interface DataFolder {
  /** One folder a key, so that one process can be given exactly one. */
  keyFolder(id: string): string;
  keyFile(id: string): string;
  pins: string;
  quarantine: string;
  /** What each agent was approved to offer. */
  offers: string;
  blobs: string;
  /** One file an agent each: outcomes it keeps, and what it did to the world. */
  inbox: string;
  actions: string;
  /** The folder of the ledger, and the database in it. */
  ledgerFolder: string;
  ledger: string;
  /** Signed statements about the ledger; best shipped to where this machine cannot write. */
  anchors: string;
  /** Copies of the database, made while work went on. */
  backups: string;
  /** Folder of the keys that sign access tokens, and where a first password waits for whoever may read it. */
  apiKeys: string;
  firstAdmin: string;
  /** The session of whoever signed in here with `aurora login`. */
  login: string;
  /** Folder of the turns in which commands change that. */
  loginTurns: string;
  /** Where the orchestrator that runs on this folder says how to reach it. */
  running: string;
  /** What quiet processes say. */
  logs: string;
}

/** The places below `data`. */
export function placeOf(data: string): DataFolder {
  const keyFolder = (id: string) => join(data, 'keys', id.replace(':', '-'));
  return {
    keyFolder,
    keyFile: (id) => join(keyFolder(id), 'key.pem'),
    pins: join(data, 'pins', 'pins.json'),
    quarantine: join(data, 'pins', 'quarantine.json'),
    offers: join(data, 'pins', 'offers.json'),
    blobs: join(data, 'blobs'),
    inbox: join(data, 'inbox'),
    actions: join(data, 'actions'),
    ledgerFolder: join(data, 'ledger'),
    ledger: join(data, 'ledger', 'ledger.db'),
    anchors: join(data, 'ledger', 'anchors.jsonl'),
    backups: join(data, 'backups'),
    apiKeys: join(data, 'api'),
    firstAdmin: join(data, 'first-admin-password'),
    login: join(data, 'login.json'),
    loginTurns: join(data, 'login-turns'),
    running: join(data, 'running.json'),
    logs: join(data, 'logs'),
  };
}

/** Folder of the turns in which those files beside each other are changed that say who is known: one for all of them. */
export const turnsBeside = (path: string): string => join(dirname(path), 'turns');
