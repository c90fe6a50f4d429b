/** Writes more of a log than anybody reads, then says that it still works, and waits to be told to end. */
import '../../faults/typescript-hook.mjs';

const { pinoLog } = await import('../../../seams/log.ts');
const log = pinoLog({ level: 'info', name: 'writer' });
const words = 'x'.repeat(1_000);

for (let nth = 0; nth < 20_000; nth++) log.info({ nth, words }, 'a line');
setImmediate(() => process.stdout.write('still here\n'));
process.stdin.once('data', () => {
  log.info({}, 'the last word');
  process.exit(0);
});
