/** The reference's request and answer, for what is written in TypeScript; the peers have the same in `peers/reference.mjs`. */
import { z } from 'zod';

const Reference = z.object({ PARAMS: z.record(z.string(), z.unknown()), RESULT: z.record(z.string(), z.unknown()) });

export const { PARAMS, RESULT } = Reference.parse(await import(new URL('peers/reference.mjs', import.meta.url).href));
