/** The command behind `npm run simulate`: shares the seeds out among as many processes as there are cores. */
import '../faults/typescript-hook.mjs';

const { main } = await import('./runner.ts');
process.exitCode = await main(process.argv.slice(2));
