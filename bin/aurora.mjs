#!/usr/bin/env node
/** The launcher: checks Node, makes the checkout ready, then hands over to the command line in the same process. */

const [major, minor] = process.versions.node.split('.').map(Number);
process.exitCode = major > 20 || (major === 20 && minor >= 19) ? await launch() : refuse();

/** Signals, streams and the terminal reach the command line directly: nothing stands between. */
async function launch() {
  const { setup, SetupError } = await import('./setup.mjs');
  try {
    await setup();
  } catch (reason) {
    if (!(reason instanceof SetupError)) throw reason;
    console.error(`aurora: ${reason.message}`);
    return 1;
  }
  const { main } = await import('../dist/cli/main.js');
  return main(process.argv.slice(2));
}

function refuse() {
  console.error(
    `aurora: this is Node ${process.versions.node}; Aurora Mesh needs Node 20.19 or newer (https://nodejs.org).`,
  );
  return 1;
}
