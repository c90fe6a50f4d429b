/** What this machine is called by others: nothing that acts may be aimed at it (ATK-F4). */
import { hostname, networkInterfaces } from 'node:os';

/** Its name, besides the addresses of all its interfaces as they are at the start. */
export const ownHosts = (): string[] => [
  hostname(),
  ...Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address)),
];
