/** An agent as its author writes it: an id, a sentence and skills (house.md 3). */
import { AgentId, type Implementation, type SkillSpec } from '../protocol/index.ts';
import { VERSION } from '../seams/index.ts';

/** What `defineAgent` takes. */
export interface AgentSpec {
  /** kebab-case; the file name and the compose service. */
  id: string;
  name: string;
  description: string;
  /** Version of this agent's knowledge; the package's unless said. */
  version?: string;
  skills: readonly Implementation[];
}

/** A defined agent: its data, and its skills by method name. */
export interface Agent {
  id: string;
  name: string;
  description: string;
  version: string;
  skills: readonly SkillSpec[];
  implementations: ReadonlyMap<string, Implementation>;
}

/** Defines an agent. Throws at once on a bad id or on two skills of one name. */
export function defineAgent(spec: AgentSpec): Agent {
  AgentId.parse(spec.id);
  const implementations = new Map(spec.skills.map((implementation) => [implementation.skill.id, implementation]));
  if (implementations.size < spec.skills.length) throw new Error(`agent ${spec.id} has two skills of one name`);
  return {
    id: spec.id,
    name: spec.name,
    description: spec.description,
    version: spec.version ?? VERSION,
    skills: spec.skills.map(({ skill }) => skill),
    implementations,
  };
}
