/** Endpoints: what command lines, process trees and drivers of a host say about an intruder. */
export { classifyCommand, parentOf } from './classify.ts';
export type { Classification, CommandSign } from './classify.ts';
export { COMMAND_CHARS_MAX, decodeCommand } from './decode.ts';
export type { DecodedCommand } from './decode.ts';
export { mountedLolbas } from './lolbas.ts';
export type { Lolbas } from './lolbas.ts';
