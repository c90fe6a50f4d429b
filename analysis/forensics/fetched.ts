/** Commands that hand what they download straight to a shell: how intruders begin, and how many programs are installed. */

/** Whether one does so with what nobody who offers an installer gives out. */
export function isRunUnseen(command: string): boolean {
  return SHAPES.some((shape) => {
    const found = shape.exec(command)?.[1]?.toLowerCase();
    return found !== undefined && !INSTALLERS.some((known) => found === known || found.startsWith(`${known}/`));
  });
}

const FETCH = String.raw`\b(?:curl|wget|fetch)\b[^\n|;]{0,300}?[ "'](?:https?:\/\/)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?::\d{1,5})?(?:\/[\w.~-]{1,64}){0,2})`;
const SHELL = String.raw`(?:sudo +(?:-\w+ +){0,4})?(?:\/(?:usr\/)?bin\/)?(?:ba|z|da|k)?sh\b(?!\.|\/)`;
/** Behind a pipe, in a substitution, or as a file that is none. */
const SHAPES: readonly RegExp[] = [
  new RegExp(String.raw`${FETCH}[^\n|]{0,300}\| *${SHELL}`, 'i'),
  new RegExp(String.raw`\b(?:${SHELL}|source|eval)[^\n|;]{0,20}(?:<\(|["']?\$\(|["']?${'`'}) *${FETCH}`, 'i'),
];
/** Who gives out an installer that is run so, by the host and, where anybody may have a place there, the place. */
const INSTALLERS: readonly string[] = [
  'astral.sh',
  'bun.sh',
  'cli.github.com',
  'deb.nodesource.com',
  'deno.land',
  'dl.google.com',
  'download.docker.com',
  'fnm.vercel.app',
  'get.docker.com',
  'get.helm.sh',
  'get.k3s.io',
  'get.pnpm.io',
  'get.rvm.io',
  'get.rke2.io',
  'get.sdkman.io',
  'get.volta.sh',
  'getcomposer.org',
  'install.python-poetry.org',
  'nixos.org',
  'ollama.com',
  'packages.gitlab.com',
  'packages.microsoft.com',
  'pyenv.run',
  'raw.githubusercontent.com/homebrew/install',
  'raw.githubusercontent.com/helm/helm',
  'raw.githubusercontent.com/nvm-sh/nvm',
  'raw.githubusercontent.com/ohmyzsh/ohmyzsh',
  'rclone.org',
  'releases.hashicorp.com',
  'rpm.nodesource.com',
  'sdk.cloud.google.com',
  'sh.rustup.rs',
  'starship.rs',
  'tailscale.com',
];
