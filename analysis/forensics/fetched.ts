/** Commands that hand what they download straight to a shell: how intruders begin, and how many programs are installed. */
import { isInsideName } from '../brands/index.ts';

/** Whether one does so with what nobody who offers an installer gives out. Names inside a network are nobody's there. */
export function isRunUnseen(command: string): boolean {
  return SHAPES.some((shape) =>
    [...command.matchAll(shape)].some(([, clause = '']) => placesIn(clause).some(isForeign)),
  );
}

/** Whether it is no more than an installer for PowerShell, fetched and run as those who offer it tell everybody to. */
export function isInstaller(command: string): boolean {
  const place = INSTALLER.exec(command.trim())?.[1];
  return place !== undefined && !isForeign(place);
}

/** What a download names, with its scheme or a path behind it; a bare name where there is nothing else. */
function placesIn(clause: string): string[] {
  const told = [...clause.matchAll(PLACES)].map(([, url, place]) => url ?? place ?? '');
  if (told.length > 0) return told;
  const bare = BARE.exec(clause)?.[1];
  return bare === undefined ? [] : [bare];
}

/** By where it really leads: behind the name of a user, and not up its own path. */
function isForeign(place: string): boolean {
  const [path = ''] = place.toLowerCase().split(/[?#]/, 1);
  const slash = path.indexOf('/');
  const authority = slash < 0 ? path : path.slice(0, slash);
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d{0,5}$/, '');
  if (!NAME.test(host) || isInsideName(host) || host.endsWith('.test')) return false;
  const real = slash < 0 ? host : `${host}${path.slice(slash)}`;
  return UPWARDS.test(real) || !INSTALLERS.some((known) => real === known || real.startsWith(`${known}/`));
}

const FETCH = String.raw`\b(?:curl|wget|fetch)\b([^\n|]{1,600})`;
const SHELL = String.raw`(?:sudo +(?:-\w+ +){0,4})?(?:\/(?:usr\/)?bin\/)?(?:ba|z|da|k)?sh\b(?!\.|\/)`;
/** Behind a pipe, in a substitution, or as a file that is none. */
const SHAPES: readonly RegExp[] = [
  new RegExp(String.raw`${FETCH}\| *${SHELL}`, 'gi'),
  new RegExp(String.raw`\b(?:${SHELL}|source|eval)[^\n|;]{0,20}(?:<\(|["']?\$\(|["']?${'`'}) *${FETCH}`, 'gi'),
];
const HOST = String.raw`(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}`;
const PLACES = new RegExp(
  String.raw`(?:^|[\s"'=])(?:https?:\/\/([^\s"'${'`'}<>()]{1,600})|(${HOST}(?::\d{1,5})?\/[^\s"'${'`'}<>()]{0,600}))`,
  'gi',
);
const BARE = new RegExp(String.raw`(?:^|[\s"'])(${HOST})(?=$|[\s"'${'`'})])`, 'i');
const INSTALLER = new RegExp(
  String.raw`^(?:(?:powershell|pwsh)(?:\.exe)?(?: -(?:ep|ex|executionpolicy) bypass)? -c(?:ommand)? ["']?)?(?:iwr|irm|Invoke-WebRequest|Invoke-RestMethod)(?: -(?:useb|UseBasicParsing|Uri))? ["']?(?:https:\/\/)?(${HOST}(?:\/[\w./-]{0,200})?)["']?(?: -(?:useb|UseBasicParsing))? *\| *(?:iex|Invoke-Expression)["']?$`,
  'i',
);
const NAME = new RegExp(`^${HOST}$`);
/** A folder up, however it is written: who has a place beside an installer's may be reached so. */
const UPWARDS = /\/(?:\.|%2e){1,2}(?:\/|$)|\\/;
/** Who gives out an installer that is run so, by the host and, where anybody may have a place there, the place. */
const INSTALLERS: readonly string[] = [
  'aka.ms',
  'astral.sh',
  'bun.sh',
  'claude.ai/install.sh',
  'cli.github.com',
  'community.chocolatey.org/install.ps1',
  'deb.nodesource.com',
  'deno.land/install.ps1',
  'deno.land/install.sh',
  'deno.land/x/install',
  'dl.google.com',
  'download.docker.com',
  'fly.io/install.sh',
  'fnm.vercel.app',
  'get.acme.sh',
  'get.docker.com',
  'get.helm.sh',
  'get.k3s.io',
  'get.netdata.cloud',
  'get.opentofu.org',
  'get.pnpm.io',
  'get.pulumi.com',
  'get.rvm.io',
  'get.rke2.io',
  'get.scoop.sh',
  'get.sdkman.io',
  'get.volta.sh',
  'getcomposer.org',
  'install.datadoghq.com',
  'install.determinate.systems',
  'install.pi-hole.net',
  'install.python-poetry.org',
  'mise.run',
  'my-netdata.io',
  'nixos.org',
  'ohmyposh.dev',
  'ollama.com',
  'packages.gitlab.com',
  'packages.microsoft.com',
  'pyenv.run',
  'raw.githubusercontent.com/anchore/grype',
  'raw.githubusercontent.com/anchore/syft',
  'raw.githubusercontent.com/aquasecurity/trivy',
  'raw.githubusercontent.com/golangci/golangci-lint',
  'raw.githubusercontent.com/helm/helm',
  'raw.githubusercontent.com/homebrew/install',
  'raw.githubusercontent.com/k3d-io/k3d',
  'raw.githubusercontent.com/kubernetes-sigs/kustomize',
  'raw.githubusercontent.com/nvm-sh/nvm',
  'raw.githubusercontent.com/ohmyzsh/ohmyzsh',
  'raw.githubusercontent.com/pyenv/pyenv-installer',
  'rclone.org',
  'releases.hashicorp.com',
  'rpm.nodesource.com',
  'sdk.cloud.google.com',
  'sh.rustup.rs',
  'starship.rs',
  'tailscale.com',
];
