"""One end of a WebSocket that asks and answers: JSON-RPC 2.0 in both directions, behind the frame judge."""

import asyncio
import collections
import datetime
import json
import sys
import time
import uuid

from websockets.exceptions import ConnectionClosed

from . import frames

FRAME_BYTES_MAX, BARE_FRAME_BYTES_MAX, UNSENT_BYTES_MAX = 4_194_304, 65_536, 8_388_608
IN_FLIGHT_MAX, FRAMES_PER_S, BURST_FRAMES, STRIKES_MAX, STRIKE_WINDOW_S = 64, 200, 1_000, 10, 60
RETRYABLE = (4290, 5030)


class MeshError(Exception):
    """What goes on the wire: a code of the table, a sentence, and when to try again."""

    def __init__(self, code, message, detail=None, retry_after_ms=None):
        super().__init__(message)
        self.code, self.message, self.detail, self.retry_after_ms = code, message, detail, retry_after_ms

    def to_data(self, request_id):
        named = f'AURORA-{self.code}' if self.code >= 4000 else f'JSONRPC{self.code}'
        data = {
            'code': named,
            'message': self.message,
            'detail': self.detail,
            'timestamp': now_iso(),
            'request_id': request_id,
            'retryable': self.code in RETRYABLE,
        }
        return data if self.retry_after_ms is None else {**data, 'retry_after_ms': self.retry_after_ms}


class Peer:
    """A connection. `methods` maps a name to `async handler(params, call)`; `closed` is set when it is gone."""

    def __init__(self, socket, methods):
        self.socket, self.methods = socket, methods
        self.is_mesh = socket.subprotocol == 'mesh.v1'
        self.is_gone, self.principal, self.asked = False, None, None
        self.tasks, self.running, self.pending = set(), {}, {}
        self.last_id, self.strikes = 0, collections.deque(maxlen=STRIKES_MAX)
        self.tokens, self.filled_at = BURST_FRAMES, time.monotonic()

    async def serve(self):
        """Reads until the other end is gone."""
        try:
            async for text in self.socket:
                if isinstance(text, bytes):
                    return await self.close(1003, 'text frames only')
                is_batch, entries = frames.read_frame(text)
                if not self.is_within_quota(sum(kind != 'answer' for kind, _ in entries)):
                    return await self.close(4029, 'too many frames')
                self.spawn(self.reply(is_batch, entries))
        except ConnectionClosed:
            pass
        finally:
            self.is_gone = True
            for future in self.pending.values():
                future.done() or future.set_exception(MeshError(5030, 'The link is gone'))
            for call in list(self.running.values()):
                call.task.cancel()

    async def request(self, method, params, seconds=5):
        """Asks; raises the other end's error as MeshError, or TimeoutError."""
        self.last_id += 1
        ident, future = self.last_id, asyncio.get_running_loop().create_future()
        self.pending[ident] = future
        try:
            await self.send({'jsonrpc': '2.0', 'id': ident, 'method': method, 'params': params})
            return await asyncio.wait_for(future, seconds)
        finally:
            self.pending.pop(ident, None)

    async def notify(self, method, params):
        await self.send({'jsonrpc': '2.0', 'method': method, 'params': params})

    async def close(self, code, reason):
        await self.socket.close(code, reason)

    def spawn(self, work):
        """Runs something beside the reading; kept, so that nobody collects it and a drain can wait for it."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def reply(self, is_batch, entries):
        answers = [answer for answer in await asyncio.gather(*(self.answer(*entry) for entry in entries)) if answer]
        if answers:
            await self.send(answers if is_batch else answers[0])

    async def answer(self, kind, value):
        if kind == 'request':
            return await self.call(value)
        if kind == 'refusal':  # one that bears the id of a running call must not settle that call at the other end
            code, ident, message = value
            return self.to_error(None if key_of(ident) in self.running else ident, MeshError(code, message))
        if kind == 'notification':
            self.hear(value)
        if kind == 'answer':
            kind = self.settle(value)
        if kind == 'strike' and self.is_abusive():
            await self.close(4000, 'protocol abuse')
        return None

    async def call(self, request):
        ident, key = request['id'], key_of(request['id'])
        if key in self.running:
            return self.to_error(None, MeshError(-32600, f'Invalid Request: id {frames.to_text(ident)} is in flight'))
        if request['method'] not in self.methods:
            return self.to_error(ident, MeshError(-32601, 'Method not found'))
        if len(self.running) >= IN_FLIGHT_MAX:
            return self.to_error(ident, MeshError(4290, 'Too many requests in flight', retry_after_ms=1_000))
        call = self.running[key] = Call(self)
        try:
            result = await self.methods[request['method']](request.get('params'), call)
            return {'jsonrpc': '2.0', 'result': result, 'id': ident}
        except MeshError as error:
            return self.to_error(ident, error, call.request_id)
        except asyncio.CancelledError:
            return self.to_error(ident, MeshError(4990, 'Cancelled', {'reason': call.cancel_reason}), call.request_id)
        except Exception as fault:
            log('a request failed inside', request_id=call.request_id, fault=repr(fault))
            return self.to_error(ident, MeshError(-32603, 'Internal error'), call.request_id)
        finally:
            del self.running[key]

    def hear(self, notification):
        params = notification.get('params')
        if (
            notification['method'] != '$/cancel'
            or not isinstance(params, dict)
            or not frames.is_id(params.get('id', frames.NO_ID))
        ):
            return
        if call := self.running.get(key_of(params['id'])):
            reason = params.get('reason')
            call.cancel_reason = reason[:1_024] if isinstance(reason, str) else None
            call.task.cancel()

    def settle(self, answer):
        """Settles a request of ours; answers `strike` for an answer to what was never asked."""
        ident = answer['id']
        future = self.pending.pop(ident, None) if frames.is_integer(ident) else None
        if future and not future.done():
            error = answer.get('error')
            (
                future.set_exception(MeshError(error['code'], error['message'][:1_024]))
                if error
                else future.set_result(answer.get('result'))
            )
        is_known = (
            future or (ident is None and 'error' in answer) or (frames.is_integer(ident) and 0 < ident <= self.last_id)
        )
        return 'answer' if is_known else 'strike'

    def is_abusive(self):
        now = time.monotonic()
        self.strikes.append(now)
        return len(self.strikes) == STRIKES_MAX and now - self.strikes[0] <= STRIKE_WINDOW_S

    def is_within_quota(self, count):
        now = time.monotonic()
        self.tokens = min(BURST_FRAMES, self.tokens + (now - self.filled_at) * FRAMES_PER_S) - count
        self.filled_at = now
        return self.tokens >= -BURST_FRAMES

    def to_error(self, ident, error, request_id=None):
        """mesh.v1 errors carry data; a bare peer gets none with the codes of JSON-RPC itself."""
        request_id = request_id or str(uuid.uuid4())
        answer = {'code': error.code, 'message': error.message}
        if self.is_mesh or error.code >= 4000:
            answer['data'] = error.to_data(request_id)
        elif error.code != -32601:
            answer['message'] += f' (request {request_id})'
        return {'jsonrpc': '2.0', 'error': answer, 'id': ident}

    async def send(self, frame):
        text = self.to_fitting_text(frame)
        try:
            if self.socket.transport.get_write_buffer_size() + len(text) > UNSENT_BYTES_MAX:
                return await self.close(1013, 'too much unsent')
            await self.socket.send(text)
        except ConnectionClosed:
            pass  # whoever asked is gone

    def to_fitting_text(self, frame):
        """An answer that cannot be written becomes -32603, one that no frame can carry 4130; in a batch the largest go first."""
        answers = frame if isinstance(frame, list) else [frame]
        texts = [self.to_safe_text(answer) for answer in answers]
        while sum(map(len, texts)) + len(texts) + 2 > FRAME_BYTES_MAX:
            largest = max(range(len(texts)), key=lambda index: len(texts[index]))
            texts[largest] = frames.to_text(self.to_error(answers[largest].get('id'), MeshError(4130, 'Too large')))
        return f'[{",".join(texts)}]' if isinstance(frame, list) else texts[0]

    def to_safe_text(self, answer):
        try:
            return frames.to_text(answer)
        except (ValueError, TypeError, RecursionError):
            return frames.to_text(self.to_error(answer.get('id'), MeshError(-32603, 'Internal error')))


class Call:
    """One request that runs here."""

    def __init__(self, peer):
        self.peer, self.request_id, self.cancel_reason = peer, str(uuid.uuid4()), None
        self.task = asyncio.current_task()


def key_of(ident):
    return type(ident), ident


def now_iso():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def log(text, **fields):
    print(json.dumps({'at': now_iso(), 'msg': text, **fields}), file=sys.stderr, flush=True)
