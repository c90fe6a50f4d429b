/** What this machine is called by others: nothing that acts may be aimed at it (ATK-F4). */
import { hostname, networkInterfaces } from 'node:os';
import { hostOf } from '../mesh/index.ts';

/** Its name and the one it advertises, whatever port that says, besides the addresses of all its interfaces as they are at the start. */
export const ownHosts = (advertise?: string): string[] => [
  hostname(),
  ...(advertise === undefined ? [] : [hostOf(advertise)]),
  ...Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address)),
];
