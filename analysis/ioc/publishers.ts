/** Sites that people cite when they write about attacks: a link to them is a reference, unless its author defanged it. */

/** Whether a host belongs to one of them. */
export const isPublisher = (host: string): boolean => {
  const labels = host.toLowerCase().split('.');
  return labels.some((_, index) => PUBLISHERS.has(labels.slice(index).join('.')));
};

const PUBLISHERS = new Set(
  (
    'welivesecurity.com virusradar.com virustotal.com mitre.org nist.gov cisa.gov first.org misp-project.org abuse.ch any.run ' +
    'hybrid-analysis.com urlscan.io shodan.io censys.io talosintelligence.com securelist.com unit42.paloaltonetworks.com ' +
    'proofpoint.com crowdstrike.com mandiant.com trendmicro.com sophos.com sentinelone.com checkpoint.com kaspersky.com ' +
    'symantec.com fortinet.com rapid7.com huntress.com volexity.com recordedfuture.com bleepingcomputer.com thehackernews.com ' +
    'krebsonsecurity.com wikipedia.org ietf.org rfc-editor.org w3.org eset.com ' +
    'creativecommons.org schemas.openxmlformats.org'
  ).split(' '),
);
