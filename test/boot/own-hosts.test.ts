/** Nothing may act on the machine of the orchestrator, by whichever of its names or addresses (ATK-F4). */
import { hostname, networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { ownHosts } from '../../boot/own-hosts.ts';
import { createPolicy, PolicyRules } from '../../orchestrator/policy.ts';
import { acting } from '../support/approvals.ts';

test('every address of every interface is denied as a target, and so is the name', () => {
  const policy = createPolicy(PolicyRules.parse({}), ownHosts());
  const answerTo = (target: string) =>
    policy.decide({
      task: { mode: 'active', skill: 'contain_endpoint', params: { endpoint: target } },
      traits: acting(),
      agent_id: 'responder',
      targets: [target],
      recent: { targets: [], questions: 1 },
    });
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
  expect(addresses.length).toBeGreaterThan(0);
  for (const target of [hostname(), ...addresses]) expect(answerTo(target)).toMatchObject({ answer: 'deny' });
  expect(ownHosts()).toEqual(expect.arrayContaining(addresses));
  expect(answerTo('192.0.2.77')).toMatchObject({ answer: 'ask' });
});
