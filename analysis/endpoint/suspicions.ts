/** From processes to suspicions: what each does, how it was started, whom it speaks to; said once for each tree and hour. */
import { severityRank, type Evidence, type Severity } from '../../protocol/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { compareText } from '../order/index.ts';
import { parentOf, type CommandSign } from './classify.ts';
import { odditiesOf } from './edges.ts';
import { isDiscovery, isGraver, severityOf } from './gravity.ts';
import type { HostWatch } from './host-watch.ts';
import { isOwnStart } from './own-starts.ts';
import { fileOf, type ProcessNode } from './process-tree.ts';
import { charsOf, createSlices, type Slices } from './slices.ts';

/** How long work is paced. */
export interface Pace {
  signal?: AbortSignal;
  /** Hears now and then how many processes of how many were judged. */
  onProgress?: (judged: number, of: number) => void;
}

/** Something suspicious on a host. */
export interface Suspicion {
  id: string;
  host: string;
  rule: string;
  title: string;
  severity: Severity;
  technique: string | undefined;
  also_technique?: string;
  /** Statements about one tree and one technique are not independent. */
  basis: string;
  count: number;
  evidence: Evidence[];
  nodes: ProcessNode[];
  /** The address on the internet that did it. */
  attacker?: string;
}

/** All suspicions about processes, gravest first; judged in slices. */
export async function processSuspicions(watch: HostWatch, source: string, pace: Pace = {}): Promise<Suspicion[]> {
  const slices = createSlices(pace.signal);
  const isRecorder = createRecorders(watch);
  const found = new Map<string, Suspicion>();
  const flagged = new Set<ProcessNode>();
  const asking = new Map<string, ProcessNode[]>();

  const suspect = (
    node: ProcessNode,
    of: Pick<Suspicion, 'rule' | 'title' | 'severity' | 'technique'>,
    text: string,
    root = rootOf(watch, node).id,
  ) => {
    const key = [of.rule, node.host, root, node.started_at.slice(0, 13)].join('\0');
    const known = found.get(key);
    const cited = evidence({ source, locator: node.locator, text });
    if (known) {
      known.count += 1;
      if (known.evidence.length < EVIDENCE_MAX) known.evidence.push(cited);
      if (known.nodes.length < NODES_MAX) known.nodes.push(node);
      return;
    }
    // What is grave finds room all the same: lesser ones may be there to crowd it out.
    if (found.size >= SUSPICIONS_MAX && (severityRank(of.severity) < severityRank('high') || found.size >= GRAVE_MAX))
      return;
    const basis = `${node.host} tree ${root} ${of.technique === undefined ? of.rule : parentOf(of.technique)}`;
    found.set(key, {
      ...of,
      title: neutralize(of.title, TITLE_CHARS_MAX),
      id: '',
      host: node.host,
      basis,
      count: 1,
      evidence: [cited],
      nodes: [node],
    });
  };

  const nodes = [...watch.tree.nodes(), ...watch.beyond()];
  for (const [index, node] of nodes.entries()) {
    if (index > 0 && index % TOLD_EVERY === 0) pace.onProgress?.(index, nodes.length);
    await slices.spend(node.command_line.length);
    if (isRecorder(node)) continue;
    const said = describe(node);
    for (const { rule, title, technique, severity } of odditiesOf(node)) {
      suspect(node, { rule, title, technique, severity }, said);
      if (severityRank(severity) >= severityRank('medium')) flagged.add(node);
    }
    if (node.command_line === '') continue;
    const classification = watch.classify(node);
    await slices.spend(charsOf(classification));
    for (const sign of strongest(classification.signs)) {
      if (isOwnStart(node, sign)) continue;
      const severity = severityOf(sign);
      if (isDiscovery(sign.technique)) {
        const root = burstOf(watch, node);
        const known = asking.get(root);
        if (known) known.push(node);
        else asking.set(root, [node]);
      } else if (severity !== 'info') {
        const steps = sign.steps.length === 0 ? '' : ` (after ${sign.steps.join(', ')})`;
        suspect(
          node,
          {
            rule: sign.rule,
            technique: sign.technique,
            severity,
            title: `${fileOf(node.image) || 'a process'} ${sign.title}${steps}`,
          },
          sign.steps.length === 0 ? said : sign.text,
        );
        if (severityRank(severity) >= severityRank('medium')) flagged.add(node);
      }
    }
  }
  for (const [root, asked] of asking) await askedMuch(watch, root, asked, { suspect, slices });
  await spokenTo(watch, flagged, { suspect, slices });
  return [...found.values()]
    .sort(
      (left, right) =>
        severityRank(right.severity) - severityRank(left.severity) ||
        compareText(left.rule, right.rule) ||
        compareText(left.evidence[0]?.locator ?? '', right.evidence[0]?.locator ?? ''),
    )
    .map((suspicion, index) => ({
      ...suspicion,
      id: `process-${index + 1}`,
      title: suspicion.count > 1 ? `${suspicion.title} (${suspicion.count} times)` : suspicion.title,
    }));
}

type Suspect = (
  node: ProcessNode,
  of: Pick<Suspicion, 'rule' | 'title' | 'severity' | 'technique'>,
  text: string,
  root?: string,
) => void;

interface Telling {
  suspect: Suspect;
  slices: Slices;
}

/** Several different questions about the machine out of one tree are somebody looking around. */
async function askedMuch(
  watch: HostWatch,
  root: string,
  nodes: readonly ProcessNode[],
  { suspect, slices }: Telling,
): Promise<void> {
  const questions = new Map<string, { node: ProcessNode; technique: string; title: string }>();
  for (const node of nodes) {
    const classification = watch.classify(node);
    await slices.spend(charsOf(classification));
    for (const { technique, title } of strongest(classification.signs)) {
      if (isDiscovery(technique) && !questions.has(parentOf(technique)))
        questions.set(parentOf(technique), { node, technique, title });
    }
  }
  const severity: Severity = questions.size >= QUESTIONS_MANY ? 'medium' : 'low';
  if (questions.size < QUESTIONS_FEW) return;
  for (const { node, technique, title } of questions.values()) {
    suspect(
      node,
      {
        rule: 'tree/discovery',
        technique,
        severity,
        title: `one tree of processes asks ${questions.size} different questions about the machine; here ${fileOf(node.image)} ${title}`,
      },
      describe(node),
      root,
    );
  }
}

/** Whom suspicious processes speak to, and who else speaks to the same address. */
async function spokenTo(
  watch: HostWatch,
  flagged: ReadonlySet<ProcessNode>,
  { suspect, slices }: Telling,
): Promise<void> {
  const addresses = new Map<string, ProcessNode>();
  for (const node of flagged) {
    await slices.spend(0);
    for (const { address, locator } of node.connections) {
      if (LOCAL.test(address)) continue;
      suspect(
        { ...node, locator },
        {
          rule: 'network/suspicious-process',
          technique: undefined,
          severity: 'medium',
          title: `${fileOf(node.image)}, suspicious by itself, connected to ${address}`,
        },
        `${node.image} -> ${address}`,
      );
      if (!SHARED_PORT.test(address)) addresses.set(address, addresses.get(address) ?? node);
    }
  }
  for (const node of watch.tree.nodes()) {
    await slices.spend(0);
    if (flagged.has(node)) continue;
    for (const { address, locator } of node.connections) {
      const first = addresses.get(address);
      if (!first) continue;
      suspect(
        { ...node, locator },
        {
          rule: 'network/same-address',
          technique: 'T1055',
          severity: 'high',
          title: `${fileOf(node.image)} speaks to ${address} as the suspicious ${fileOf(first.image)} does`,
        },
        `${node.image} -> ${address}`,
      );
    }
  }
}

/** The gravest sign of each technique, and of those the strongest. */
function strongest(signs: readonly CommandSign[]): CommandSign[] {
  const best = new Map<string, CommandSign>();
  for (const sign of signs) {
    const known = best.get(sign.technique);
    if (!known || isGraver(sign, known) || (sign.strength > known.strength && !isGraver(known, sign)))
      best.set(sign.technique, sign);
  }
  return [...best.values()];
}

/** The first of the line that is not one of the processes every session hangs under. */
function rootOf(watch: HostWatch, node: ProcessNode): ProcessNode {
  const line = watch.tree.ancestry(node);
  const end = line.findIndex((each, index) => index > 0 && SESSION.has(fileOf(each.image)));
  return (end === -1 ? line.at(-1) : line[end - 1]) ?? node;
}

/** The tree that a question belongs to; what stands alone belongs to those that the same parent started in the same ten minutes. */
function burstOf(watch: HostWatch, node: ProcessNode): string {
  const root = rootOf(watch, node);
  const { parent_id, parent_image, started_at } = node;
  if (root !== node || parent_id === undefined || SYSTEM_PARENTS.has(fileOf(parent_image))) return root.id;
  return `${parent_id} at ${started_at.slice(0, TEN_MINUTES_CHARS)}`;
}

/** Windows gathers facts about itself when somebody traces the network: its questions are not an intruder's. */
function createRecorders(watch: HostWatch): (node: ProcessNode) => boolean {
  const known = new Map<ProcessNode, boolean>();
  const isOne = (node: ProcessNode): boolean => {
    const told = known.get(node);
    if (told !== undefined) return told;
    const { command_line, parent_command_line } = node;
    const is_one = RECORDER.test(command_line) || RECORDER.test(parent_command_line);
    known.set(node, is_one);
    return is_one;
  };
  return (node) => watch.tree.ancestry(node).some(isOne);
}

const describe = ({ parent_image, image, command_line, user }: ProcessNode): string =>
  `${fileOf(parent_image) || '?'} -> ${command_line || image}${user === '' ? '' : ` [${user}]`}`;

const RECORDER = /\b[cw]script(?:\.exe)?["' ][^\n]{0,80}(?:system32\\)?gatherNetworkInfo\.vbs/i;
const SESSION = new Set(
  'explorer.exe services.exe svchost.exe winlogon.exe userinit.exe wininit.exe smss.exe sihost.exe runtimebroker.exe'.split(
    ' ',
  ),
);
/** What they start, nobody asked for in a row. */
const SYSTEM_PARENTS = new Set(
  'services.exe svchost.exe winlogon.exe userinit.exe wininit.exe smss.exe runtimebroker.exe taskeng.exe'.split(' '),
);
/** Of an ISO time: `2026-11-24T09:1`. */
const TEN_MINUTES_CHARS = 15;
const LOCAL = /^(?:127\.|::1|0\.0\.0\.0|\[?fe80|224\.|239\.|255\.|ff0)/i;
/** Ports on which servers of the network are spoken to by everybody. */
const SHARED_PORT = /:(?:53|80|88|123|135|137|138|139|389|443|445|464|636|3268|3269|5353|5355|1900)$/;
/** Processes between two words of progress. */
const TOLD_EVERY = 5_000;
const QUESTIONS_FEW = 3;
const QUESTIONS_MANY = 5;
const TITLE_CHARS_MAX = 300;
const EVIDENCE_MAX = 5;
const NODES_MAX = 50;
const SUSPICIONS_MAX = 2_000;
const GRAVE_MAX = 4_000;
