/** Endpoints: what command lines, process trees and drivers of a host say about an intruder. */
export { assessHosts, HostScore } from './assess.ts';
export type { Seen } from './assess.ts';
export { classifyCommand, parentOf } from './classify.ts';
export type { Classification, CommandSign } from './classify.ts';
export { COMMAND_CHARS_MAX, decodeCommand } from './decode.ts';
export type { DecodedCommand } from './decode.ts';
export { mountedDrivers } from './drivers.ts';
export type { DriverTable, KnownDriver } from './drivers.ts';
export { severityOf } from './gravity.ts';
export { createHostWatch } from './host-watch.ts';
export type { HostWatch } from './host-watch.ts';
export { mountedLolbas } from './lolbas.ts';
export type { Lolbas } from './lolbas.ts';
export { fileOf } from './process-tree.ts';
export type { ProcessNode } from './process-tree.ts';
