"""The wire, small: bare JSON-RPC and mesh.v1 on one port, for agents written in Python."""

try:
    import websockets.legacy.server  # the interface that `sockets` is made of
except ImportError as missing:
    raise SystemExit(f'mesh/ needs websockets 10 to 15, as in python3-websockets of Debian: {missing}') from missing

from .host import Agent, Skill, run
from .peer import MeshError

__all__ = ['Agent', 'MeshError', 'Skill', 'run']
