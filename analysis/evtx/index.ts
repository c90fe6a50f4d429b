/** Windows event logs in their binary form: read chunk by chunk, every record either parsed or named as lost. */
export { createEvtxReader, NotEvtx } from './file.ts';
export type { EvtxOptions, EvtxReader, EvtxReport } from './file.ts';
export type { EvtxRecord, WindowsEvent } from './event.ts';
export { createHistogram } from './histogram.ts';
export type { Histogram } from './histogram.ts';
