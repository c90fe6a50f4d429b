"""What an expert sees in X.509 certificates: weak, forged, expired, misleading, or known from an attacker's tool."""
import datetime
import hashlib
import ipaddress
import re
import unicodedata

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from verdict import Finding, conclude

CERTIFICATES_MAX, NAMES_MAX, MANY_NAMES, DAYS_MAX_LEAF = 64, 200, 100, 825
BLOCK = re.compile(rb'-----BEGIN ([A-Z0-9 ]{1,40})-----.*?-----END \1-----', re.DOTALL)
#: What attackers' tools write into the certificates they make by themselves, and nobody else does.
KNOWN_TOOLS = {
    'Cobalt Strike': re.compile(r'cobaltstrike|Major Cobalt Strike', re.IGNORECASE),
    'AsyncRAT': re.compile(r'CN=AsyncRAT Server'),
    'DcRat': re.compile(r'CN=DcRat(?: Server)?(?:,|$)'),
    'VenomRAT': re.compile(r'CN=VenomRAT Server'),
    'Quasar': re.compile(r'CN=Quasar Server CA'),
    'BitRAT': re.compile(r'CN=BitRAT(?:,|$)'),
    'Orcus': re.compile(r'CN=Orcus Server'),
    'PoshC2': re.compile(r'CN=P18055077'),
}
COBALT_STRIKE_SERIAL = 146473198
TOOL_DEFAULTS = re.compile(r'O=(?:Internet Widgits Pty Ltd|Default Company Ltd)|ST=Some-State')
#: Cyrillic and Greek letters that look like Latin ones.
LOOKALIKES = str.maketrans('аеорсухіјѕԁһқӏԛԝνοαρτι', 'aeopcyxijsdhklqwvoapti')


def analyze(data, name, host, at):
    """The result for PEM or DER bytes; `host` is the name that was dialled, `at` the moment to judge for."""
    blocks = [(b'CERTIFICATE', data)] if data[:1] == b'\x30' else [(found[1], found[0]) for found in BLOCK.finditer(data)]
    findings, chain, items = [], [], 0
    for number, (label, block) in enumerate(blocks[:CERTIFICATES_MAX], 1):
        place = f'block {number}'
        if label.endswith(b'PRIVATE KEY'):
            title = 'A private key lies beside the certificates: whoever has this file can pose as their owner'
            findings.append(Finding(f'{place} private-key', title, 'high', 0.6, ['T1552.004']).seen(name, place, label.decode()))
        if not label.endswith(b'CERTIFICATE'):
            continue
        items += 1
        try:
            certificate = x509.load_der_x509_certificate(block) if block[:1] == b'\x30' else x509.load_pem_x509_certificate(block.replace(label, b'CERTIFICATE'))
            findings += [finding.seen(name, f'{place}, {part}', excerpt) for finding, part, excerpt in look_at(certificate, place, at)]
            chain.append((place, certificate))
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as fault:
            title = f'A certificate that cannot be read: {type(fault).__name__}'
            findings.append(Finding(f'{place} damaged', title, 'low', 0.1).seen(name, place, label.decode()))
    findings += [finding.seen(name, f'{place}, {part}', excerpt) for finding, place, part, excerpt in look_at_chain(chain)]
    if host and chain:
        place, leaf = chain[0]
        if not any(covers(pattern, host) for pattern in names_of(leaf)):
            title = 'The certificate is not for the name that was dialled'
            findings.append(Finding('name-mismatch', title, 'medium', 0.3, ['T1557']).seen(name, f'{place}, names', f'{host} is not in {", ".join(names_of(leaf)[:10])}'))
    return conclude(
        subject=name,
        findings=findings,
        iocs=iocs_of([certificate for _, certificate in chain]),
        checked={
            'question': f'Is any certificate weak, forged, misleading or known from a tool of attackers, as of {at:%Y-%m-%d}?',
            'corpus': {'sha256': hashlib.sha256(data).hexdigest(), 'items': items + max(0, len(blocks) - CERTIFICATES_MAX), 'items_read': len(chain)},
        },
        not_checked=[
            {'what': 'revocation', 'why': 'nobody is asked over the network'},
            {'what': 'trust', 'why': 'which authorities you trust is not known here'},
            *([] if host else [{'what': 'the name', 'why': 'the host that was dialled was not given (params.host)'}]),
        ],
    )


def look_at(certificate, place, at):
    """What one certificate shows by itself: findings with the part they stand in and its text."""
    subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    names, is_ca = names_of(certificate), is_authority(certificate)
    tool = next((tool for tool, mark in KNOWN_TOOLS.items() if mark.search(f'{subject},{issuer}')), None)
    if certificate.serial_number == COBALT_STRIKE_SERIAL:
        tool = 'Cobalt Strike'
    if tool:
        yield Finding(f'{place} tool', f'The certificate that {tool} makes by itself', 'critical', 0.9, ['T1587.003', 'T1573.002']), 'subject', subject
    yield from look_at_key(certificate, place)
    yield from look_at_times(certificate, place, at, is_ca)
    if subject == issuer and not is_ca:
        yield Finding(f'{place} self-signed', 'Self-signed: nobody vouches for it', 'low', 0.1), 'issuer', issuer
    if TOOL_DEFAULTS.search(subject):
        yield Finding(f'{place} defaults', 'Made with the example values of a tool', 'low', 0.1), 'subject', subject
    if is_ca and any('.' in each for each in names):
        yield Finding(f'{place} ca-server', 'A server certificate that may sign others: whoever runs the server can pose as anybody', 'medium', 0.3, ['T1553.004']), 'basic constraints', 'CA:TRUE'
    if not is_ca and not alternative_names(certificate):
        yield Finding(f'{place} no-names', 'No subject alternative name: clients of today refuse it', 'info', 0), 'names', subject
    if len(names) > MANY_NAMES:
        yield Finding(f'{place} many-names', f'One certificate for {len(names)} names', 'info', 0), 'names', ', '.join(names[:10])
    for each in names[:NAMES_MAX]:
        if meant := imitated_by(each):
            yield Finding(f'{place} lookalike {each}', f'A name in foreign letters that looks like {meant}', 'high', 0.6, ['T1583.001']), 'names', each


def look_at_key(certificate, place):
    key, algorithm = certificate.public_key(), signature_hash_of(certificate)
    size = getattr(key, 'key_size', 256)
    least = {rsa.RSAPublicKey: 2048, dsa.DSAPublicKey: 2048, ec.EllipticCurvePublicKey: 224}
    if any(isinstance(key, kind) and size < bits for kind, bits in least.items()):
        yield Finding(f'{place} weak-key', f'A key of {size} bits can be broken', 'high' if size <= 1024 and size > 400 else 'medium', 0.3, ['T1600.001']), 'key', f'{type(key).__name__.strip("_")}, {size} bits'
    if isinstance(key, rsa.RSAPublicKey) and key.public_numbers().e < 3:
        yield Finding(f'{place} exponent', 'An RSA exponent of 1 signs and hides nothing', 'high', 0.6), 'key', f'e={key.public_numbers().e}'
    if isinstance(algorithm, (hashes.MD5, hashes.SHA1)) and not is_self_issued(certificate):
        yield Finding(f'{place} weak-signature', f'Signed with {algorithm.name}, which can be forged', 'medium', 0.3, ['T1649']), 'signature', algorithm.name


def look_at_times(certificate, place, at, is_ca):
    begin, end = certificate.not_valid_before, certificate.not_valid_after
    shown = f'{begin:%Y-%m-%d} to {end:%Y-%m-%d}'
    if end <= begin:
        yield Finding(f'{place} times', 'It ends before it begins', 'medium', 0.3), 'validity', shown
    elif end < at:
        yield Finding(f'{place} expired', f'Expired since {end:%Y-%m-%d}', 'low', 0.1), 'validity', shown
    elif begin > at:
        yield Finding(f'{place} not-yet', f'Not valid before {begin:%Y-%m-%d}', 'low', 0.1), 'validity', shown
    if not is_ca and (end - begin).days > DAYS_MAX_LEAF:
        yield Finding(f'{place} long-lived', f'Valid for {(end - begin).days} days: no public authority gives that long', 'low', 0.1), 'validity', shown


def look_at_chain(chain):
    """Whether each was signed by whom it names, among those that are here."""
    for place, certificate in chain:
        issuers = [other for _, other in chain if other.subject == certificate.issuer]
        proofs = [is_signed_by(certificate, issuer) for issuer in issuers]
        if issuers and True not in proofs and None not in proofs:
            yield Finding(f'{place} forged', 'Its signature is not by the key of whom it names as issuer', 'high', 0.8, ['T1649']), place, 'signature', certificate.issuer.rfc4514_string()
        signer = next((issuer for issuer, proof in zip(issuers, proofs) if proof), None)
        if signer and signer is not certificate and not is_authority(signer):
            yield Finding(f'{place} no-authority', 'Signed by one that is no authority', 'high', 0.6, ['T1649']), place, 'issuer', certificate.issuer.rfc4514_string()


def is_signed_by(certificate, issuer):
    """True or False; None where the algorithm is not known here."""
    key, signature, signed = issuer.public_key(), certificate.signature, certificate.tbs_certificate_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), certificate.signature_hash_algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(certificate.signature_hash_algorithm))
        elif hasattr(key, 'verify') and not isinstance(key, dsa.DSAPublicKey):
            key.verify(signature, signed)
        else:
            return None
        return True
    except InvalidSignature:
        return None if 'PSS' in str(certificate.signature_algorithm_oid) else False
    except (UnsupportedAlgorithm, TypeError, ValueError):
        return None


def signature_hash_of(certificate):
    try:
        return certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None


def is_self_issued(certificate):
    return certificate.subject == certificate.issuer


def is_authority(certificate):
    constraints = extension_of(certificate, ExtensionOID.BASIC_CONSTRAINTS)
    return bool(constraints and constraints.ca)


def names_of(certificate):
    """Host names and addresses it is for; the common name only where no alternative name stands."""
    common = [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return alternative_names(certificate) or common


def alternative_names(certificate):
    names = extension_of(certificate, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    return [] if names is None else [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def extension_of(certificate, oid):
    try:
        return certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None


def covers(pattern, host):
    """RFC 6125: a star stands for one whole first label."""
    pattern, host = pattern.lower().rstrip('.'), host.lower().rstrip('.')
    return pattern == host or (pattern.startswith('*.') and '.' in host and pattern[1:] == host[host.index('.') :])


def imitated_by(name):
    """The Latin name that a name in other letters looks like, or None."""
    try:
        shown = '.'.join(label[4:].encode().decode('punycode') if label.startswith('xn--') else label for label in name.lower().split('.'))
    except (UnicodeError, ValueError):
        return None
    plain = ''.join(letter for letter in unicodedata.normalize('NFKD', shown.translate(LOOKALIKES)) if not unicodedata.combining(letter))
    return plain if not shown.isascii() and plain.isascii() else None


def iocs_of(chain):
    """Names and addresses to ask threat intelligence about."""
    named = {each.removeprefix('*.').lower() for certificate in chain for each in names_of(certificate)[:NAMES_MAX]}
    return [{'type': 'ip' if is_address(each) else 'domain', 'value': each} for each in sorted(named) if is_address(each) or re.fullmatch(r'[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+', each)]


def is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
