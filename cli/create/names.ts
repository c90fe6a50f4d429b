/** What a new agent is called in each place where its name stands. */
import { AgentId } from '../../protocol/index.ts';
import { UsageError } from '../outcome.ts';

/** The names of one agent. */
export interface Names {
  /** `beacon-hunter`: file, service, place in the fleet. */
  id: string;
  /** `beaconHunterSpecialist`: the constant that its file exports. */
  constant: string;
  /** `Beacon hunter`, for people. */
  title: string;
  /** `ask_beacon_hunter`: its first skill. */
  skill: string;
}

/** The names that follow from an id, or a UsageError that says what is wrong with it. */
export function namesOf(id: string, skill = skillOf(id)): Names {
  if (!AgentId.safeParse(id).success)
    throw new UsageError(
      `"${id.slice(0, SHOWN_CHARS_MAX)}" is no agent name: small letters, digits and single dashes, a letter first, at most 64, like beacon-hunter`,
    );
  if (TAKEN.has(id))
    throw new UsageError(`${id} is no name for an agent: it is taken already; say what it is for, like beacon-hunter`);
  if (!SKILL_ID.test(skill) || skill.length > SKILL_CHARS_MAX || skill.startsWith('rpc'))
    throw new UsageError(
      `"${skill.slice(0, SHOWN_CHARS_MAX)}" is no skill name: snake_case of small letters and digits, verb_noun, at most ${SKILL_CHARS_MAX}; say --skill find_secrets`,
    );
  const [first = '', ...rest] = id.split('-');
  return {
    id,
    // No identifier of the templates ends like this, and no word of the language.
    constant: `${first}${rest.map(capital).join('')}Specialist`,
    title: capital(id.replaceAll('-', ' ')),
    skill,
  };
}

/** Unlike the skill of any other agent. */
const skillOf = (id: string): string => `ask_${id.replaceAll('-', '_')}`.slice(0, SKILL_CHARS_MAX).replace(/_$/, '');

const capital = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;

/** Services and files of the house that are no agents, names that say nothing, and what a package of that name could not depend on. */
const TAKEN = new Set([
  'orchestrator',
  'keys',
  'index',
  'common',
  'helper',
  'helpers',
  'misc',
  'type',
  'types',
  'util',
  'utils',
  'aurora-mesh',
  'typescript',
  'vitest',
  'zod',
]);
/** As cards are read: parts of at most 32 characters. */
const SKILL_ID = /^[a-z][a-z0-9]{0,31}(?:_[a-z0-9]{1,31}){1,15}$/;
const SKILL_CHARS_MAX = 64;
const SHOWN_CHARS_MAX = 80;
