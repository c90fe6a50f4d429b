"""What an expert sees in X.509 certificates: weak, forged, misleading, or known from a tool of attackers."""

import hashlib
import ipaddress
import itertools
import re

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from verdict import Finding, conclude

BLOCKS_MAX, NAMES_MAX, ISSUERS_MAX, MANY_NAMES, LONG_DAYS, ABSURD_DAYS = 256, 200, 4, 100, 825, 3_660


def analyze(data, source, host, at):
    """The result for PEM or DER bytes; `host` is the name that was dialled, `at` the moment to judge for."""
    blocks, findings, chain = blocks_of(data), [], []
    items = [(f'block {number}', label, block) for number, (label, block) in enumerate(blocks, 1)]
    for place, label, block in items[:BLOCKS_MAX]:
        if label.endswith('PRIVATE KEY'):
            findings.append(private_key().at(source, place, f'{place}, first line', label))
        if label not in CERTIFICATE_LABELS:
            continue
        try:
            certificate = read_certificate(block)
            findings += [
                each.at(source, place, f'{place}, {part}', seen) for part, seen, each in look_at(certificate, at)
            ]
            chain.append((place, certificate))
        except Exception as fault:  # whatever a parser makes of hostile bytes: it is said, and the others are read
            damaged = Finding('damaged', 'low', f'A certificate that cannot be read ({type(fault).__name__})')
            findings.append(damaged.at(source, place, f'{place}, first line', label))
    findings += [each.at(source, place, f'{place}, {part}', seen) for place, part, seen, each in look_at_chain(chain)]
    if host and chain:
        place, leaf = chain[0]
        names = names_of(leaf)
        if not any(covers(pattern, host) for pattern in names):
            other = Finding('other-name', 'medium', 'The certificate is not for the name that was dialled')
            findings.append(other.at(source, place, f'{place}, names', f'{host} is not in {", ".join(names[:10])}'))
    count = sum(label in CERTIFICATE_LABELS for _, label, _ in items)
    question = f'Is any certificate weak, forged, misleading or known from a tool of attackers, as of {at:%Y-%m-%d}?'
    corpus = {'sha256': hashlib.sha256(data).hexdigest(), 'items': count, 'items_read': len(chain)}
    return conclude(
        subject=source,
        findings=findings,
        iocs=iocs_of(certificate for _, certificate in chain),
        checked=[{'question': question, 'corpus': corpus}],
        not_checked=[(what, why) for what, why in NOT_CHECKED if not (host and what == 'the name')],
    )


def blocks_of(data):
    """Label and bytes of each PEM block, also of one that never ends; or the whole, where it is DER."""
    if data[:1] == b'\x30':
        return [('CERTIFICATE', data)]
    return [(found[1].decode(), found[0]) for found in PEM_BLOCK.finditer(data)]


def read_certificate(block):
    if block[:1] == b'\x30':
        return x509.load_der_x509_certificate(block)
    return x509.load_pem_x509_certificate(re.sub(rb'(BEGIN|END) [A-Z0-9 ]+', rb'\1 CERTIFICATE', block))


# -- what shows in one certificate: (part, what stands there, finding)


def look_at(certificate, at):
    subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    names = alternative_names(certificate)
    tool = next((tool for tool, mark in KNOWN_TOOLS if mark.search(f'{subject},{issuer}')), None)
    if tool or certificate.serial_number == COBALT_STRIKE_SERIAL:
        title = f'The certificate that {tool or "Cobalt Strike"} makes by itself'
        yield 'subject', subject, Finding(
            'tool', 'critical', title, basis='tool', techniques=['T1573.002', 'T1587.003']
        )
    for name in names[:NAMES_MAX]:
        if meant := imitated_by(name):
            title = f'A name in foreign letters that looks like {meant}'
            yield 'names', name, Finding(
                f'lookalike {name}', 'high', title, basis='lookalike', techniques=['T1583.001']
            )
    if is_authority(certificate) and any('.' in name for name in names):
        yield 'names', names[0], Finding('signing-server', 'medium', 'A server whose certificate may sign others')
    if not is_authority(certificate) and subject == issuer:
        yield 'issuer', issuer, Finding('self-signed', 'low', 'Self-signed: nobody vouches for it')
    if not is_authority(certificate) and not names:
        yield 'subject', subject, Finding('no-names', 'info', 'No alternative name: clients of today refuse it')
    if TOOL_DEFAULTS.search(subject):
        yield 'subject', subject, Finding('defaults', 'low', 'Made with the example values of a tool')
    if len(names) > MANY_NAMES:
        yield 'names', ', '.join(names[:10]), Finding('many-names', 'info', f'One certificate for {len(names)} names')
    yield from look_at_key(certificate)
    yield from look_at_times(certificate, at)


def look_at_key(certificate):
    key, algorithm = certificate.public_key(), signature_hash_of(certificate)
    kind, least = next(((name, bits) for of, name, bits in KEYS if isinstance(key, of)), ('other', 0))
    if least and key.key_size < least:
        yield 'key', f'{kind}, {key.key_size} bits', Finding('short-key', 'medium', f'A key of {key.key_size} bits')
    if kind == 'RSA' and key.public_numbers().e < 3:
        yield 'key', 'exponent 1', Finding('exponent', 'high', 'An RSA exponent of 1 hides nothing', basis='exponent')
    if isinstance(algorithm, (hashes.MD5, hashes.SHA1)) and certificate.subject != certificate.issuer:
        yield 'signature', algorithm.name, Finding('old-hash', 'medium', f'Signed over {algorithm.name}: forgeable')


def look_at_times(certificate, at):
    begin, end = certificate.not_valid_before, certificate.not_valid_after
    days, shown = (end - begin).days, f'{begin:%Y-%m-%d} to {end:%Y-%m-%d}'
    if end <= begin:
        yield 'validity', shown, Finding('never-valid', 'medium', 'It ends before it begins')
    elif end < at:
        yield 'validity', shown, Finding('expired', 'low', f'Expired since {end:%Y-%m-%d}')
    elif begin > at:
        yield 'validity', shown, Finding('not-yet-valid', 'low', f'Not valid before {begin:%Y-%m-%d}')
    if days > LONG_DAYS and not is_authority(certificate):
        severity = 'low' if days > ABSURD_DAYS else 'info'
        yield 'validity', shown, Finding(
            'long-lived', severity, f'Valid for {days} days: no public authority does that'
        )


def private_key():
    title = 'A private key lies in this file: whoever has it can pose as its owner'
    return Finding('private-key', 'high', title, weight=0.5, basis='private-key', techniques=['T1552.004'])


# -- what shows between certificates


def look_at_chain(chain):
    """Whether each was signed by whom it names, among those that are here."""
    for place, certificate in chain:
        signers = (other for _, other in chain if may_have_signed(other, certificate))
        issuers = list(itertools.islice(signers, ISSUERS_MAX))
        proofs = [is_signed_by(certificate, issuer) for issuer in issuers]
        named = certificate.issuer.rfc4514_string()
        if issuers and all(proof is False for proof in proofs):
            title = 'Its signature is not by the key of whom it names as its issuer'
            yield place, 'signature', named, Finding('forged', 'high', title, 0.8, basis='forged', techniques=['T1649'])
        proven = [issuer for issuer, proof in zip(issuers, proofs) if proof]
        if proven and certificate not in proven and not any(map(is_authority, proven)):
            title = 'Signed by a certificate that is no authority'
            yield place, 'issuer', named, Finding('no-authority', 'high', title, basis='forged', techniques=['T1649'])


def may_have_signed(issuer, certificate):
    """By name and, where both say it, by key: authorities of one name have several keys."""
    if issuer.subject != certificate.issuer:
        return False
    wanted = extension_of(certificate, ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
    own = extension_of(issuer, ExtensionOID.SUBJECT_KEY_IDENTIFIER)
    return not (wanted and own and wanted.key_identifier) or wanted.key_identifier == own.digest


def is_signed_by(certificate, issuer):
    """True or False; None where that cannot be told here."""
    key, algorithm = issuer.public_key(), signature_hash_of(certificate)
    how = []
    if isinstance(key, rsa.RSAPublicKey) and certificate.signature_algorithm_oid != RSA_PSS:
        how = [padding.PKCS1v15(), algorithm]
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm:
        how = [ec.ECDSA(algorithm)]
    elif not isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        return None
    try:
        key.verify(certificate.signature, certificate.tbs_certificate_bytes, *how)
        return True
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, TypeError, ValueError):
        return None


# -- what stands in a certificate


def signature_hash_of(certificate):
    try:
        return certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None


def is_authority(certificate):
    constraints = extension_of(certificate, ExtensionOID.BASIC_CONSTRAINTS)
    return bool(constraints and constraints.ca)


def names_of(certificate):
    """What it is for; the common name only where no alternative name stands."""
    common = [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return alternative_names(certificate) or common


def alternative_names(certificate):
    names = extension_of(certificate, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    if names is None:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def extension_of(certificate, oid):
    try:
        return certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None


# -- names


def covers(pattern, host):
    """RFC 6125: a star stands for one whole first label."""
    pattern, host = pattern.lower().rstrip('.'), host.lower().rstrip('.')
    return pattern == host or (pattern.startswith('*.') and host.partition('.')[2] == pattern[2:])


def imitated_by(name):
    """The Latin name that a name in other letters looks like, or None."""
    try:
        labels = [
            label[4:].encode().decode('punycode') if label[:4] == 'xn--' else label for label in name.lower().split('.')
        ]
    except (UnicodeError, ValueError, OverflowError):
        return None
    shown = '.'.join(labels)
    plain = shown.translate(LOOKALIKES)
    return plain if plain.isascii() and not shown.isascii() else None


def iocs_of(certificates):
    """Names and addresses to ask threat intelligence about."""
    named = {name.removeprefix('*.').lower() for each in certificates for name in names_of(each)[:NAMES_MAX]}
    typed = [('ip' if is_address(name) else 'domain', name) for name in sorted(named)]
    return [{'type': kind, 'value': name} for kind, name in typed if kind == 'ip' or DOMAIN.match(name)][:NAMES_MAX]


def is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


#: What tools of attackers write into the certificates they make by themselves, and nobody else does.
KNOWN_TOOLS = [
    ('Cobalt Strike', re.compile('cobaltstrike|Major Cobalt Strike', re.IGNORECASE)),
    ('AsyncRAT', re.compile('CN=AsyncRAT Server')),
    ('DcRat', re.compile(r'CN=DcRat(?: Server)?(?:,|\+|$)')),
    ('VenomRAT', re.compile('CN=VenomRAT Server')),
    ('Quasar', re.compile('CN=Quasar Server CA')),
    ('BitRAT', re.compile(r'CN=BitRAT(?:,|\+|$)')),
    ('Orcus', re.compile('CN=Orcus Server')),
    ('PoshC2', re.compile('CN=P18055077')),
]
COBALT_STRIKE_SERIAL = 146473198
TOOL_DEFAULTS = re.compile('O=(?:Internet Widgits Pty Ltd|Default Company Ltd)|ST=Some-State')
#: Cyrillic and Greek letters, and the Latin ones that they look like.
LOOKALIKES = str.maketrans('аеорсухіјѕԁһӏԛԝкνοαρτικ', 'aeopcyxijsdhlqwkvoaptik')
KEYS = [(rsa.RSAPublicKey, 'RSA', 2048), (dsa.DSAPublicKey, 'DSA', 2048), (ec.EllipticCurvePublicKey, 'EC', 224)]
RSA_PSS = x509.ObjectIdentifier('1.2.840.113549.1.1.10')
CERTIFICATE_LABELS = ('CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE')
#: Runs on to the next dashes at most, so that a hostile file costs no more than one pass.
PEM_BLOCK = re.compile(rb'-----BEGIN ([A-Z0-9 ]{1,40})-----(?:[^-]|-(?!----))*(?:-----END \1-----)?')
DOMAIN = re.compile(r'[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+\Z')
NOT_CHECKED = [
    ('revocation', 'nobody is asked over the network'),
    ('trust', 'which authorities you trust is not known here'),
    ('the name', 'the host that was dialled was not given (params.host)'),
]
