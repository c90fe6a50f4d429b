/** What can be done about a finding: each kind of step with its RE&CT action, what asks for it, and what it costs. */
import type { ActionClass, Severity } from '../../protocol/index.ts';

/** The stages of RE&CT in which an incident is answered, in their order; preparation lies before it. */
export const STAGES = ['identification', 'containment', 'eradication', 'recovery', 'lessons_learned'] as const;
export type Stage = (typeof STAGES)[number];

/** What a step is aimed at. */
export type Subject = 'host' | 'mail' | 'link' | 'server' | 'source' | 'address' | 'indicator' | 'account' | 'case';

/** A response action as RE&CT names it. */
export interface ReactAction {
  id: string;
  name: string;
}

/** One kind of step. */
export interface ActionKind {
  id: string;
  /** Its RE&CT action; the nearest one where RE&CT has none of its own. */
  react: ReactAction;
  /** Where it depends on what the target is: an address, a domain … */
  react_of?: Readonly<Record<string, ReactAction>>;
  stage: Stage;
  action_class: ActionClass;
  about: Subject;
  /** Recommendations of our specialists that mean it. */
  said?: RegExp;
  /** ATT&CK techniques that it answers: a finding that bears one speaks for it. */
  answers?: RegExp;
  /** Techniques that it is planned for although nobody recommends it. */
  derived?: RegExp;
  /** How grave a finding has to be for that; medium unless said. */
  derived_from?: Severity;
  /** Its words where nobody recommended it. */
  action: string;
  reason: string;
  preconditions: readonly string[];
  rollback: string;
  /** What else it concerns. */
  breaks: string;
  /** It concerns other things than its targets, and nothing found says how many. */
  is_uncounted?: boolean;
  /** What shows how it was done is lost with it. */
  destroys?: boolean;
  /** Kinds that are planned with it, for the same target, and justified by the same findings. */
  brings?: readonly string[];
  /** Kinds that are done with it in one go. */
  together?: string;
}

const HOST =
  /^T(?:1003|1014|1021|1053|1055|1068|1105|1136|1218|1485|1486|1490|1505|1542|1543|1546|1547|1558|1561|1569|1570|1574)/;
/** What an intruder does on the host itself: of tickets, logons and replication another host tells than the one it came from. */
const ACTED_THERE = /^T(?:1003(?!\.006)|1014|1055|1068|1485|1486|1490|1505|1543|1547|1561|1569|1574)/;
const MAIL = /^T(?:1566|1598|1684)/;
const WEB = /^T(?:1059\.007|1190|1110|1595)/;
const NOTHING_CHANGES = 'nothing changes: there is nothing to take back';

/** The kinds, in the order of two steps that nothing else orders. */
export const ACTIONS: readonly ActionKind[] = [
  {
    id: 'preserve_evidence',
    react: { id: 'RA2311', name: 'Collect file' },
    stage: 'identification',
    action_class: 'low',
    about: 'host',
    said: /^preserve memory and disk\b/,
    answers: HOST,
    action: 'preserve memory and disk before anything is cleaned',
    reason: 'what shows how it was done is lost with the cleaning',
    preconditions: ['a place for the copies that the intruder cannot reach', 'the hash of each copy is written down'],
    rollback: NOTHING_CHANGES,
    breaks: 'the host is slower while it is copied',
  },
  {
    id: 'collect_mail',
    react: { id: 'RA2202', name: 'Collect email message' },
    stage: 'identification',
    action_class: 'read',
    about: 'mail',
    answers: MAIL,
    action: 'keep a copy of the mail with all its headers',
    reason: 'it is the evidence, and is gone once it is deleted',
    preconditions: [],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
  {
    id: 'search_mailboxes',
    react: { id: 'RA2203', name: 'List email message receivers' },
    stage: 'identification',
    action_class: 'read',
    about: 'mail',
    said: /^Search all mailboxes\b/,
    answers: MAIL,
    derived: MAIL,
    action: 'Search all mailboxes for the same sender, subject and links',
    reason: 'A campaign rarely writes to one person',
    preconditions: [],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
  {
    id: 'search_contacts',
    react: { id: 'RA2115', name: 'List hosts communicated with external URL' },
    stage: 'identification',
    action_class: 'read',
    about: 'link',
    said: /^Search proxy and DNS logs\b/,
    answers: MAIL,
    action: 'Search proxy, DNS and flow logs for hosts that spoke with the indicators',
    reason: 'Shows who else is concerned',
    preconditions: [],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
  {
    id: 'search_access_log',
    react: { id: 'RA2110', name: 'List data transferred' },
    stage: 'identification',
    action_class: 'read',
    about: 'source',
    said: /^Search the access log\b/,
    answers: WEB,
    action: 'Search the access log for this source and for answers to the same path',
    reason: 'Shows whether the attack was answered, and who else tried',
    preconditions: [],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
  {
    id: 'examine_server',
    react: { id: 'RA2301', name: 'List files created' },
    stage: 'identification',
    action_class: 'read',
    about: 'server',
    said: /^Examine the web server\b/,
    answers: WEB,
    action: 'Examine the web server for what these requests did',
    reason: 'The server did not refuse all of their attacks',
    preconditions: [],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
  {
    id: 'find_connections',
    react: { id: 'RA2110', name: 'List data transferred' },
    stage: 'identification',
    action_class: 'read',
    about: 'server',
    said: /^Look for connections that the web server opened\b/,
    answers: WEB,
    action: 'Look for connections that the web server opened when these requests came',
    reason: 'They have the server call another host: its connections tell whether it did',
    preconditions: [],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
  {
    id: 'find_client',
    react: { id: 'RA2105', name: 'Analyse IP' },
    stage: 'identification',
    action_class: 'read',
    about: 'server',
    said: /^Look up the real client addresses\b/,
    answers: WEB,
    action: 'Look up the real client addresses, e.g. in X-Forwarded-For at the proxy',
    reason: 'The attacker hides behind a proxy',
    preconditions: [],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
  {
    id: 'review_indicator',
    react: { id: 'RA2104', name: 'Analyse domain name' },
    react_of: {
      ip: { id: 'RA2105', name: 'Analyse IP' },
      url: { id: 'RA2106', name: 'Analyse URI' },
      email: { id: 'RA2206', name: 'Analyse email address' },
      hash: { id: 'RA2312', name: 'Analyse file hash' },
    },
    stage: 'identification',
    action_class: 'read',
    about: 'indicator',
    said: /^review_indicator$/,
    action: 'review_indicator',
    reason: 'somebody announces it, and something speaks for it',
    preconditions: [],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
  {
    id: 'isolate_host',
    react: { id: 'RA3102', name: 'Block internal IP address' },
    stage: 'containment',
    action_class: 'high',
    about: 'host',
    said: /^isolate the host$/,
    answers: HOST,
    derived: ACTED_THERE,
    derived_from: 'high',
    action: 'isolate the host',
    reason: 'an intruder acts on it',
    preconditions: ['the open connections are written down', 'it is known who works with the host'],
    rollback: 'release the host: incident-responder offers release_endpoint',
    breaks: 'the work of whoever is logged on, and what depends on the host',
    brings: ['preserve_evidence', 'release_host'],
  },
  {
    id: 'quarantine_mail',
    react: { id: 'RA3203', name: 'Quarantine email message' },
    stage: 'containment',
    action_class: 'medium',
    about: 'mail',
    said: /^Quarantine the mail\b/,
    answers: MAIL,
    derived: MAIL,
    action: 'Quarantine the mail in every mailbox that holds it',
    reason: 'Readers can still follow it',
    preconditions: ['the mailboxes that hold it are listed'],
    rollback: 'put it back into the same mailboxes (RA5203)',
    breaks: 'mailboxes: as many as hold it, which the search tells',
    is_uncounted: true,
    brings: ['delete_mail'],
  },
  {
    id: 'block_sender',
    react: { id: 'RA3202', name: 'Block sender on email' },
    stage: 'containment',
    action_class: 'medium',
    about: 'indicator',
    action: 'Block the senders on the mail server',
    reason: 'They wrote what was found, unless they are forged: look first',
    preconditions: [
      'the sender is not forged: else somebody is blocked who wrote nothing',
      'none of them is a mailbox of a partner that was taken over: then its owner is told first',
    ],
    rollback: 'unblock the sender (RA5202)',
    breaks: 'senders, and everybody who gets mail from them',
  },
  {
    id: 'block_address',
    react: { id: 'RA3101', name: 'Block external IP address' },
    stage: 'containment',
    action_class: 'medium',
    about: 'address',
    said: /^Block the attacking addresses\b/,
    answers: WEB,
    action: 'Block the addresses at the edge',
    reason: 'What was found speaks with them; look first who shares them',
    preconditions: ['none of them is shared with somebody who is needed: a proxy, a carrier, a hosting service'],
    rollback: 'unblock the addresses (RA5101)',
    breaks: 'addresses, and everybody who shares one',
  },
  {
    id: 'block_domain',
    react: { id: 'RA3103', name: 'Block external domain' },
    stage: 'containment',
    action_class: 'medium',
    about: 'indicator',
    action: 'Block the domains',
    reason: 'What was found speaks with them; look first who shares them',
    preconditions: ['none of them is a service that is shared or needed'],
    rollback: 'unblock the domains (RA5102)',
    breaks: 'domains, and everything below them',
  },
  {
    id: 'block_url',
    react: { id: 'RA3105', name: 'Block external URL' },
    stage: 'containment',
    action_class: 'medium',
    about: 'indicator',
    action: 'Block the URLs at the proxy',
    reason: 'What was found leads there',
    preconditions: ['the proxy sees what is encrypted, or the host has to be blocked instead'],
    rollback: 'unblock the URLs (RA5103)',
    breaks: 'URLs, and nothing else on their hosts',
  },
  {
    id: 'block_hash',
    react: { id: 'RA3403', name: 'Block process by executable hash' },
    stage: 'containment',
    action_class: 'medium',
    about: 'indicator',
    action: 'Block programs with these hashes',
    reason: 'What was found runs them',
    preconditions: ['none of them is a program of the system that was abused'],
    rollback: 'unblock the programs (RA5401)',
    breaks: 'files, on every host that has one',
  },
  {
    id: 'block_indicator',
    react: { id: 'RA3103', name: 'Block external domain' },
    react_of: {
      ip: { id: 'RA3101', name: 'Block external IP address' },
      url: { id: 'RA3105', name: 'Block external URL' },
      email: { id: 'RA3202', name: 'Block sender on email' },
      hash: { id: 'RA3403', name: 'Block process by executable hash' },
    },
    stage: 'containment',
    action_class: 'medium',
    about: 'indicator',
    said: /^block_indicator$/,
    action: 'block_indicator',
    reason: 'somebody announces it',
    preconditions: ['it is not shared with somebody who is needed'],
    rollback: 'unblock it (RA5101 to RA5103)',
    breaks: 'indicators, and everybody who shares one',
  },
  {
    id: 'lock_account',
    react: { id: 'RA3601', name: 'Lock user account' },
    stage: 'containment',
    action_class: 'high',
    about: 'host',
    answers: /^T1136/,
    derived: /^T1136/,
    action: 'lock the account that was made there',
    reason: 'whoever made it comes back with it',
    preconditions: ['no administrator knows it as theirs'],
    rollback: 'unlock the account (RA5601)',
    breaks: 'accounts: as many as were made, and what runs under them',
    is_uncounted: true,
    brings: ['remove_account'],
  },
  {
    id: 'delete_mail',
    react: { id: 'RA4201', name: 'Delete email message' },
    stage: 'eradication',
    action_class: 'irreversible',
    about: 'mail',
    answers: MAIL,
    action: 'Delete the mail from every mailbox and from the quarantine',
    reason: 'Quarantine ends some day',
    preconditions: ['a copy is kept', 'a person has read it and calls it malicious'],
    rollback: 'none: only the copy that was kept is left',
    breaks: 'mailboxes: as many as hold it, which the search tells',
    is_uncounted: true,
    destroys: true,
    brings: ['collect_mail'],
  },
  {
    id: 'remove_file',
    react: { id: 'RA4301', name: 'Remove file' },
    stage: 'eradication',
    action_class: 'high',
    about: 'host',
    answers: /^T(?:1053|1105|1505\.003)/,
    derived: /^T(?:1053|1505\.003)/,
    action: 'remove the files and tasks that were put there',
    reason: 'they run again, or are called again',
    preconditions: ['the files are in the preserved copy', 'nothing else uses them'],
    rollback: 'put them back from the preserved copy',
    breaks: 'hosts, and what uses the files',
    destroys: true,
    brings: ['preserve_evidence'],
  },
  {
    id: 'remove_registry_key',
    react: { id: 'RA4501', name: 'Remove registry key' },
    stage: 'eradication',
    action_class: 'high',
    about: 'host',
    answers: /^T(?:1547\.00[14]|1546\.01[25])/,
    derived: /^T(?:1547\.00[14]|1546\.01[25])/,
    action: 'remove the registry keys that start it again',
    reason: 'it comes back with the next logon',
    preconditions: ['the keys are in the preserved copy'],
    rollback: 'put them back from the preserved copy',
    breaks: 'hosts, and what starts through the keys',
    destroys: true,
    brings: ['preserve_evidence'],
  },
  {
    id: 'remove_service',
    react: { id: 'RA4502', name: 'Remove service' },
    stage: 'eradication',
    action_class: 'high',
    about: 'host',
    answers: /^T1543/,
    derived: /^T1543/,
    action: 'remove the service that starts it again',
    reason: 'it comes back with the next start',
    preconditions: ['the service is in the preserved copy', 'no software of the house brought it'],
    rollback: 'put it back from the preserved copy',
    breaks: 'hosts, and what depends on the service',
    destroys: true,
    brings: ['preserve_evidence'],
  },
  {
    id: 'reset_guessed',
    react: { id: 'RA4601', name: 'Revoke authentication credentials' },
    stage: 'eradication',
    action_class: 'medium',
    about: 'account',
    said: /^Reset the password and end the sessions\b/,
    answers: /^T1110/,
    action: 'Reset the password and end the sessions of the account that was guessed',
    reason: 'A login succeeded after many failures',
    preconditions: ['whoever owns the account is told by another way than the account'],
    rollback: 'none: the old password is burnt; whoever owns the account gets a new one',
    breaks: 'accounts: the one that was guessed',
    is_uncounted: true,
  },
  {
    id: 'end_sessions',
    react: { id: 'RA4601', name: 'Revoke authentication credentials' },
    stage: 'eradication',
    action_class: 'high',
    about: 'host',
    answers: /^T(?:1003|1110|1558)/,
    action: 'end every session, ticket and token of the same accounts',
    reason: 'a session that is open outlives the password that it began with',
    preconditions: ['in one go with the reset: between the two the intruder could make a new session'],
    rollback: 'whoever owns an account logs in again',
    breaks: 'accounts: as many as the reset concerns, and the work that is open in them',
    is_uncounted: true,
    together: 'credentials',
  },
  {
    id: 'reset_credentials',
    react: { id: 'RA4601', name: 'Revoke authentication credentials' },
    stage: 'eradication',
    action_class: 'high',
    about: 'host',
    said: /^(?:reset the (?:credentials|passwords?) of |give the service accounts )/,
    answers: /^T(?:1003|1110|1558)/,
    derived: /^T(?:1003|1558)/,
    action: 'reset the credentials that were reached for',
    reason: 'whoever took them comes back with them',
    preconditions: ['from a host that is clean', 'owners of services know when'],
    rollback: 'none: the old credentials are burnt; whoever owns an account gets new ones',
    breaks: 'accounts: what was found does not list them',
    is_uncounted: true,
    together: 'credentials',
    brings: ['end_sessions'],
  },
  {
    id: 'remove_account',
    react: { id: 'RA4602', name: 'Remove user account' },
    stage: 'eradication',
    action_class: 'irreversible',
    about: 'host',
    answers: /^T1136/,
    action: 'remove the account that was made there',
    reason: 'a locked account is unlocked some day',
    preconditions: ['it is locked, and nobody missed it', 'its files are in the preserved copy'],
    rollback: 'none: one of the same name is another account',
    breaks: 'accounts: as many as were made',
    is_uncounted: true,
    destroys: true,
    brings: ['preserve_evidence'],
  },
  {
    id: 'reinstall_host',
    react: { id: 'RA5001', name: 'Reinstall host from golden image' },
    stage: 'recovery',
    action_class: 'irreversible',
    about: 'host',
    answers: /^T(?:1014|1485|1486|1542|1561)/,
    derived: /^T(?:1014|1485|1486|1542|1561)/,
    action: 'reinstall the host from a golden image',
    reason: 'what was changed there cannot be told from what was not',
    preconditions: ['memory and disk are preserved', 'the image is older than the intrusion, and was checked'],
    rollback: 'none: only the preserved copy is left',
    breaks: 'hosts, and everything that lies there alone',
    destroys: true,
    brings: ['preserve_evidence'],
  },
  {
    id: 'restore_data',
    react: { id: 'RA5002', name: 'Restore data from backup' },
    stage: 'recovery',
    action_class: 'high',
    about: 'host',
    answers: /^T(?:1485|1486|1490|1491|1561|1565)/,
    derived: /^T(?:1485|1486|1490|1491|1561|1565)/,
    action: 'restore the data from a backup',
    reason: 'it was destroyed or changed',
    preconditions: ['the backup is older than the intrusion, and was read on a host that is clean'],
    rollback: 'go back to the state before: it is kept until somebody has checked the restored data',
    breaks: 'hosts, and whatever was written since the backup',
  },
  {
    id: 'release_host',
    react: { id: 'RA5101', name: 'Unblock blocked IP' },
    stage: 'recovery',
    action_class: 'medium',
    about: 'host',
    answers: HOST,
    action: 'release the host',
    reason: 'its work has to go on',
    preconditions: ['it was found clean, or was reinstalled', 'the credentials that were used there are new'],
    rollback: 'isolate the host again: incident-responder offers contain_endpoint',
    breaks: 'hosts, and whatever is still on it can speak again',
  },
  {
    id: 'write_report',
    react: { id: 'RA6001', name: 'Develop incident report' },
    stage: 'lessons_learned',
    action_class: 'read',
    about: 'case',
    action: 'write the incident report',
    reason: 'what was found, done and left open has to be told',
    preconditions: [],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
  {
    id: 'learn_lessons',
    react: { id: 'RA6002', name: 'Conduct lessons learned exercise' },
    stage: 'lessons_learned',
    action_class: 'read',
    about: 'case',
    action: 'go through what happened with those who were there',
    reason: 'what let it through would let the next one through',
    preconditions: ['the report is written'],
    rollback: NOTHING_CHANGES,
    breaks: 'nothing is changed',
  },
];

/** The kind of that id. Throws on one that the table does not have. */
export function actionKind(id: string): ActionKind {
  const kind = BY_ID.get(id);
  if (!kind) throw new Error(`no kind of step is called ${id}`);
  return kind;
}

/** The kind that a recommendation means; undefined for words that none of our specialists uses. */
export const kindSaid = (action: string): ActionKind | undefined => ACTIONS.find(({ said }) => said?.test(action));

/** Where two steps stand to one another when nothing else orders them. */
export const placeOf = ({ id, stage }: ActionKind): number =>
  STAGES.indexOf(stage) * ACTIONS.length + ACTIONS.findIndex((kind) => kind.id === id);

const BY_ID: ReadonlyMap<string, ActionKind> = new Map(ACTIONS.map((kind) => [kind.id, kind]));
