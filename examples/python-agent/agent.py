#!/usr/bin/python3
"""An agent in Python: it looks at X.509 certificates, and joins the fleet like any other specialist."""

import asyncio
import datetime

import certificates
from mesh import Agent, MeshError, Skill, run

SOURCE = {
    'type': 'object',
    'properties': {
        'name': {'type': 'string', 'maxLength': 255},
        'text': {'type': 'string'},
        'base64': {'type': 'string'},
        'ref': {
            'type': 'object',
            'required': ['sha256', 'size'],
            'properties': {
                'sha256': {'type': 'string', 'pattern': '^[0-9a-f]{64}$', 'maxLength': 64},
                'size': {'type': 'integer', 'minimum': 0},
            },
        },
    },
    'oneOf': [{'required': ['text']}, {'required': ['base64']}, {'required': ['ref']}],
}
PARAMS = {
    'type': 'object',
    'required': ['input'],
    'properties': {
        'input': SOURCE,
        'host': {'type': 'string', 'minLength': 1, 'maxLength': 253, 'description': 'the name that was dialled'},
        'at': {
            'type': 'string',
            'pattern': r'^\d{4}-\d{2}-\d{2}$',
            'maxLength': 10,
            'description': 'the day to judge for; today unless said',
        },
    },
}
RESULT = {
    'type': 'object',
    'required': ['severity', 'confidence', 'verdict', 'summary', 'findings', 'checked', 'not_checked'],
    'properties': {
        'severity': {'type': 'string', 'enum': ['info', 'low', 'medium', 'high', 'critical']},
        'confidence': {'type': 'number', 'minimum': 0, 'maximum': 1},
        'verdict': {'type': 'string', 'enum': ['malicious', 'suspicious', 'benign', 'inconclusive']},
    },
}
EXAMPLE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'


async def analyze_certificate(params, context):
    data = await context.read(params['input'])
    if not certificates.blocks_of(data):
        raise MeshError(4220, 'There is no certificate in the input: give PEM or DER')
    try:
        at = datetime.datetime.fromisoformat(params['at']) if 'at' in params else datetime.datetime.utcnow()
    except ValueError as fault:
        raise MeshError(-32602, 'Invalid params: /at is no day of the calendar') from fault
    source = params['input'].get('name', 'input')
    await context.tell('thought', {'text': f'{len(certificates.blocks_of(data))} blocks to look at'})
    return await asyncio.to_thread(certificates.analyze, data, source, params.get('host'), at)


run(
    Agent(
        id='certificate-analyst',
        name='Certificate analyst',
        description='Looks at X.509 certificates: weak, forged, expired, misleading, or known from a tool of attackers.',
        version='1.0.0',
        skills=[
            Skill(
                id='analyze_certificate',
                title='Analyze certificates',
                description='Judges certificates in PEM or DER, each by itself and as a chain; every statement with its place.',
                tags=['certificate', 'tls', 'pki'],
                params=PARAMS,
                result=RESULT,
                run=analyze_certificate,
                examples=[{'input': {'name': 'server.pem', 'text': EXAMPLE}}],
                investigates=['certificate'],
            )
        ],
    )
)
