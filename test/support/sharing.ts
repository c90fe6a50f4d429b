/** Folders whose tests start nothing and replace no module: they share a process, and what one has loaded the next one has. */
export const SHARING = ['agents', 'analysis', 'mesh', 'orchestrator', 'protocol', 'score', 'seams', 'soc', 'store'].map(
  (folder) => `test/${folder}/`,
);
