/** Brands and the names of hosts: whose a host is, whom it imitates, and what kind of host hides its owner. */
export { Brand, BrandPack, isNameAWord, STARTER_BRANDS } from './brands.ts';
export {
  isAddress,
  isMember,
  isMixedScript,
  isOneEdit,
  isInsideName,
  isPublicName,
  isRandomLabel,
  lookalikeOf,
  ownerOf,
  registeredDomain,
  skeleton,
} from './domains.ts';
export type { Lookalike } from './domains.ts';
export { FREEMAIL, FREE_HOSTING, isAmong, isCheap, REDIRECTORS, SHORTENERS, TRIAL_SENDERS } from './hosts.ts';
