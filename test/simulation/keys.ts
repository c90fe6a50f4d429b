/** The keys of the simulated mesh, made once: who has which is the same in every seed. */
import { literalPins, type Identity, type Role } from '../../mesh/index.ts';
import { identityOf } from '../support/mesh.ts';

const made = (['orchestrator', 'ada', 'bob', 'operator:ann', 'operator:ben', 'operator:cay'] as const).map((id) => {
  const role: Role = id === 'orchestrator' ? 'orchestrator' : id.startsWith('operator') ? 'operator' : 'agent';
  return [id, identityOf(id, role)] as const;
});
const known = new Map<string, ReturnType<typeof identityOf>>(made);

/** Everybody is pinned. */
export const PINS = literalPins(made.map(([, { pin }]) => pin));

/** One life of somebody. */
export const identityAs = (id: string, instance_id: string): Identity => ({ ...known.get(id)!.identity, instance_id });
