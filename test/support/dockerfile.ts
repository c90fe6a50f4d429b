/** Replays the steps of a Dockerfile in a folder, without an engine: every absolute path of the image lies below that folder. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './child.ts';

/** One instruction: its keyword and all that follows, continuation lines joined. */
export interface Step {
  keyword: string;
  rest: string;
}

/** What the replayed image would run, and where. */
export interface Image {
  command: string[];
  healthcheck: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** The instructions of a Dockerfile in their order. */
export function parseDockerfile(text: string): Step[] {
  const joined = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  return joined.split('\n').flatMap((line) => {
    const [, keyword, rest] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    return keyword === undefined || rest === undefined ? [] : [{ keyword: keyword.toUpperCase(), rest }];
  });
}

/** Builds every stage below `folder` from the files in `context`; throws at a step that fails or that it does not know. */
export function replay(steps: readonly Step[], context: string, folder: string): Image {
  const stages = new Map<string, string>();
  let [root, cwd] = ['', ''];
  let env: NodeJS.ProcessEnv = {};
  let [command, healthcheck] = [new Array<string>(), new Array<string>()];
  for (const { keyword, rest } of steps) {
    switch (keyword) {
      case 'FROM': {
        const name = /\sAS\s+(\S+)$/i.exec(rest)?.[1] ?? 'final';
        root = cwd = join(folder, name);
        stages.set(name, root);
        mkdirSync(root);
        env = outerEnv();
        break;
      }
      case 'WORKDIR':
        cwd = join(root, rest);
        mkdirSync(cwd, { recursive: true });
        break;
      case 'ENV':
        for (const [name = '', value] of rest.split(/\s+/).map((pair) => pair.split('=')))
          env[name] = below(root, value ?? '');
        break;
      case 'COPY': {
        const from = /--from=(\S+)/.exec(rest)?.[1];
        const paths = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
        copy(from === undefined ? contextFiles(context) : stageFiles(stages.get(from)), paths, { root, cwd });
        break;
      }
      case 'RUN':
        runStep(below(root, rest), cwd, env);
        break;
      case 'HEALTHCHECK':
        healthcheck = execForm(/\sCMD\s+(\[.*)$/.exec(rest)?.[1]);
        break;
      case 'CMD':
        command = execForm(rest);
        break;
      case 'USER':
      case 'EXPOSE':
        break; // said to the engine, nothing to do in a folder
      default:
        throw new Error(`the replay does not know ${keyword}`);
    }
  }
  return { command, healthcheck, cwd, env };
}

/** Where COPY takes files from: a base folder, and which of its top entries are there to take. */
interface Source {
  base: string;
  has: (entry: string) => boolean;
}

function copy({ base, has }: Source, paths: string[], { root, cwd }: { root: string; cwd: string }): void {
  const target = paths.at(-1) ?? '';
  const to = target.startsWith('/') ? join(root, target) : join(cwd, target);
  for (const path of paths.slice(0, -1)) {
    const from = join(base, path);
    if (!existsSync(from) || (path !== '.' && !has(path))) throw new Error(`COPY ${path}: not in the build context`);
    if (statSync(from).isFile()) cpSync(from, target.endsWith('/') ? join(to, basename(path)) : to);
    else if (path !== '.') cpSync(from, to, { recursive: true });
    else
      for (const entry of readdirSync(base).filter(has))
        cpSync(join(base, entry), join(to, entry), { recursive: true });
  }
}

/** The build context without what .dockerignore names. Its patterns here name entries of the top folder. */
function contextFiles(context: string): Source {
  const rules = readFileSync(join(context, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const pattern = line.replace('!', '').replaceAll('.', '\\.').replaceAll('*', '.*');
      return { keeps: line.startsWith('!'), matches: new RegExp(`^${pattern}$`) };
    });
  const has = (entry: string): boolean =>
    rules.reduce((kept, { keeps, matches }) => (matches.test(entry.replace(/\/.*/, '')) ? keeps : kept), true);
  return { base: context, has };
}

function stageFiles(base: string | undefined): Source {
  if (base === undefined) throw new Error('COPY --from an unknown stage');
  return { base, has: () => true };
}

function runStep(script: string, cwd: string, env: NodeJS.ProcessEnv): void {
  run('sh', ['-c', script], { cwd, env, ms_max: step_ms_max });
}

/** The image starts without our own settings; PATH, HOME and npm's registry and cache stay. */
const outerEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(PATH|HOME|npm_config_(?!local|global)|.*_proxy$)/i.test(name)),
  );

const below = (root: string, text: string): string => text.replaceAll(/(?<=^|[\s"'])\/(?=\w)/g, `${root}/`);

const execForm = (text = ''): string[] =>
  (JSON.parse(text) as unknown[]).map((word) => {
    if (typeof word !== 'string') throw new Error(`not in exec form: ${text}`);
    return word;
  });

const step_ms_max = 300_000;
