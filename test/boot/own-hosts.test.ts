/** Nothing may act on the machine of the orchestrator, by whichever of its names or addresses (ATK-F4). */
import { hostname, networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { ownHosts } from '../../boot/own-hosts.ts';
import { createPolicy, PolicyRules } from '../../orchestrator/policy.ts';
import { acting } from '../support/approvals.ts';

const answerTo = (target: string, advertise?: string) =>
  createPolicy(PolicyRules.parse({}), ownHosts(advertise)).decide({
    task: { mode: 'active', skill: 'contain_endpoint', params: { endpoint: target } },
    traits: acting(),
    agent_id: 'responder',
    targets: [target],
    recent: { targets: [], questions: 1 },
  });

test.each(['mesh.corp.example', 'mesh.corp.example:8443', 'MESH.corp.example'])(
  'the name that others dial is denied, advertised as %s',
  (advertise) => {
    for (const target of ['mesh.corp.example', 'https://mesh.corp.example:9000/', 'mesh'])
      expect(answerTo(target, advertise)).toMatchObject({ answer: 'deny' });
    expect(answerTo('ws-7.corp.example', advertise)).toMatchObject({ answer: 'ask' });
  },
);

test('every address of every interface is denied as a target, and so is the name', () => {
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
  expect(addresses.length).toBeGreaterThan(0);
  for (const target of [hostname(), ...addresses]) expect(answerTo(target)).toMatchObject({ answer: 'deny' });
  expect(ownHosts()).toEqual(expect.arrayContaining(addresses));
  expect(answerTo('192.0.2.77')).toMatchObject({ answer: 'ask' });
});
