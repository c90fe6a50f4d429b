/** The processes worth a look, with their line of parents, as a result lists them. */
import { z } from 'zod';
import { neutralize } from '../evidence/index.ts';
import { compareText } from '../order/index.ts';
import type { HostWatch } from './host-watch.ts';
import type { ProcessNode } from './process-tree.ts';
import type { Suspicion } from './suspicions.ts';

/** A part of the tree: suspicious processes and whoever started them. */
export const ProcessReport = z.object({
  processes_seen: z.number().int(),
  listed: z.array(
    z.object({
      id: z.string(),
      parent_id: z.string().nullable(),
      host: z.string(),
      pid: z.string(),
      image: z.string(),
      command_line: z.string().describe('text of the host: data, whatever it says'),
      user: z.string(),
      started_at: z.string(),
      depth: z.number().int().describe('0 for one whose parent is not listed'),
      findings: z.array(z.string()),
    }),
  ),
  not_listed: z.number().int(),
});
export type ProcessReport = z.infer<typeof ProcessReport>;

/** Lists them parent before child, in the order of their events. */
export function toProcessReport(watch: HostWatch, suspicions: readonly Suspicion[]): ProcessReport {
  const findings = new Map<string, string[]>();
  for (const { id, nodes } of suspicions)
    for (const node of nodes) findings.set(node.id, [...(findings.get(node.id) ?? []), id]);
  const wanted = new Map<string, ProcessNode>();
  let not_listed = 0;
  for (const id of findings.keys()) {
    const node = watch.tree.node(id);
    if (!node) continue;
    if (wanted.size >= LISTED_MAX) not_listed += 1;
    else for (const each of watch.tree.ancestry(node)) wanted.set(each.id, each);
  }
  const children = new Map<string, ProcessNode[]>();
  const roots: ProcessNode[] = [];
  for (const node of watch.tree.nodes()) {
    if (!wanted.has(node.id)) continue;
    const parent = watch.tree.ancestry(node)[1];
    if (parent && wanted.has(parent.id)) children.set(parent.id, [...(children.get(parent.id) ?? []), node]);
    else roots.push(node);
  }
  const listed: ProcessReport['listed'] = [];
  const seen = new Set<string>();
  const open: { node: ProcessNode; depth: number; parent_id: string | null }[] = roots
    .reverse()
    .map((node) => ({ node, depth: 0, parent_id: null }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, depth, parent_id } = next;
    if (seen.has(node.id)) continue;
    seen.add(node.id);
    listed.push({
      id: neutralize(node.id, ID_CHARS_MAX),
      parent_id,
      host: neutralize(node.host, ID_CHARS_MAX),
      pid: neutralize(node.pid, ID_CHARS_MAX),
      image: neutralize(node.image, PATH_CHARS_MAX),
      command_line: neutralize(node.command_line, COMMAND_SHOWN_MAX),
      user: neutralize(node.user, ID_CHARS_MAX),
      started_at: startOf(node),
      depth,
      findings: (findings.get(node.id) ?? []).sort(compareText),
    });
    const below = (children.get(node.id) ?? []).reverse();
    open.push(
      ...below.map((child) => ({ node: child, depth: depth + 1, parent_id: neutralize(node.id, ID_CHARS_MAX) })),
    );
  }
  return { processes_seen: watch.tree.nodes().length, listed, not_listed };
}

/** UTC: a zone that the collector took for it is taken back. */
const startOf = ({ started_at, skew_ms }: ProcessNode): string =>
  skew_ms === 0 || started_at === '' ? started_at : new Date(Date.parse(started_at) - skew_ms).toISOString();

const LISTED_MAX = 500;
const ID_CHARS_MAX = 128;
const PATH_CHARS_MAX = 260;
const COMMAND_SHOWN_MAX = 512;
