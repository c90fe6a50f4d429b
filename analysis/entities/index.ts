/** Entities: the hosts, users, addresses, files and processes that statements are about, and who is bound together by them. */
export { entityOf, entityKey, isBuiltIn, ENTITY_TYPES, type Entity, type EntityType } from './entity.ts';
export { bind, HOSTS_MAX, type Bond, type Bound, type Sighting } from './graph.ts';
export { settleNames } from './names.ts';
