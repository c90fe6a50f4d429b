/** Which skills ask by their cards to be shown an input: by its kind, or by its first bytes. */
import type { InputKind, SkillTraits } from '../protocol/index.ts';

/** A skill that asks for inputs. */
export interface Interest {
  agent_id: string;
  skill: string;
  /** Kinds, and first bytes as `bytes:<hex>`. What is neither is for an orchestrator to come. */
  investigates: readonly string[];
}

/** What an agent's skills ask for. Only who reads, and may be found by skill, is asked without anybody naming it. */
export const interestsOf = (
  agent_id: string,
  skills: Iterable<[string, Pick<SkillTraits, 'effect' | 'action_class' | 'routable' | 'investigates'>]>,
): Interest[] =>
  [...skills]
    .filter(([, { effect, action_class, routable }]) => effect === 'read' && action_class === 'read' && routable)
    .filter(([, { investigates }]) => investigates.length > 0)
    .map(([skill, { investigates }]) => ({ agent_id, skill, investigates }));

/** Those that an input is for: each once, in an order that does not depend on who came first. */
export function interestedIn(interests: readonly Interest[], input: { kind: InputKind; head: Uint8Array }): Interest[] {
  const wanting = interests.filter(({ investigates }) =>
    investigates.some((wanted) => wanted === input.kind || isBeginning(wanted, input.head)),
  );
  const by_name = new Map(wanting.map((interest) => [`${interest.agent_id}/${interest.skill}`, interest]));
  return [...by_name].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, interest]) => interest);
}

/** Who of them is asked: in turns, each agent one skill and then another, so that no agent takes the places of the others. */
export function shareOut(interested: readonly Interest[]): { asked: Interest[]; left_out: Interest[] } {
  const turns = interested.map((interest, place) => ({
    interest,
    turn: interested.slice(0, place).filter(({ agent_id }) => agent_id === interest.agent_id).length,
  }));
  const asked = Array.from({ length: SKILLS_OF_AGENT_MAX }, (_, now) => turns.filter(({ turn }) => turn === now))
    .flat()
    .slice(0, INTERESTED_MAX)
    .map(({ interest }) => interest);
  return { asked, left_out: interested.filter((interest) => !asked.includes(interest)) };
}

/** Whether some agent knows what begins like this. */
export const isKnownFile = (interests: readonly Interest[], head: Uint8Array): boolean =>
  interestedIn(interests, { kind: 'file', head }).some(({ investigates }) =>
    investigates.some((wanted) => isBeginning(wanted, head)),
  );

function isBeginning(wanted: string, head: Uint8Array): boolean {
  const hex = FIRST_BYTES.exec(wanted)?.[1];
  return hex !== undefined && Buffer.from(head.subarray(0, hex.length / 2)).toString('hex') === hex;
}

/** Skills that are asked because of their cards in one investigation: the steps of our own rules keep their room. */
export const INTERESTED_MAX = 8;
/** Of these, the skills of one agent. */
export const SKILLS_OF_AGENT_MAX = 2;
/** 4 to 32 bytes: what fewer say is said by too much. */
const FIRST_BYTES = /^bytes:((?:[0-9a-f]{2}){4,32})$/;
