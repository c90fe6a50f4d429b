/** The command behind `npm run bench`: measures what is named, or all there is. */
import '../test/faults/typescript-hook.mjs';

const { main } = await import('./sigma.ts');
process.exitCode = await main(process.argv.slice(2));
