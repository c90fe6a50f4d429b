/** What is new on the record of an investigation, as the states that its stream would tell. */
import { z } from 'zod';
import type { Client } from '../client/index.ts';
import { stateAfter, type ProgressEvent, type RecordedEvent } from '../protocol/index.ts';

/** Reads what was written since the last reading, oldest first. */
export type News = () => Promise<ProgressEvent[]>;

/** Makes it. The last page is read again each time: a record goes on where it ended. */
export function createNews({ investigations }: Pick<Client, 'investigations'>, investigation_id: string): News {
  const seen = new Set<string>(); // of the page that is read again; no more than it holds
  const members = new Map<string, Member>();
  let cursor: string | undefined;

  return async () => {
    const news: ProgressEvent[] = [];
    for (;;) {
      const asked = { investigation_id, limit: PAGE_EVENTS, ...(cursor !== undefined && { cursor }) };
      const page = await investigations.events(asked);
      const fresh = page.items.filter((row) => !seen.has(keyOf(row)));
      for (const row of fresh) {
        seen.add(keyOf(row));
        learn(row);
      }
      news.push(...fresh.flatMap(toStatus));
      if (page.next_cursor === null) return news;
      cursor = page.next_cursor;
      seen.clear();
    }
  };

  /** Who has a task stands behind its acceptance, where it was not known yet. */
  function learn({ task_id, payload }: RecordedEvent): void {
    const said = Said.safeParse(payload).data ?? {};
    const known = members.get(task_id);
    const named = said.agent_id === '' ? undefined : said.agent_id;
    if (!known && members.size >= MEMBERS_MAX) return; // told without a name
    members.set(task_id, {
      skill: said.skill ?? known?.skill ?? '',
      agent_id: named ?? known?.agent_id ?? '',
    });
  }

  function toStatus({ task_id, seq, at, type, fence, payload }: RecordedEvent): ProgressEvent[] {
    const said = Said.safeParse(payload).data ?? {};
    const { skill = '', agent_id = '' } = members.get(task_id) ?? {};
    const state = stateAfter(type);
    if (state === undefined) return [];
    const is_root = task_id === investigation_id;
    const attempt = fence ?? 0;
    const { instance_id, outcome: why } = said;
    const value = { state, attempt, ...(!is_root && { instance_id }), ...(type === 'released' && { why }) };
    const source = is_root ? undefined : { task_id, agent_id, skill, attempt };
    return [{ token: investigation_id, seq, at, kind: 'status', value, ...(source && { source }) }];
  }
}

const keyOf = ({ task_id, seq }: RecordedEvent): string => `${task_id}:${seq}`;

interface Member {
  skill: string;
  agent_id: string;
}

const Said = z.object({
  skill: z.string().optional(),
  agent_id: z.string().optional(),
  instance_id: z.string().optional(),
  outcome: z.string().optional(),
});
const PAGE_EVENTS = 200;
/** An investigation has at most 256 tasks. */
const MEMBERS_MAX = 256;
