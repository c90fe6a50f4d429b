"""The wire, small: bare JSON-RPC and mesh.v1 on one port, for agents written in Python."""

from .host import Agent, Skill, run
from .peer import MeshError

__all__ = ['Agent', 'MeshError', 'Skill', 'run']
