/** Given to the orchestrator with `--import`: every handoff that it reads costs a millisecond more. The bench has to turn red. */
const parse = JSON.parse;

JSON.parse = (...args) => {
  const value = parse(...args);
  if (value?.method === 'handoff') spin(SPIN_MS);
  return value;
};

function spin(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const SPIN_MS = 1;
