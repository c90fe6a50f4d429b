/** A specialist that acts on hosts: what it does needs people, and what it did can be looked at. */
import { z } from 'zod';
import { defineAgent, type Agent } from '../../mesh/index.ts';
import { skill } from '../../protocol/index.ts';

const isolate = skill({
  id: 'isolate_host',
  title: 'Isolate',
  description: 'Isolates a host.',
  tags: ['act'],
  effect: 'idempotent',
  action_class: 'high',
  targets: ['/host'],
  params: z.object({ host: z.string() }),
  result: z.object({ done: z.string() }),
});

/** The agent `responder` with its one skill `isolate_host`, and the hosts that it isolated, in order. */
export function createResponder(): { responder: Agent; isolated: readonly string[] } {
  const isolated: string[] = [];
  const act = isolate.implement(({ host }) => {
    isolated.push(host);
    return { done: host };
  });
  return {
    responder: defineAgent({ id: 'responder', name: 'Responder', description: 'Acts.', skills: [act] }),
    isolated,
  };
}
