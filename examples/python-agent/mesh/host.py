"""An agent on the mesh: skills on one port for bare JSON-RPC and mesh.v1, its card over HTTP, its place in a fleet."""

import argparse
import asyncio
import dataclasses
import functools
import os
import random
import secrets
import signal
import socket
import time
from http import HTTPStatus

from .card import card_of, digest_of, health_of, open_rpc_of, page_of
from .identity import Identity, is_proven
from .peer import BARE_FRAME_BYTES_MAX, FRAME_BYTES_MAX, IN_FLIGHT_MAX, MeshError, Peer, log, now_iso
from .schema import fault_of
from .sockets import ClientSocket, ServerSocket, connect, serve
from .work import Workshop

HELLO_S, RENEW_S, LEASE_MS, DRAIN_S, BACKOFF_S, BACKOFF_S_MAX = 5, 5, 15_000, 25, 0.25, 30
QUIET_S, LINKS_MAX = 10, 1_024
LINK = {
    'subprotocols': ['mesh.v1'],
    'compression': None,
    'max_size': FRAME_BYTES_MAX,
    'ping_interval': None,  # a peer beats by itself
    'close_timeout': 2,
}


@dataclasses.dataclass
class Skill:
    """What an agent offers: `run` is `async (params, context) -> result`; params and result are JSON Schemas."""

    id: str
    title: str
    description: str
    tags: list
    params: dict
    result: dict
    run: callable
    examples: list = dataclasses.field(default_factory=list)
    concurrency: int = 8
    investigates: list = dataclasses.field(default_factory=list)  # kinds of input it wants to see in investigations


@dataclasses.dataclass
class Agent:
    id: str
    name: str
    description: str
    version: str
    skills: list


def run(agent):
    """Serves the agent until SIGTERM: `--data`, `--port`, `--orchestrator`, each also from the environment."""
    options = argparse.ArgumentParser(description=agent.description)
    options.add_argument(
        '--data', default=os.environ.get('AURORA_DATA', os.path.expanduser('~/.aurora')), help='folder of keys and pins'
    )
    options.add_argument('--port', type=int, default=int(os.environ.get('AURORA_PORT', '9020')))
    options.add_argument(
        '--orchestrator',
        default=os.environ.get('AURORA_ORCHESTRATOR'),
        help='where to announce itself; without it, it waits to be dialled',
    )
    asyncio.run(Host(agent, options.parse_args()).serve())


class Host:
    def __init__(self, agent, options):
        self.agent, self.options = agent, options
        self.identity = Identity(agent.id, options.data)
        self.listener = listen(options.port)
        self.port = self.listener.getsockname()[1]
        self.url = f'ws://127.0.0.1:{self.port}'
        self.names = {f'{host}:{self.port}' for host in ('127.0.0.1', 'localhost', '[::1]')}
        self.card = card_of(agent, self.url)
        self.peers, self.workshop = set(), Workshop(agent.id)
        self.bare = {
            'rpc.ping': self.on_ping,
            'rpc.discover': self.on_discover,
            **{skill.id: self.handler_of(skill) for skill in agent.skills},
        }
        self.mesh = {**self.bare, 'mesh/hello': self.on_hello}

    async def serve(self):
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        door = functools.partial(ServerSocket, answer_http=self.answer_http)
        server = await serve(
            self.accept, sock=self.listener, create_protocol=door, origins=[None], server_header=None, **LINK
        )
        announcing = loop.create_task(self.announce(self.options.orchestrator)) if self.options.orchestrator else None
        log('serving', url=self.url, instance_id=self.identity.instance_id, fingerprint=self.identity.fingerprint)
        await stop.wait()
        self.workshop.is_leaving = True
        for peer in [other for other in self.peers if other.is_mesh]:
            peer.spawn(peer.notify('mesh/goaway', {'reason': 'shutting down', 'reconnect_after_ms': 1_000}))
        if announcing:
            announcing.cancel()
            await asyncio.wait([announcing], timeout=HELLO_S)
        if unfinished := {*self.workshop.unfinished(), *(task for peer in self.peers for task in peer.tasks)}:
            await asyncio.wait(unfinished, timeout=DRAIN_S)
        server.close()  # closes every link with 1001
        await server.wait_closed()

    # -- links that come

    async def accept(self, link):
        peer = Peer(link, self.mesh if link.subprotocol else self.bare)
        link.max_size = FRAME_BYTES_MAX if peer.is_mesh else BARE_FRAME_BYTES_MAX
        if len(self.peers) >= LINKS_MAX:
            return await peer.close(1013, 'too many links')
        self.peers.add(peer)
        late = peer.is_mesh and asyncio.get_running_loop().call_later(HELLO_S, self.turn_away_late, peer)
        try:
            await peer.serve()
        finally:
            self.peers.discard(peer)
            late and late.cancel()

    def turn_away_late(self, peer):
        if not peer.principal:
            peer.spawn(peer.close(4008, 'no hello in time'))

    async def on_ping(self, _params, _call):
        return {'ok': True}

    async def on_discover(self, _params, _call):
        return open_rpc_of(self.agent)

    def handler_of(self, skill):
        async def handle(params, call):
            return await self.workshop.work(skill, params, call, await self.principal_of(call.peer))

        return handle

    async def principal_of(self, peer):
        """Who asks: nobody in particular on a bare link; under mesh.v1 whoever proved a key that is pinned still."""
        if not peer.is_mesh:
            return None
        if peer.asked:
            await asyncio.wait([peer.asked])
        if not peer.principal:
            raise MeshError(4010, 'Authentication required')
        pin = self.identity.pin_of(peer.principal['id'])
        if not pin or pin['public_key'] != peer.principal['public_key'] or pin['role'] != peer.principal['role']:
            peer.close_soon(4001, 'no longer pinned')
            raise MeshError(4010, 'This key is no longer pinned here')
        return peer.principal

    # -- hello, both ways

    def introduction(self):
        who = self.identity
        about = {
            'agent_id': who.agent_id,
            'instance_id': who.instance_id,
            'name': self.agent.name,
            'version': self.agent.version,
            'public_key': who.public_key,
        }
        return {
            'agent': about,
            'capabilities': {'cancel': True, 'progress': True, 'approvals': False, 'resume': True, 'batch_max': 32},
            'limits': {'frame_bytes_max': FRAME_BYTES_MAX, 'in_flight_max': IN_FLIGHT_MAX, 'depth_max': 64},
            'heartbeat_ms': 7_000,
            'in_flight': self.workshop.in_flight(),
        }

    async def on_hello(self, params, call):
        """Answers who we are and proves it, then asks the same of the caller: a stranger until it proved a pinned key."""
        peer = call.peer
        if fault := fault_of(HELLO, {} if params is None else params):
            raise MeshError(-32602, f'Invalid params: {fault}')
        if 'mesh.v1' not in params['versions']:
            peer.close_soon(4002, 'no common version')
            raise MeshError(
                -32602, 'Invalid params: no common version, this end speaks mesh.v1', {'versions': ['mesh.v1']}
            )
        peer.asked = peer.asked or asyncio.get_running_loop().create_task(self.meet(peer))
        connection_id = f'conn_{secrets.token_hex(12)}'
        answer = {
            **self.introduction(),
            'version': 'mesh.v1',
            'connection_id': connection_id,
            'server_time': now_iso(),
            'card_digest': digest_of(self.card),
        }
        if 'challenge' in params:
            answer['proof'] = self.identity.prove(params['challenge'], dialled_by(peer), connection_id)
        return answer

    async def meet(self, peer):
        try:
            principal = await self.say_hello(peer)
            if principal['role'] not in ('orchestrator', 'operator'):
                raise MeshError(4030, 'This key is not pinned here as an orchestrator or operator')
            for older in [other for other in self.peers if other.principal and is_same(other.principal, principal)]:
                older.spawn(older.close(4009, 'superseded'))
            peer.principal = principal
        except (MeshError, TimeoutError) as refused:
            code, why = (
                (4008, 'no answer to our hello')
                if isinstance(refused, TimeoutError)
                else ({4030: 4003}.get(refused.code, 4001), refused.message)
            )
            log('a peer was turned away', code=code, why=why)
            await peer.close(code, why[:100])

    async def say_hello(self, peer):
        """Asks the other end who it is. Its role is None when it proved a key that nobody pinned."""
        challenge = secrets.token_urlsafe(32)
        told = await peer.request(
            'mesh/hello', {**self.introduction(), 'versions': ['mesh.v1'], 'challenge': challenge}, HELLO_S
        )
        if fault_of(HELLO_RESULT, told):
            raise MeshError(4010, 'The other end answered no hello')
        peer.limit_frames(told.get('limits', {}).get('frame_bytes_max', FRAME_BYTES_MAX))
        who, pin = told['agent'], self.identity.pin_of(told['agent']['agent_id'])
        key = pin['public_key'] if pin else who.get('public_key', '')
        if not is_proven(
            key, told['proof'], challenge, who['agent_id'], who['instance_id'], dialled_by(peer), told['connection_id']
        ):
            raise MeshError(4010, f'{who["agent_id"]} did not prove its key')
        return {
            'id': who['agent_id'],
            'instance_id': who['instance_id'],
            'role': pin and pin['role'],
            'public_key': key,
        }

    # -- HTTP beside the links

    def answer_http(self, method, path, headers):
        """None lets an upgrade pass; all else is answered here."""
        host, upgrade, offered, version, known = (
            ','.join(headers.get_all(name))
            for name in ('Host', 'Upgrade', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Version', 'If-None-Match')
        )
        is_upgrade, is_get = upgrade.lower() == 'websocket', method in ('GET', 'HEAD')
        pages = {'/.well-known/agent-card.json': lambda: self.card, '/health': lambda: health_of(self)}
        page = pages.get(path.split('?')[0])
        if host.lower() not in self.names:
            return page_of(HTTPStatus.FORBIDDEN, MeshError(4030, 'This port does not answer for that Host'))
        if not is_upgrade and not page:
            return page_of(HTTPStatus.NOT_FOUND, MeshError(4040, 'Not found'))
        if not is_get or (is_upgrade and method != 'GET'):
            return page_of(HTTPStatus.METHOD_NOT_ALLOWED, MeshError(4050, 'Method not allowed'), Allow='GET, HEAD')
        if not is_upgrade:
            is_card = 'card' in path
            return page_of(HTTPStatus.OK, page(), known, cache='public, max-age=60' if is_card else 'no-store')
        if version != '13':
            wrong = MeshError(4000, 'Version 13 of the protocol is spoken here')
            return page_of(HTTPStatus.UPGRADE_REQUIRED, wrong, Upgrade='websocket', Sec_WebSocket_Version='13')
        if offered and 'mesh.v1' not in [name.strip() for name in offered.split(',')]:
            return page_of(HTTPStatus.BAD_REQUEST, MeshError(4000, 'The subprotocol here is mesh.v1'))
        return None

    # -- the orchestrator, to whom we say where we are

    async def announce(self, url):
        """Registers, then renews at a third of the lease; a lost link is dialled again after a growing pause."""
        pause_s = BACKOFF_S
        while True:
            begun_at = time.monotonic()
            try:
                async with connect(url, create_protocol=ClientSocket, **LINK) as link:
                    peer = Peer(link, {'mesh/hello': self.on_hello, 'rpc.ping': self.on_ping})
                    peer.spawn(peer.serve())
                    peer.asked = asyncio.get_running_loop().create_task(self.say_hello(peer))
                    if (await peer.asked)['role'] != 'orchestrator':
                        raise MeshError(4010, 'This is not the pinned orchestrator')
                    await self.keep_lease(peer)
            except Exception as fault:  # whatever it is: it is told, and tried again
                log('the orchestrator is not there', url=url, why=str(fault) or type(fault).__name__)
            pause_s = BACKOFF_S if time.monotonic() - begun_at > QUIET_S else min(BACKOFF_S_MAX, pause_s * 1.6)
            await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))

    async def keep_lease(self, peer):
        asked, state = {'agent_id': self.agent.id, 'url': self.url, 'ttl_ms': LEASE_MS}, None
        try:
            while not peer.is_gone:
                lease = await peer.request('agent/renew' if state else 'agent/register', asked)
                if lease['state'] != state:  # quarantined until somebody approves the fingerprint
                    state = lease['state']
                    log('registered', state=state, fingerprint=self.identity.fingerprint)
                await asyncio.sleep(RENEW_S)
        except asyncio.CancelledError:
            await peer.request('agent/leave', {}, 1)
            raise


def listen(port):
    try:
        return socket.create_server(('127.0.0.1', port))  # loopback only: what is elsewhere needs TLS
    except OSError as fault:
        raise SystemExit(f'port {port} cannot be opened ({fault.strerror}); give another with --port') from fault


def dialled_by(peer):
    """`host:port` as the dialler wrote it: an impostor that relays a challenge to the real port proves the wrong address."""
    host = peer.socket.request_headers['Host']
    return host if host.rpartition(':')[2].isdigit() else f'{host}:80'


def is_same(left, right):
    return (left['id'], left['instance_id']) == (right['id'], right['instance_id'])


def text(length_max):
    return {'type': 'string', 'maxLength': length_max, 'pattern': '^[^\0]*$'}  # a proof joins its parts by NUL


WHO = {
    'type': 'object',
    'required': ['agent_id', 'instance_id', 'name', 'version'],
    'properties': {
        'agent_id': text(80),
        'instance_id': text(64),
        'name': text(256),
        'version': text(64),
        'public_key': text(256),
    },
}
VERSIONS = {'type': 'array', 'minItems': 1, 'maxItems': 16, 'items': text(32)}
HELLO = {
    'type': 'object',
    'required': ['agent', 'versions'],
    'properties': {'agent': WHO, 'versions': VERSIONS, 'challenge': text(64)},
}
LIMITS = {'type': 'object', 'properties': {'frame_bytes_max': {'type': 'integer', 'minimum': 1}}}
HELLO_RESULT = {
    'type': 'object',
    'required': ['agent', 'connection_id', 'proof'],
    'properties': {'agent': WHO, 'limits': LIMITS, 'connection_id': text(64), 'proof': text(128)},
}
