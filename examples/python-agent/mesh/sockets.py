"""The sockets below a peer: HTTP beside upgrades, and when the other end was heard last.

They are made of `websockets.legacy`, the interface of 10 and later: `websockets.serve` and `connect` are another one since 14.
"""

import asyncio
import time

from websockets.exceptions import InvalidMessage
from websockets.legacy.client import WebSocketClientProtocol, connect
from websockets.legacy.http import read_headers
from websockets.legacy.server import WebSocketServerProtocol, serve

__all__ = ['ClientSocket', 'ServerSocket', 'connect', 'serve']

HEADERS_S = 10


class Heard:
    """Remembers when bytes of any kind came: any frame counts as life."""

    heard_at = 0.0

    def data_received(self, data):
        self.heard_at = time.monotonic()
        super().data_received(data)


class ClientSocket(Heard, WebSocketClientProtocol):
    pass


class ServerSocket(Heard, WebSocketServerProtocol):
    """`answer_http(method, path, headers)` answers what is no upgrade; None lets an upgrade pass."""

    def __init__(self, *args, answer_http, **options):
        super().__init__(*args, **options)
        self.answer_http, self.method = answer_http, ''

    async def read_http_request(self):
        """As the library does, for every method, and not for ever."""
        try:
            async with asyncio.timeout(HEADERS_S):
                self.method, self.path, version = (await self.reader.readline()).decode('ascii').split()
                self.request_headers = await read_headers(self.reader)
        except (ValueError, EOFError, TimeoutError) as fault:
            raise InvalidMessage('did not receive a valid HTTP request') from fault
        if version != 'HTTP/1.1':
            raise InvalidMessage('this port speaks HTTP/1.1')
        return self.path, self.request_headers

    async def process_request(self, path, headers):
        return self.answer_http(self.method, path, headers)

    def write_http_response(self, status, headers, body=None):
        super().write_http_response(status, headers, None if self.method == 'HEAD' else body)
