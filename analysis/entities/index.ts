/** Entities: the hosts, users, addresses, files and processes that statements are about, and who is bound together by them. */
export { entityOf, entityKey, ENTITY_TYPES, type Entity, type EntityType } from './entity.ts';
export { bind, type Bond, type Bound, type Sighting } from './graph.ts';
