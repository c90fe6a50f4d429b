"""Findings in, verdict out: the arithmetic that every specialist of the mesh uses, so that verdicts can be compared."""
import dataclasses

SEVERITIES = ('info', 'low', 'medium', 'high', 'critical')
CONFIDENCE_CAP, INCOMPLETE_CAP, MALICIOUS_FROM, SUSPICIOUS_FROM, EXCERPT_MAX = 0.95, 0.5, 0.7, 0.1, 240
ATTACK_VERSION = '19'
TECHNIQUES = {
    'T1552.004': 'Private Keys',
    'T1553.004': 'Install Root Certificate',
    'T1557': 'Adversary-in-the-Middle',
    'T1573.002': 'Asymmetric Cryptography',
    'T1583.001': 'Domains',
    'T1587.003': 'Digital Certificates',
    'T1600.001': 'Reduce Key Space',
    'T1649': 'Steal or Forge Authentication Certificates',
}


@dataclasses.dataclass
class Finding:
    """One statement; `weight` is what it is worth alone, `techniques` what of ATT&CK it supports."""

    id: str
    title: str
    severity: str
    weight: float
    techniques: list = dataclasses.field(default_factory=list)
    evidence: list = dataclasses.field(default_factory=list)

    def seen(self, source, locator, excerpt):
        self.evidence.append({'source': printable(source), 'locator': printable(locator), 'excerpt': printable(excerpt)})
        return self


def conclude(subject, findings, iocs, checked, not_checked):
    """The same findings give the same result. What was not read keeps it from being benign."""
    ordered = sorted(findings, key=lambda each: (-SEVERITIES.index(each.severity), -each.weight, each.id))
    is_incomplete = checked['corpus']['items_read'] < checked['corpus']['items'] or checked['corpus']['items'] == 0
    cap, doubt = INCOMPLETE_CAP if is_incomplete else CONFIDENCE_CAP, 1.0
    for finding in ordered:
        doubt *= 1 - finding.weight
    confidence = round(min(1 - doubt, cap), 2)
    severity = ordered[0].severity if ordered else 'info'
    word = verdict_of(SEVERITIES.index(severity), confidence, is_incomplete)
    terms = '·'.join(f'(1-{each.weight} {printable(each.id)})' for each in ordered if each.weight)
    first = f'{word}. {printable(ordered[0].title)}' if ordered else 'nothing found'
    more = f' and {len(ordered) - 1} more finding{"s" if len(ordered) > 2 else ""}' if len(ordered) > 1 else ''
    seen = {technique: each.evidence for each in reversed(ordered) for technique in each.techniques if each.severity != 'info'}
    return {
        'severity': severity,
        'confidence': confidence,
        'mitre_techniques': sorted(seen),
        'iocs': iocs,
        'verdict': word,
        'summary': f'{printable(subject)}: {first}{more}.',
        'arithmetic': f'confidence {confidence} = 1 - {terms or "1 (no finding of weight)"}, at most {cap}; severity {severity}',
        'techniques': [{'id': each, 'name': TECHNIQUES[each], 'attack_version': ATTACK_VERSION, 'evidence': seen[each][:5]} for each in sorted(seen)],
        'findings': [
            {'id': printable(each.id).replace(' ', '-'), 'title': printable(each.title), 'severity': each.severity, 'techniques': each.techniques, 'evidence': each.evidence}
            for each in ordered
        ],
        'not_checked': not_checked,
        'checked': [checked],
        'recommendations': [],
        'data_versions': {'attack': ATTACK_VERSION},
    }


def verdict_of(rank, confidence, is_incomplete):
    if rank >= SEVERITIES.index('high') and confidence >= MALICIOUS_FROM:
        return 'malicious'
    if rank >= SEVERITIES.index('low') and confidence >= SUSPICIOUS_FROM:
        return 'suspicious'
    return 'inconclusive' if is_incomplete else 'benign'


def printable(text):
    """What others wrote, without anything that a terminal obeys or that hides something from the eye."""
    safe = ''.join(letter if letter.isprintable() else f'\\u{{{ord(letter):x}}}' for letter in text[:EXCERPT_MAX])
    return safe if len(safe) < EXCERPT_MAX else f'{safe[: EXCERPT_MAX - 1]}…'
