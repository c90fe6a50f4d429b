/** What waits for a person, and their answer: they see the action itself, and answer that and nothing else (ATK-F6). */
import { createInterface } from 'node:readline/promises';
import { systemClock } from '../boot/index.ts';
import type { Peer } from '../mesh/index.ts';
import { Approval, ApprovalPage, AuroraError, isSamePerson } from '../protocol/index.ts';
import { toApprovalText, toOutcomeText } from './approval-view.ts';
import { EXIT, UsageError } from './outcome.ts';
import { readPages } from './pages.ts';
import { plainTable, print } from './print.ts';
import { safe, toSpan } from './text.ts';

/** The waiting ones, or all. */
export async function showApprovals(
  peer: Peer,
  { all, limit }: { all: boolean; limit: number },
  json: boolean,
): Promise<void> {
  const found = await list(peer, all ? undefined : 'pending', limit);
  if (json) {
    print(found);
    return;
  }
  if (found.items.length === 0) {
    process.stdout.write(all ? 'Nobody was ever asked\n' : 'Nothing waits for you\n');
    return;
  }
  const table = plainTable(['approval', 'state', 'class', 'skill', 'targets', 'asked by', 'votes', 'expires']);
  for (const approval of found.items) {
    const { approval_id, state, action_class, skill, targets, requester, votes, needed, expires_at } = approval;
    const rest_ms = Date.parse(expires_at) - systemClock.now();
    table.push([
      safe(approval_id),
      state,
      action_class,
      safe(skill),
      safe(targets.join(' ')).slice(0, TARGETS_CHARS_MAX),
      safe(requester.join(' ')),
      `${votes.length} of ${needed}`,
      state === 'pending' ? `in ${toSpan(rest_ms)}` : expires_at,
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
  if (!all) process.stderr.write('Look, then answer: aurora approve|reject <approval>\n');
}

/** Shows the action, asks back, votes. Answers 1 when the person thought better of it. */
export async function decide(
  peer: Peer,
  asked: {
    approval_id: string;
    decision: 'approve' | 'reject';
    note?: string | undefined;
    yes: boolean;
    operator: string;
  },
  json: boolean,
): Promise<number> {
  const { approval_id, decision, note, yes, operator } = asked;
  const approval = await find(peer, approval_id);
  process.stderr.write(toApprovalText(approval, systemClock.now()));
  if (approval.state !== 'pending') throw new AuroraError(4090, { message: `It is ${approval.state} already` });
  if (approval.requester.some((one) => isSamePerson(one, `operator:${operator}`))) {
    process.stderr.write('aurora: you asked for this yourself: it takes another operator (--operator <name>)\n');
  }
  if (!yes && !(await isConfirmed(`${decision} it as ${operator}? Type yes: `))) {
    process.stderr.write('aurora: nothing was decided\n');
    return EXIT.failed;
  }
  const { action_hash } = approval;
  const vote = { approval_id, action_hash, decision, ...(note !== undefined && { note }) };
  const decided = Approval.parse(await peer.request('approval/decide', vote));
  if (json) print(decided);
  else process.stdout.write(`${toOutcomeText(decided)}\n`);
  return EXIT.ok;
}

const list = (peer: Peer, state: 'pending' | undefined, items_max: number): Promise<ApprovalPage> =>
  readPages(
    peer,
    { method: 'approval/list', params: { ...(state && { state }) }, items_max, page_max: PAGE_MAX },
    ApprovalPage,
  );

/** Among those that wait first: there are few. */
async function find(peer: Peer, approval_id: string): Promise<Approval> {
  for (const state of ['pending', undefined] as const) {
    const { items } = await list(peer, state, LOOKED_AT_MAX);
    const found = items.find((one) => one.approval_id === approval_id);
    if (found) return found;
  }
  throw new AuroraError(4040, { message: `No approval ${approval_id}` });
}

async function isConfirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError('There is no terminal to ask on: say --yes to answer without');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim().toLowerCase() === 'yes';
  } finally {
    terminal.close();
  }
}

const PAGE_MAX = 200;
const LOOKED_AT_MAX = 2_000;
const TARGETS_CHARS_MAX = 60;
