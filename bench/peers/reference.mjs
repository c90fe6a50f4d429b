/** The request and the answer that every contender carries: the reference's `analyze_threat`. */

/** About 300 bytes as a JSON-RPC frame. */
export const PARAMS = {
  alert_id: 'ALRT-2026-05821',
  iocs: [
    { type: 'ip', value: '45.33.32.156' },
    { type: 'domain', value: 'update-check.example-cdn.net' },
    { type: 'url', value: 'http://45.33.32.156:8080/gate.php?id=5821' },
    { type: 'sha256', value: '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2' },
  ],
};

/** About 200 bytes as a JSON-RPC frame. */
export const RESULT = {
  severity: 'high',
  confidence: 0.87,
  mitre_techniques: ['T1071.001', 'T1568.002'],
  iocs: [
    { type: 'ip', value: '45.33.32.156' },
    { type: 'domain', value: 'update-check.example-cdn.net' },
  ],
};

/** Throws when an answer is not the reference's. */
export function check(answer) {
  if (answer?.confidence !== RESULT.confidence || answer.iocs.length !== RESULT.iocs.length)
    throw new Error(`not the answer of the reference: ${JSON.stringify(answer)?.slice(0, 200)}`);
}
