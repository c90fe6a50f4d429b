/** XML as a small tree: bounded, without document types and entities of its own, and nothing outside is ever opened. */
import { SaxesParser } from 'saxes';
import { AuroraError } from '../../protocol/index.ts';

/** An element. Names keep their prefix; text is all text directly in it, joined. */
export interface XmlElement {
  name: string;
  attributes: Readonly<Record<string, string>>;
  text: string;
  children: readonly XmlElement[];
}

/** Reads one document. Throws 4220 on what is not well formed, declares a document type, or is larger than XML may be here. */
export function readXml(text: string): XmlElement {
  if (text.length > CHARS_MAX) throw refused(`it has more than ${CHARS_MAX} characters`);
  const top: Open = { name: '', attributes: {}, text: '', children: [] };
  const open: Open[] = [top];
  let elements = 0;
  const parser = new SaxesParser();
  parser.on('error', (fault) => {
    throw refused(`it is not well formed (${fault.message.slice(0, FAULT_CHARS_MAX)})`);
  });
  parser.on('doctype', () => {
    throw refused('it declares a document type'); // and with it perhaps entities
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (++elements > ELEMENTS_MAX) throw refused(`it has more than ${ELEMENTS_MAX} elements`);
    if (open.length > DEPTH_MAX) throw refused(`it is nested deeper than ${DEPTH_MAX}`);
    if (Object.keys(attributes).length > ATTRIBUTES_MAX) throw refused('an element has too many attributes');
    const element: Open = { name, attributes: Object.fromEntries(Object.entries(attributes)), text: '', children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  const onText = (data: string) => {
    const element = open.at(-1);
    if (element) element.text += data;
  };
  parser.on('text', onText);
  parser.on('cdata', onText);
  parser.on('closetag', () => void open.pop());
  parser.write(text).close();
  const [root] = top.children;
  if (!root) throw refused('it is empty');
  return root;
}

/** The children of that name. */
export const childrenOf = (element: XmlElement, name: string): XmlElement[] =>
  element.children.filter((child) => child.name === name);

interface Open {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Open[];
}

const refused = (why: string): AuroraError => new AuroraError(4220, { message: `The XML is not read: ${why}` });
const CHARS_MAX = 16_777_216;
const ELEMENTS_MAX = 100_000;
const DEPTH_MAX = 64;
const ATTRIBUTES_MAX = 256;
const FAULT_CHARS_MAX = 120;
