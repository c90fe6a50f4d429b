/** How peers speak: links, peers, hellos and the hosts that run skills. */
export { hasPort, hostOf, isLoopback, networkOf } from './addresses.ts';
export { defineAgent, type Agent, type AgentSpec } from './agent.ts';
export { digestOf } from './canonical.ts';
export { cardDigestOf } from './card-digest.ts';
export { answerHello, sayHello, type HandshakeDeps, type Introduced, type Principal } from './handshake.ts';
export { createHost, type Host, type HostDeps } from './host.ts';
export {
  fingerprintOf,
  isProven,
  literalPins,
  proveIdentity,
  publicKeyOf,
  type Identity,
  type Pin,
  type Pins,
  type Role,
} from './identity.ts';
export { BARE_LINK_LIMITS, LINK_LIMITS, type Link, type LinkEnd, type LinkLimits, type LinkOwner } from './link.ts';
export type { Subscription } from './asking.ts';
export { isHungUp, isLinkLost, isUnsent } from './failing.ts';
export { createLineShare } from './line-share.ts';
export type { LateAnswer } from './late-answers.ts';
export {
  createMethods,
  createPeer,
  PEER_LIMITS,
  type Call,
  type MethodHandler,
  type MethodTable,
  type NotificationHandler,
  type Peer,
  type PeerDeps,
  type PeerLimits,
} from './peer.ts';
export { createReception, type Reception, type ReceptionDeps } from './reception.ts';
export { createQuota, FRAME_QUOTA, type FrameQuota } from './quota.ts';
export { createPortLoad, type PortLoad } from './load.ts';
export { memoryLink } from './memory.ts';
export { LISTEN_BOUNDS, listen, type HttpRoute, type ListenOptions, type Port, type TlsMaterial } from './listen.ts';
export { assertPublicAddress, isWithin, type PinnedAddress } from './public-address.ts';
export { keepConnected, type StayAway } from './reconnect.ts';
export { simulatedLink } from './simulator.ts';
export { dialWebsocket, lookupOf, type DialOptions, type Trust } from './websocket.ts';
export { toHostPort } from './addresses.ts';
export { requestIdIn, SAFE_HEADERS } from './refusal.ts';
export { advertisedUrl, jsonRoute, serve, type Served, type ServeOptions } from './serve.ts';
