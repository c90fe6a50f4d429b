"""What an agent says of itself: an A2A card, an OpenRPC document, its health, each as data."""

import hashlib
import json
import uuid
from http import HTTPStatus

from .frames import to_text
from .peer import MeshError

BINDING, EXTENSION = 'urn:aurora-mesh:binding:json-rpc-websocket:v1', 'urn:aurora-mesh:extension:skills:v1'
ERRORS = {-32602: 'Invalid params', -32603: 'Internal error', 4990: 'Cancelled', 5040: 'Deadline exceeded'}


def card_of(agent, url):
    traits = {'agent_id': agent.id, 'skills': {skill.id: traits_of(skill) for skill in agent.skills}}
    about = 'Routing, effect, action class, concurrency, targets, kinds of effects and interests of each skill'
    return {
        'name': agent.name,
        'description': agent.description,
        'version': agent.version,
        'supportedInterfaces': [{'url': url, 'protocolBinding': BINDING, 'protocolVersion': '1.0'}],
        'capabilities': {
            'streaming': True,
            'pushNotifications': False,
            'extensions': [{'uri': EXTENSION, 'description': about, 'required': False, 'params': traits}],
        },
        'defaultInputModes': ['application/json'],
        'defaultOutputModes': ['application/json'],
        'skills': [
            {
                'id': skill.id,
                'name': skill.title,
                'description': skill.description,
                'tags': skill.tags,
                'examples': [to_text(each) for each in skill.examples],
            }
            for skill in agent.skills
        ],
    }


def traits_of(skill):
    """All skills of this small framework read, and nothing else."""
    return {
        'effect': 'read',
        'action_class': 'read',
        'routable': True,
        'concurrency': skill.concurrency,
        'targets': [],
        'effect_kinds': [],
        'investigates': skill.investigates,
    }


def digest_of(card):
    """SHA-256 over its canonical JSON (RFC 8785): no floats, and keys in ASCII, are in it."""
    return hashlib.sha256(
        json.dumps(card, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()
    ).hexdigest()


def open_rpc_of(agent):
    info = {'title': agent.name, 'description': agent.description, 'version': agent.version}
    return {'openrpc': '1.3.2', 'info': info, 'methods': [method_of(skill) for skill in agent.skills]}


def method_of(skill):
    required = skill.params.get('required', [])
    return {
        'name': skill.id,
        'summary': skill.title,
        'description': skill.description,
        'tags': [{'name': tag} for tag in skill.tags],
        'paramStructure': 'by-name',
        'params': [
            {'name': name, 'required': name in required, 'schema': schema}
            for name, schema in skill.params['properties'].items()
        ],
        'result': {'name': 'result', 'schema': skill.result},
        'errors': [{'code': code, 'message': message} for code, message in ERRORS.items()],
        'examples': [
            {'name': f'{skill.id}_example', 'params': [{'name': name, 'value': value} for name, value in each.items()]}
            for each in skill.examples[:1]
        ],
        'x-aurora': {**traits_of(skill), 'params_schema': skill.params},
    }


def health_of(host):
    status = 'draining' if host.workshop.is_leaving else 'ok'
    return {
        'status': status,
        'agent_id': host.agent.id,
        'instance_id': host.identity.instance_id,
        'in_flight': host.workshop.calls,
    }


def page_of(status, body, known_tag=None, cache='no-store', **more):
    """An HTTP answer; whoever has it already is told so."""
    text = to_text({'error': body.to_data(str(uuid.uuid4()))} if isinstance(body, MeshError) else body).encode()
    headers = {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': cache,
        'X-Content-Type-Options': 'nosniff',
        **{name.replace('_', '-'): value for name, value in more.items()},
    }
    if cache != 'no-store':
        headers['ETag'] = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
        if known_tag == headers['ETag']:
            return HTTPStatus.NOT_MODIFIED, headers, b''
    return status, headers, text
