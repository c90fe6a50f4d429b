/** An event as a plain record, made from its rendered XML. */
import { Parser } from 'htmlparser2';

/** One value or element of an event; attributes stand under `#attributes`, as the usual JSON form of event logs has it. */
export type EventValue = string | number | null | readonly EventValue[] | { readonly [name: string]: EventValue };

/** The event as other tools write it in JSON. */
export interface WindowsEvent {
  System: Readonly<Record<string, EventValue>>;
  EventData?: Readonly<Record<string, EventValue>>;
  UserData?: Readonly<Record<string, EventValue>>;
}

/** One record with its place in the file. */
export interface EvtxRecord {
  /** `EventRecordID`, as the log counted it. */
  record_id: number;
  /** The chunk it stands in, counted from 1, with the offset in the file. */
  chunk: number;
  offset: number;
  channel: string;
  event_id: number;
  /** When it happened, UTC; with seven decimals where the log keeps them. Empty when it does not say. */
  time: string;
  event: WindowsEvent;
}

/** Reads the XML of one event. Throws when it is no event or breaks a bound: the caller counts the record as lost. */
export function parseEventXml(xml: string): WindowsEvent {
  if (xml.length > XML_CHARS_MAX) throw new Error(`its text is longer than ${XML_CHARS_MAX} characters`);
  const root: Node = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  let nodes = 0;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if ((nodes += 1) > NODES_MAX) throw new Error(`it has more than ${NODES_MAX} elements`);
        if (open.length > DEPTH_MAX) throw new Error(`it is nested deeper than ${DEPTH_MAX}`);
        const node: Node = { name, attributes, children: [], text: '' };
        open.at(-1)?.children.push(node);
        open.push(node);
      },
      ontext(text) {
        const node = open.at(-1);
        if (node) node.text += text;
      },
      onclosetag() {
        if (open.length > 1) open.pop();
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.end(xml);
  const event = root.children.find(({ name }) => name === 'Event');
  const system = event?.children.find(({ name }) => name === 'System');
  if (!event || !system) throw new Error('it has no System element');
  const body = event.children.find(({ name }) => name === 'EventData' || name === 'UserData');
  const System = systemOf(system);
  if (!body) return { System };
  if (body.name === 'EventData') return { System, EventData: dataOf(body) };
  return { System, UserData: fieldsOf(body.children) };
}

interface Node {
  name: string;
  attributes: Readonly<Record<string, string>>;
  children: Node[];
  text: string;
}

function systemOf(system: Node): Record<string, EventValue> {
  const fields = fieldsOf(system.children);
  for (const name of NUMBERS) {
    const value = fields[name];
    if (typeof value === 'string' && /^\d{1,15}$/.test(value)) fields[name] = Number(value);
  }
  return fields;
}

/** `<Data Name="x">` becomes field x; unnamed ones become the list `Data`; other elements keep their name. */
function dataOf(body: Node): Record<string, EventValue> {
  const unnamed = body.children.filter(({ name, attributes }) => name === 'Data' && !attributes['Name']);
  const others = body.children.filter((node) => !unnamed.includes(node));
  const fields = fieldsOf(
    others.map((node) => ({ ...node, name: node.attributes['Name'] ?? node.name, attributes: {} })),
  );
  if (unnamed.length === 0) return fields;
  return { ...fields, Data: unnamed.length === 1 ? textOf(unnamed[0]) : unnamed.map(textOf) };
}

/** Elements as fields; a name that comes again makes a list. Built from entries, so that a hostile name is a name only. */
function fieldsOf(nodes: readonly Node[]): Record<string, EventValue> {
  const fields = new Map<string, EventValue[]>();
  for (const node of nodes) fields.set(node.name, [...(fields.get(node.name) ?? []), readValue(node)]);
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? null) : values]),
  );
}

function readValue(node: Node): EventValue {
  const attributes = Object.entries(node.attributes).filter(([name, value]) => value !== '' && !/^xmlns\b/.test(name));
  if (node.name === 'EventID') return textOf(node); // its qualifiers say nothing that a rule asks for
  if (node.children.length > 0) {
    const children = fieldsOf(node.children);
    return attributes.length === 0 ? children : { '#attributes': Object.fromEntries(attributes), ...children };
  }
  if (attributes.length === 0) return node.name in EMPTY_IS_NULL && textOf(node) === '' ? null : textOf(node);
  return { '#attributes': Object.fromEntries(attributes) };
}

const textOf = (node: Node | undefined): string => node?.text ?? '';

/** Elements of System that other tools write as numbers. */
const NUMBERS = ['EventID', 'Version', 'Level', 'Task', 'Opcode', 'EventRecordID'] as const;
const EMPTY_IS_NULL: Readonly<Record<string, true>> = { Correlation: true, Security: true, Execution: true };
/** A record takes 64 KiB at most; as text with escapes it stays below this. */
const XML_CHARS_MAX = 1_048_576;
const NODES_MAX = 4_096;
const DEPTH_MAX = 64;
