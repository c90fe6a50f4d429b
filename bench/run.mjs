/** The command behind `npm run bench`: makes product and peers ready, then measures what is named, or all there is. */
import '../test/faults/typescript-hook.mjs';
import { setup } from '../bin/setup.mjs';
import { installPeers } from './install.mjs';

await setup();
installPeers();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
