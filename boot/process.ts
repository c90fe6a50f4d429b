/** The entry of one process: `process.js orchestrator | agent <id> | keys | health [--config FILE] [--flags JSON]`. */
import { parseArgs } from 'node:util';
import { FlagsText, loadConfig, type Config } from './config.ts';
import { ensureFleetKeys } from './enrol.ts';
import { askHealth } from './health.ts';
import { ConfigError } from './layers.ts';
import { live } from './lifetime.ts';

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, flags: { type: 'string' } },
  });
  const [role, id] = positionals;
  const read = () => loadConfig({ file: values.config, flags: FlagsText.parse(values.flags ?? '{}') });
  switch (role) {
    case 'orchestrator':
      return live(async () => (await import('./orchestrator.ts')).startOrchestrator(read()));
    case 'agent':
      return live(() => startNamed(id, read()));
    case 'keys':
      return say(() => `keys and pins are in ${ensureFleetKeys(read()).data}`);
    case 'health':
      return say(async () => JSON.stringify(await askHealth(id ?? 'orchestrator', read())));
    case undefined:
    default:
      console.error('aurora: say what to be: orchestrator, agent <id>, keys or health');
      process.exit(2);
  }
}

/** Loads only what this agent needs: the other trades cost memory and start-up time. */
async function startNamed(id: string | undefined, config: Config) {
  if (id === undefined) throw new ConfigError('say which agent: process.js agent <id>');
  const [{ startAgent }, { loadAgent }] = await Promise.all([import('./agent.ts'), import('./roster.ts')]);
  return startAgent(await loadAgent(id), config);
}

/** Does one thing, prints its sentence, ends with 0, or 1 and the reason. */
async function say(act: () => string | Promise<string>): Promise<void> {
  try {
    console.log(await act());
  } catch (reason) {
    console.error(`aurora: ${reason instanceof Error ? reason.message : String(reason)}`);
    process.exitCode = 1;
  }
}
