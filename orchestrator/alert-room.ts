/** How much of many alerts is looked at together: each once, the gravest first, and what found no room is said. */
import { severityRank, type NotChecked, type Severity } from '../protocol/index.ts';
import { commandsOf, DESK_FIELDS, type Alert, type PlacedAlert } from './alert-steps.ts';

/** One alert is taken as it is; of several, those that differ, as many as fit. */
export function fitTogether(alerts: readonly PlacedAlert[]): { alerts: PlacedAlert[]; left_out: NotChecked[] } {
  if (alerts.length <= 1) return { alerts: [...alerts], left_out: [] };
  const distinct = alerts.length > ALERTS_MAX ? foldRepeated(alerts) : [...alerts];
  const ordered = distinct.length > ALERTS_MAX ? distinct.sort(byGravity) : distinct;
  const room = { alerts: 0, desk: 0, description: 0, commands: 0, command_chars: 0, requests: 0, carried: 0 };
  const taken: PlacedAlert[] = [];
  const lost = { description: 0, commands: 0, requests: 0, carried: 0 };
  for (const each of ordered) {
    room.alerts += 1;
    room.desk += deskSize(each.alert);
    if (room.alerts > ALERTS_MAX || room.desk > DESK_CHARS_MAX) break;
    taken.push(trim(each, room, lost));
  }
  const repeated = alerts.length - distinct.length;
  const beyond = ordered.length - taken.length;
  return {
    alerts: taken,
    left_out: [
      ...said(repeated, 'alerts', 'they say again what others say, and there are many'),
      ...said(beyond, 'alerts', 'they find no room beside the gravest: hand in fewer at once'),
      ...said(lost.description, 'descriptions', 'together they are too long: hand in fewer alerts at once'),
      ...said(lost.commands, 'command lines', 'together they are too many: hand in fewer alerts at once'),
      ...said(lost.requests, 'HTTP requests', `${REQUESTS_MAX} are judged together`),
      ...said(lost.carried, 'raw logs and mails', `${CARRIED_MAX} alerts of one input may carry some`),
    ],
  };
}

type Room = Record<'alerts' | 'desk' | 'description' | 'commands' | 'command_chars' | 'requests' | 'carried', number>;
type Lost = Record<'description' | 'commands' | 'requests' | 'carried', number>;

/** The alert without what finds no room. */
function trim(placed: PlacedAlert, room: Room, lost: Lost): PlacedAlert {
  const alert: Alert = { ...placed.alert };
  const drop = (field: 'description' | 'raw_log' | 'email' | 'http' | 'command_line', kind: keyof Lost, count = 1) => {
    Reflect.deleteProperty(alert, field);
    lost[kind] += count;
  };
  room.description += alert.description?.length ?? 0;
  if (room.description > TEXT_CHARS_MAX && alert.description !== undefined) drop('description', 'description');
  if (alert.http && (room.requests += 1) > REQUESTS_MAX) drop('http', 'requests');
  if ((alert.raw_log !== undefined || alert.email !== undefined) && (room.carried += 1) > CARRIED_MAX) {
    drop('raw_log', 'carried');
    drop('email', 'carried', 0);
  }
  const commands = commandsOf([placed]);
  room.commands += commands.length;
  room.command_chars += commands.reduce((sum, { value }) => sum + value.length, 0);
  if (room.commands <= COMMANDS_MAX && room.command_chars <= TEXT_CHARS_MAX) return { ...placed, alert };
  drop('command_line', 'commands', commands.length);
  return { ...placed, alert, commands: [] };
}

/** Of alerts that say the same of the same, whenever, the first. */
function foldRepeated(alerts: readonly PlacedAlert[]): PlacedAlert[] {
  const by_key = new Map<string, PlacedAlert>();
  for (const each of alerts) {
    const { alert, commands, iocs } = each;
    const carried = [alert.title, alert.command_line, alert.http, alert.raw_log, alert.email, alert.iocs];
    const key = JSON.stringify([
      DESK_FIELDS.map((field) => alert[field]),
      carried,
      commands.map(({ value }) => value),
      iocs.map(({ value }) => value),
    ]);
    if (!by_key.has(key)) by_key.set(key, each);
  }
  return [...by_key.values()];
}

const deskSize = (alert: Alert): number =>
  JSON.stringify([alert.title, alert.alert_id, ...DESK_FIELDS.map((field) => alert[field])]).length + KEYS_CHARS;

const byGravity = (left: PlacedAlert, right: PlacedAlert): number => rankOf(right) - rankOf(left);
const rankOf = ({ alert }: PlacedAlert): number =>
  alert['severity'] === undefined ? -1 : severityRank(alert['severity'] as Severity);

const said = (count: number, what: string, why: string): NotChecked[] =>
  count === 0 ? [] : [{ what: `${count} ${count === 1 ? what.replace(/s$/, '') : what}`, why }];

const ALERTS_MAX = 200;
/** Of the fields that the desk is given, with their names. */
const DESK_CHARS_MAX = 160_000;
const KEYS_CHARS = 200;
const TEXT_CHARS_MAX = 160_000;
const COMMANDS_MAX = 400;
const REQUESTS_MAX = 100;
const CARRIED_MAX = 8;
