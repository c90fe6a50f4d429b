"""Who is who: this agent's Ed25519 key, the pinned keys of others, and proofs that are bound to one connection."""

import base64
import hashlib
import json
import os
import secrets
import stat

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class Identity:
    """The names and the key of this process, as `aurora agents enroll <id>` made it in the data folder."""

    def __init__(self, agent_id, data):
        self.agent_id = agent_id
        self.instance_id = f'inst_{secrets.token_hex(12)}'
        self._pins = os.path.join(data, 'pins', 'pins.json')
        self._key = read_key(os.path.join(data, 'keys', agent_id, 'key.pem'), agent_id)
        spki = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public_key = to_base64url(spki)
        self.fingerprint = hashlib.sha256(spki).hexdigest()[:16]

    def prove(self, challenge, dialled, connection_id):
        return to_base64url(
            self._key.sign(signed_bytes(challenge, self.agent_id, self.instance_id, dialled, connection_id))
        )

    def pin_of(self, peer_id):
        """The pin of somebody, read anew each time: who is enrolled or removed meanwhile counts at once."""
        with open(self._pins, encoding='utf-8') as file:
            return next((pin for pin in json.load(file) if pin['id'] == peer_id), None)


def is_proven(public_key, proof, *subject):
    """Whether the proof was made with that key over exactly this subject; what is malformed is simply not."""
    try:
        key = serialization.load_der_public_key(from_base64url(public_key))
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(from_base64url(proof), signed_bytes(*subject))
        return True
    except (InvalidSignature, ValueError, TypeError):
        return False


def signed_bytes(challenge, agent_id, instance_id, dialled, connection_id):
    return '\0'.join(('aurora-mesh-hello-v1', challenge, agent_id, instance_id, dialled, connection_id)).encode(
        'utf-8', 'replace'
    )


def read_key(path, agent_id):
    if not os.path.exists(path):
        raise SystemExit(f'there is no key {path}; make it with: aurora agents enroll {agent_id}')
    if stat.S_IMODE(os.lstat(path).st_mode) & 0o077:
        raise SystemExit(f'{path} may be read by others; run: chmod 600 {path}')
    with open(path, 'rb') as file:
        key = serialization.load_pem_private_key(file.read(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f'{path} holds a key that is not Ed25519')
    return key


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def from_base64url(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
