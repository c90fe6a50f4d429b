/** Events of hosts and services in one normal form: ECS names beside the original field, both times, and what kind of log they are from. */
export { originalsOf, toEcs } from './ecs.ts';
export { textsOf, fieldOf, type LogEvent, type LogOrigin, type Scalar, type Value } from './event.ts';
export { flatten } from './flatten.ts';
export { normalizeEvent, type Hint } from './normalize.ts';
export { categoriesOf, serviceOf, WINDOWS_SERVICES } from './sources.ts';
export { createSkewMeter, skewOf, zoneOf, type ZoneSkew } from './skew.ts';
export { readTime, timeIn, timesOf, type EventTime } from './times.ts';
