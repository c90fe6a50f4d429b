/** Says a word in each of many logs, and ends in the same turn. */
import '../../faults/typescript-hook.mjs';

const { pinoLog } = await import('../../../seams/log.ts');
for (let nth = 0; nth < 20; nth++) pinoLog({ level: 'info', name: `part-${nth}` }).info({ nth }, 'a last word');
process.exit(0);
