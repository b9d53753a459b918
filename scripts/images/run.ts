/**
 * Builds an image's file system without Docker: executes the instructions that our Dockerfiles use on folders. Each RUN
 * executes as root in its own mount namespace, with the folder as its root and the network of this machine.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { argument, parseDockerfile, type Stage, type Step } from './dockerfile.ts';

export interface Built {
  /** Folder with the image's files. */
  root: string;
  env: Record<string, string>;
  workdir: string;
  user: string;
  volumes: string[];
  entrypoint: string[];
}

interface BuildOptions {
  /** Folder with the Dockerfile and what it copies. */
  context: string;
  /** Build arguments. */
  args: Record<string, string>;
  /** Folder for each base image that the Dockerfile does not build itself. */
  base(image: string): Built;
  /** Cache folder for the result of the first RUN on a base, which stages and images share. */
  kept: string;
  /** Folder of the result; its contents are replaced. */
  target: string;
  /** Environment of each RUN in addition to the image's own; it does not become part of the image. */
  environment: Record<string, string>;
  /** File of certificates that a RUN trusts besides Debian's, if a proxy of this machine requires them. */
  certificates: string | undefined;
  log(line: string): void;
}

/** @throws Error with the line that failed and the end of its output. */
export function buildImage(dockerfile: string, options: BuildOptions): Built {
  const { globals, stages } = parseDockerfile(dockerfile);
  const args = new Map([...globals].map(([name, preset]) => [name, options.args[name] ?? preset]));
  const built = new Map<string, Built>();
  const scratch = mkdtempSync(`${options.target}.`);
  try {
    let last: Built | undefined;
    for (const [at, stage] of stages.entries()) {
      const image = expand(stage.base, args, stage.line);
      const isLast = at === stages.length - 1;
      const root = isLast ? options.target : join(scratch, String(at));
      rmSync(root, { recursive: true, force: true });
      last = runStage(stage, built.get(image) ?? options.base(image), root, built, options);
      if (stage.name !== undefined) built.set(stage.name, last);
    }
    if (!last) throw new Error('there is no stage');
    return last;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function runStage(stage: Stage, from: Built, root: string, built: Map<string, Built>, options: BuildOptions): Built {
  options.log(`FROM ${stage.base}`);
  // Installing Debian packages takes most of the time.
  const [first] = stage.steps;
  const key = createHash('sha256').update(`${from.root}\0${first?.text}`).digest('hex').slice(0, 16);
  const kept = join(options.kept, key);
  const skip = existsSync(kept) ? first : undefined;
  copy(['-a', '--reflink=auto', skip ? kept : from.root, root]);
  const image: Built = { ...from, root, env: { ...from.env }, volumes: [...from.volumes] };
  const args: Record<string, string> = {};
  for (const step of stage.steps) {
    if (step === skip) continue;
    const { keyword, text, list = [], line } = step;
    options.log(`${keyword} ${text}`.slice(0, 100));
    switch (keyword) {
      case 'ARG': {
        const [name, preset] = argument(text);
        const value = options.args[name] ?? preset;
        if (value !== undefined) args[name] = value;
        break;
      }
      case 'ENV': {
        const [name, value = ''] = argument(text);
        image.env[name] = value;
        break;
      }
      case 'WORKDIR':
        image.workdir = posix.resolve(image.workdir, text);
        mkdirSync(join(root, image.workdir), { recursive: true });
        break;
      case 'USER':
        image.user = text;
        break;
      case 'VOLUME':
        image.volumes.push(...list);
        break;
      case 'ENTRYPOINT':
        image.entrypoint = list;
        break;
      case 'COPY':
        copyInto(image, step, built, options.context);
        break;
      case 'RUN':
        runCommand(image, text, args, line, options);
        if (step === first) {
          mkdirSync(options.kept, { recursive: true });
          copy(['-a', '--reflink=auto', root, kept]);
        }
        break;
      default:
        throw new Error(`line ${line}: ${keyword} is not done here`);
    }
  }
  return image;
}

function expand(text: string, values: Map<string, string | undefined>, line: number): string {
  return text.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`line ${line}: ${name} has no value`);
    return value;
  });
}

/** Copies files or the contents of a folder, owned by root, with unchanged modes. */
function copyInto(
  { root, workdir }: Built,
  { text, flags, line }: Step,
  built: Map<string, Built>,
  context: string,
): void {
  const words = text.split(/\s+/);
  const place = words.pop() ?? '';
  const from = flags.from === undefined ? context : built.get(flags.from)?.root;
  if (from === undefined) throw new Error(`line ${line}: there is no stage ${flags.from}`);
  const to = join(root, posix.resolve(workdir, place));
  for (const word of words) {
    const source = join(from, word);
    if (!existsSync(source)) throw new Error(`line ${line}: there is no ${word}`);
    const folder = statSync(source).isDirectory();
    const target = folder || !place.endsWith('/') ? to : join(to, basename(source));
    mkdirSync(folder ? target : join(target, '..'), { recursive: true });
    copy(['-R', '-P', '--preserve=mode,timestamps', folder ? `${source}/.` : source, target]);
  }
}

function copy(args: string[]): void {
  const { status, stderr } = spawnSync('cp', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cp ${args.join(' ')}: ${stderr}`);
}

function runCommand(
  image: Built,
  command: string,
  args: Record<string, string>,
  line: number,
  { environment, certificates }: BuildOptions,
): void {
  if (!['', '0', '0:0', 'root'].includes(image.user)) throw new Error(`line ${line}: RUN as ${image.user}`);
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    ...image.env,
    ...environment,
    ...args,
    DEBIAN_FRONTEND: 'noninteractive',
    ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: '/dev/certificates' }),
  };
  const argv = [
    ...['--bind', image.root, '/', '--dev', '/dev', '--proc', '/proc'],
    // Mounted below /dev, which is not part of the image, so nothing of them remains.
    ...(certificates === undefined ? [] : ['--ro-bind', certificates, '/dev/certificates']),
    ...['--ro-bind', '/etc/resolv.conf', '/etc/resolv.conf'],
    ...['--unshare-pid', '--die-with-parent', '--cap-add', 'ALL', '--clearenv'],
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', image.workdir, '--', '/bin/sh', '-c', command],
  ];
  const { status, stdout, stderr } = spawnSync('bwrap', argv, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`line ${line}: exited with ${status}\n${`${stdout}${stderr}`.slice(-4_000)}`);
}

/** Keeps the result so that a later build can start from it. */
export const remember = (image: Built): void => writeFileSync(`${image.root}.json`, JSON.stringify(image, null, 2));
