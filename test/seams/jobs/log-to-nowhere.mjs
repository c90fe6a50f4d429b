/** Writes a log that cannot be written, goes on working, and ends with a last word. */
import '../../faults/typescript-hook.mjs';

const { pinoLog } = await import('../../../seams/log.ts');
const log = pinoLog({ level: 'info', name: 'writer' });
log.info({}, 'a first word');
process.stdin.once('data', () => {
  log.error({}, 'a last word');
  process.exit(3);
});
process.stdout.write('still here\n');
