/** The command behind `npm run test:faults`: builds what has to be built, then runs the scenarios. */
import { setup } from '../../bin/setup.mjs';
import './typescript-hook.mjs';

await setup();
const { main } = await import('./runner.ts');
process.exitCode = await main(process.argv.slice(2));
