/** The agent under test: made with the shipped `aurora-mesh/agent`, under default settings. */
import { shipped } from './shipped.mjs';
import { SKILLS } from './skills.mjs';

const { defineAgent, run } = await shipped('boot', 'author');

process.once('disconnect', () => process.exit(0));
await run(
  defineAgent({ id: 'threat-intel', name: 'Reference agent', description: 'One skill, one answer.', skills: SKILLS }),
  { flags: JSON.parse(process.argv[2]) },
);
