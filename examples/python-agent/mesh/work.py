"""Where skills run: once for each task, whoever asks again for it, within its time, and stopped when told to."""

import asyncio
import base64
import binascii
import datetime
import hashlib
import http.client
import urllib.request

from . import frames
from .peer import MeshError, now_iso
from .schema import fault_of

BUDGET_S, ORPHAN_S, CALLS_MAX, TASKS_MAX, EVENTS_MAX, BLOB_BYTES_MAX, BLOB_S = 60, 15, 256, 256, 256, 16_777_216, 30


class Workshop:
    def __init__(self, agent_id):
        self.agent_id, self.is_leaving = agent_id, False
        self.tasks, self.lanes, self.calls = {}, {}, 0

    async def work(self, skill, params, call, principal):
        """One call of a skill. What rides in `_meta` counts only when the orchestrator wrote it."""
        if isinstance(params, list):
            raise MeshError(-32602, 'Invalid params: / must be an object')
        params = {**(params or {})}
        meta = params.pop('_meta', None) or {}
        is_trusted = bool(principal) and principal['role'] == 'orchestrator'
        if is_trusted and (fault := fault_of(META, meta)):
            raise MeshError(-32602, f'Invalid params: {fault}')
        meta = meta if isinstance(meta, dict) else {}
        routing = meta.get('handoff') if is_trusted else None
        token = meta.get('progress_token') if call.peer.is_mesh else None
        if routing is None:
            return await self.run(skill, params, BUDGET_S, Context(call, token))
        return await self.serve_task(skill, params, routing, Context(call, token, routing))

    async def serve_task(self, skill, params, routing, context):
        """A task runs once: who asks again joins the run or is told its outcome; an error may be tried anew under a higher fence."""
        task_id, fence = routing['task_id'], routing['fence']
        if routing['to'] != self.agent_id:
            raise MeshError(4030, f'This handoff is for {routing["to"]}')
        asked = skill.id, hashlib.sha256(frames.to_text([params]).encode()).hexdigest()
        task = self.tasks.get(task_id)
        if task and (fence < task.fence or (fence == task.fence and task.was_stopped)):
            raise MeshError(4090, 'This attempt was taken already', {'fence': fence})
        if task and task.asked != asked:
            raise MeshError(4090, 'This task was asked with another skill or other params', {'fence': fence})
        if not task or (task.has_failed and fence > task.fence):
            running = self.run(skill, params, seconds_left(routing), task := Task(asked, context))
            task.run = asyncio.get_running_loop().create_task(running)
            self.tasks[task_id] = task
            self.forget_oldest()
        else:
            await task.turn_to(context, fence)
        return await task.outcome_for(context)

    def forget_oldest(self):
        done = [task_id for task_id, task in self.tasks.items() if task.run.done()]
        for task_id in done[: max(0, len(self.tasks) - TASKS_MAX)]:
            del self.tasks[task_id]

    async def run(self, skill, params, seconds, context):
        if self.is_leaving:
            raise MeshError(5030, 'This agent is leaving', retry_after_ms=1_000)
        if self.calls >= CALLS_MAX:
            raise MeshError(4290, 'Too many calls are waiting', retry_after_ms=1_000)
        if fault := fault_of(skill.params, params):
            raise MeshError(-32602, f'Invalid params: {fault}')
        lane = self.lanes.setdefault(skill.id, asyncio.Semaphore(skill.concurrency))
        self.calls += 1
        try:
            async with asyncio.timeout(seconds) as deadline, lane:
                result = await skill.run(params, context)
        except TimeoutError as late:
            if deadline.expired():
                raise MeshError(5040, 'Deadline exceeded') from late
            raise
        finally:
            self.calls -= 1
        if fault := fault_of(skill.result, result):
            raise ValueError(f'the result breaks its schema: {fault}')
        return result

    def unfinished(self):
        return [task.run for task in self.tasks.values() if not task.run.done()]

    def in_flight(self):
        """Tasks to ask us for again: those that run, and those whose answer went to a link that is gone by now."""
        return [
            task_id
            for task_id, task in self.tasks.items()
            if not task.was_stopped and (not task.run.done() or task.context.call.peer.is_gone)
        ]


class Context:
    """What a skill is given beside its params."""

    def __init__(self, call, token=None, routing=None):
        self.call, self.token, self.routing, self.seq = call, token, routing, 0

    async def tell(self, kind, value):
        """Progress while it works: `status`, `thought`, `tool_call`, `artifact` or `log`."""
        self.seq += 1
        await self.send({'seq': self.seq, 'at': now_iso(), 'kind': kind, 'value': value})

    async def send(self, event):
        if self.token is not None:
            about = {'task_id': self.routing['task_id']} if self.routing else {}
            await self.call.peer.notify('$/progress', {'token': self.token, **about, **event})

    async def read(self, source):
        """The bytes of a source, inline or kept by the orchestrator under their hash."""
        if 'text' in source:
            return source['text'].encode('utf-8', 'replace')
        if 'ref' in source:
            return await asyncio.to_thread(read_blob, source['ref'], (self.routing or {}).get('blobs'))
        try:
            return base64.b64decode(source['base64'], validate=True)
        except binascii.Error as fault:
            raise MeshError(-32602, 'Invalid params: base64 that cannot be read') from fault


class Task:
    """One run of one handed-off task; its newest asker hears its progress, and may stop it."""

    def __init__(self, asked, context):
        self.asked, self.context, self.fence, self.since = (
            asked,
            context,
            context.routing['fence'],
            context.routing['fence'],
        )
        self.run, self.told = None, []

    @property
    def was_stopped(self):
        return self.run.done() and self.run.cancelled()

    @property
    def has_failed(self):
        return self.run.done() and (self.run.cancelled() or self.run.exception() is not None)

    async def tell(self, kind, value):
        event = {'seq': len(self.told) + 1, 'at': now_iso(), 'kind': kind, 'value': value, 'since': self.since}
        if len(self.told) < EVENTS_MAX:
            self.told.append(event)
            await self.context.send(event)

    async def read(self, source):
        return await self.context.read(source)

    async def turn_to(self, context, fence):
        self.context, self.fence = context, fence
        for event in list(self.told):  # under their first numbers: what was heard already is known by them
            await context.send(event)

    async def outcome_for(self, context):
        try:
            return await asyncio.shield(self.run)
        except asyncio.CancelledError:
            if self.context is context and not self.run.done():
                if context.call.peer.is_gone:  # its orchestrator may come back on another link
                    asyncio.get_running_loop().call_later(ORPHAN_S, self.abandon, context)
                else:
                    self.run.cancel()
            raise

    def abandon(self, context):
        if self.context is context:
            self.run.cancel()


def seconds_left(routing):
    deadline = datetime.datetime.fromisoformat(routing['deadline'].replace('Z', '+00:00'))
    left_s = (deadline - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    seconds = min(routing['budget_ms'] / 1_000, left_s)
    if seconds <= 0:
        raise MeshError(5040, 'Deadline exceeded')
    return seconds


def read_blob(ref, granted):
    if not granted:
        raise MeshError(4040, 'This call may read no references')
    if ref['size'] > BLOB_BYTES_MAX:
        raise MeshError(4130, f'This agent reads at most {BLOB_BYTES_MAX} bytes')
    request = urllib.request.Request(
        f'{granted["url"]}/blobs/{ref["sha256"]}', headers={'Authorization': f'Bearer {granted["token"]}'}
    )
    try:
        with DIRECT.open(request, timeout=BLOB_S) as answer:
            data = answer.read(BLOB_BYTES_MAX + 1)
    except (OSError, http.client.HTTPException) as fault:
        raise MeshError(5030, 'The reference could not be read', retry_after_ms=1_000) from fault
    if len(data) < ref['size']:
        raise MeshError(5030, 'The reference was cut short on its way', retry_after_ms=1_000)
    if hashlib.sha256(data).hexdigest() != ref['sha256']:
        raise MeshError(5000, 'A reference had other bytes than promised')
    return data


DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the environment names
TEXT = {'type': 'string', 'maxLength': 256}
ROUTING = {
    'type': 'object',
    'required': ['task_id', 'to', 'fence', 'deadline', 'budget_ms'],
    'properties': {
        'task_id': TEXT,
        'to': TEXT,
        'fence': {'type': 'integer', 'minimum': 0},
        'deadline': {'type': 'string', 'pattern': r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$'},
        'budget_ms': {'type': 'integer', 'minimum': 0},
        'blobs': {
            'type': 'object',
            'required': ['url', 'token'],
            'properties': {'url': {'type': 'string', 'pattern': '^https?://'}, 'token': {'type': 'string'}},
        },
    },
}
META = {'type': 'object', 'properties': {'handoff': ROUTING, 'progress_token': {'oneOf': [TEXT, {'type': 'number'}]}}}
