"""Findings in, verdict out: the arithmetic that all specialists of the mesh use, so that verdicts can be compared."""

import dataclasses

SEVERITIES = ('info', 'low', 'medium', 'high', 'critical')
WEIGHTS = {'info': 0, 'low': 0.1, 'medium': 0.3, 'high': 0.6, 'critical': 0.9}
CONFIDENCE_CAP, INCOMPLETE_CAP, MALICIOUS_FROM, SUSPICIOUS_FROM, TEXT_MAX = 0.95, 0.5, 0.7, 0.1, 240
ATTACK_VERSION = '19'
TECHNIQUES = {
    'T1552.004': 'Private Keys',
    'T1573.002': 'Asymmetric Cryptography',
    'T1583.001': 'Domains',
    'T1587.003': 'Digital Certificates',
    'T1649': 'Steal or Forge Authentication Certificates',
}


@dataclasses.dataclass
class Finding:
    """One statement. Those of one basis are not independent: only the weightiest counts."""

    id: str
    severity: str
    title: str
    weight: float = None
    basis: str = 'hygiene'
    techniques: list = dataclasses.field(default_factory=list)
    evidence: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.weight = WEIGHTS[self.severity] if self.weight is None else self.weight
        self.title = printable(self.title)

    def at(self, source, place, locator, excerpt):
        self.id = printable(f'{place} {self.id}').replace(' ', '-')
        self.evidence = [{'source': printable(source), 'locator': printable(locator), 'excerpt': printable(excerpt)}]
        return self


def conclude(subject, findings, iocs, checked, not_checked):
    """The same findings give the same result. What could not be read keeps it from being benign."""
    ordered = sorted(findings, key=lambda each: (-SEVERITIES.index(each.severity), -each.weight, each.id))
    is_incomplete = any(not 0 < each['corpus']['items'] == each['corpus']['items_read'] for each in checked)
    confidence, formula = confidence_of(ordered, INCOMPLETE_CAP if is_incomplete else CONFIDENCE_CAP)
    severity = ordered[0].severity if ordered else 'info'
    verdict = verdict_of(severity, confidence, is_incomplete)
    more = f' and {len(ordered) - 1} more' if len(ordered) > 1 else ''
    seen = {}
    for finding in ordered:
        for technique in finding.techniques:
            seen.setdefault(technique, []).extend(finding.evidence)
    return {
        'severity': severity,
        'confidence': confidence,
        'mitre_techniques': sorted(seen),
        'iocs': iocs,
        'verdict': verdict,
        'summary': f'{printable(subject)}: {verdict}. {ordered[0].title if ordered else "Nothing found"}{more}.',
        'arithmetic': f'confidence {formula}; severity {severity}',
        'techniques': [
            {'id': each, 'name': TECHNIQUES[each], 'attack_version': ATTACK_VERSION, 'evidence': seen[each][:5]}
            for each in sorted(seen)
        ],
        'findings': [
            {name: getattr(each, name) for name in ('id', 'title', 'severity', 'techniques', 'evidence')}
            for each in ordered
        ],
        'not_checked': [{'what': what, 'why': why} for what, why in not_checked],
        'checked': checked,
        'recommendations': [],
        'data_versions': {'attack': ATTACK_VERSION},
    }


def confidence_of(findings, cap):
    best = {}
    for finding in sorted(findings, key=lambda each: (-each.weight, each.id)):
        best.setdefault(finding.basis, finding)
    weighed, doubt = [each for each in best.values() if each.weight], 1.0
    for finding in weighed:
        doubt *= 1 - finding.weight
    confidence = round(min(1 - doubt, cap), 2)
    terms = '·'.join(f'(1-{each.weight} {each.id})' for each in weighed)
    return confidence, f'{confidence} = 1 - {terms}, at most {cap}' if weighed else '0 (no finding of weight)'


def verdict_of(severity, confidence, is_incomplete):
    rank = SEVERITIES.index(severity)
    if rank >= SEVERITIES.index('high') and confidence >= MALICIOUS_FROM:
        return 'malicious'
    if rank >= SEVERITIES.index('low') and confidence >= SUSPICIOUS_FROM:
        return 'suspicious'
    return 'inconclusive' if is_incomplete else 'benign'


def printable(text):
    """What others wrote, without anything that a terminal obeys or that hides something from the eye."""
    safe = ''.join(letter if letter.isprintable() else f'\\u{{{ord(letter):x}}}' for letter in text[:TEXT_MAX])
    return safe if len(safe) <= TEXT_MAX else f'{safe[: TEXT_MAX - 1]}…'
