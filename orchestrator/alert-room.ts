/** How much of many alerts is looked at together: each once, the gravest first, and what found no room is said. */
import { severityRank, type NotChecked, type Severity } from '../protocol/index.ts';
import { DESK_FIELDS, type Alert, type PlacedAlert } from './alert-steps.ts';

/** One alert is taken as it is; of several, those that differ, the gravest first, as many as fit. */
export function fitTogether(alerts: readonly PlacedAlert[]): {
  alerts: PlacedAlert[];
  repeated: NotChecked[];
  left_out: NotChecked[];
} {
  if (alerts.length <= 1) return { alerts: [...alerts], repeated: [], left_out: [] };
  const distinct = alerts.length > ALERTS_MAX ? foldRepeated(alerts) : [...alerts];
  const room = { ...ROOM };
  const lost = { description: 0, commands: 0, requests: 0, carried: 0 };
  const taken = distinct
    .toSorted(byGravity)
    .filter(({ alert }) => fits(room, { alerts: 1, desk: deskSize(alert) }))
    .map((each) => trim(each, room, lost));
  return {
    alerts: taken,
    repeated: said(alerts.length - distinct.length, 'alerts', 'they say again what others say, and there are many'),
    left_out: [
      ...said(distinct.length - taken.length, 'alerts', 'they find no room beside the gravest: hand in fewer at once'),
      ...said(lost.description, 'descriptions', 'together they are too long: hand in fewer alerts at once'),
      ...said(lost.commands, 'command lines', 'together they are too many: hand in fewer alerts at once'),
      ...said(lost.requests, 'HTTP requests', `${ROOM.requests} are judged together`),
      ...said(lost.carried, 'raw logs and mails', `${ROOM.carried} alerts of one input may carry some`),
    ],
  };
}

type Room = Record<keyof typeof ROOM, number>;
type Lost = Record<'description' | 'commands' | 'requests' | 'carried', number>;

/** Takes the room where there is enough of each kind; what finds none takes none from the others. */
function fits(room: Room, sizes: Partial<Room>): boolean {
  const asked = Object.entries(sizes) as [keyof Room, number][];
  if (asked.some(([kind, size]) => size > room[kind])) return false;
  for (const [kind, size] of asked) room[kind] -= size;
  return true;
}

/** The alert without what finds no room. */
function trim(placed: PlacedAlert, room: Room, lost: Lost): PlacedAlert {
  const alert: Alert = { ...placed.alert };
  const drop = (kind: keyof Lost, ...fields: ('description' | 'raw_log' | 'email' | 'http' | 'command_line')[]) => {
    for (const field of fields) Reflect.deleteProperty(alert, field);
    lost[kind] += 1;
  };
  if (alert.description !== undefined && !fits(room, { description: alert.description.length }))
    drop('description', 'description');
  if (alert.http && !fits(room, { requests: 1 })) drop('requests', 'http');
  if ((alert.raw_log !== undefined || alert.email !== undefined) && !fits(room, { carried: 1 }))
    drop('carried', 'raw_log', 'email');
  const isKept = (command: string): boolean => fits(room, { commands: 1, command_chars: command.length });
  if (alert.command_line !== undefined && !isKept(alert.command_line)) drop('commands', 'command_line');
  const commands = placed.commands.filter(({ value }) => value === alert.command_line || isKept(value));
  lost.commands += placed.commands.length - commands.length;
  return { ...placed, alert, commands };
}

/** Of alerts that say the same of the same, whenever, the first. */
function foldRepeated(alerts: readonly PlacedAlert[]): PlacedAlert[] {
  const by_key = new Map<string, PlacedAlert>();
  for (const each of alerts) {
    const { alert, commands, iocs } = each;
    const carried = [
      alert.title,
      alert.description,
      alert.command_line,
      alert.http,
      alert.raw_log,
      alert.email,
      alert.iocs,
    ];
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
const KEYS_CHARS = 200;
/** How much is looked at together; `desk` are the characters of the fields that the desk is given, with their names. */
const ROOM = {
  alerts: ALERTS_MAX,
  desk: 160_000,
  description: 160_000,
  commands: 400,
  command_chars: 160_000,
  requests: 100,
  carried: 8,
};
