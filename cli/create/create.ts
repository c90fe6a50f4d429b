/** `aurora create agent`: an agent that runs and is tested, in a checkout of this repository or in a package of its own. */
import { resolve } from 'node:path';
import { colors } from '../../boot/index.ts';
import { UsageError } from '../outcome.ts';
import { print } from '../print.ts';
import { carryOut, type Creation } from './creation.ts';
import { namesOf, type Names } from './names.ts';
import { planPackage } from './package.ts';
import { checkoutAround, planSpecialist } from './specialist.ts';

/** What one can say beside the name. */
export interface CreateOptions {
  /** The folder; the current one unless said. */
  into?: string | undefined;
  skill?: string | undefined;
  /** For a package: the version or file of aurora-mesh that it depends on. */
  aurora?: string | undefined;
}

/** Creates an agent, and says what was written and what to do next. */
export function createAgent(id: string, options: CreateOptions, json: boolean): void {
  const names = namesOf(id, options.skill);
  const creation = planFor(names, options);
  carryOut(creation);
  if (json) print(toRecord(names, creation));
  else process.stdout.write(toText(names, creation));
}

function planFor(names: Names, { into = '.', aurora }: CreateOptions): Creation {
  const folder = resolve(into);
  const checkout = checkoutAround(folder);
  if (checkout === undefined) return planPackage(folder, names, aurora);
  if (aurora !== undefined)
    throw new UsageError(
      `--aurora is for a package of its own; ${checkout} is a checkout, where the agent becomes a part of it`,
    );
  return planSpecialist(checkout, names);
}

const toRecord = ({ id, skill }: Names, { where, root, files, edits, next }: Creation) => ({
  agent_id: id,
  skill,
  where,
  folder: root,
  files: files.map(({ path }) => path),
  edited: edits.map(({ path }) => path),
  next,
});

function toText({ id, skill }: Names, { where, root, files, edits, next }: Creation): string {
  const place = where === 'checkout' ? 'a specialist of this house' : 'a package of its own';
  return [
    `${colors.bold(id)}, ${place} in ${root}, with the skill ${skill}`,
    ...files.map(({ path }) => `  ${colors.green('new')}      ${path}`),
    ...edits.map(({ path }) => `  ${colors.yellow('changed')}  ${path}`),
    'Next:',
    ...next.map((command) => `  ${command}`),
    '',
  ].join('\n');
}
