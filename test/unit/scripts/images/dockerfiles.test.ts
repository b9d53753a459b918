import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { imagesFolder as folderOf, imageNames } from '../../../../adapters/local/containers/images/contexts.ts';
import { layout } from '../../../../sandbox/layout.ts';
import { dockerfileOf } from '../../../../scripts/images/contexts.ts';
import { parseDockerfile } from '../../../../scripts/images/dockerfile.ts';
import { lintDockerfile } from '../../../../scripts/images/lint.ts';

const rules = (text: string): string[] => [...new Set(lintDockerfile(text).map(({ rule }) => rule))];
const imagesFolder = folderOf(join(import.meta.dirname, '../../../..'));
const good = dockerfileOf('node');
const manifest = (folder: string, file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(imagesFolder, folder, file), 'utf8')) as Record<string, unknown>;
const agents = readdirSync(join(imagesFolder, 'agents'));

describe('the Dockerfiles of the images', () => {
  test.each(imageNames)('R16 R17: %s keeps every rule', (image) => {
    expect(lintDockerfile(dockerfileOf(image))).toEqual([]);
  });

  test('are all of those there are', () => {
    const folders = readdirSync(imagesFolder).filter((name) => !['agents', 'build.sh', 'tools'].includes(name));
    expect(folders.sort()).toEqual([...imageNames].sort());
  });

  test('declare what the runner writes to, and nothing else is writable', () => {
    const { workspace, home, out, tmp, deps, agent, runner } = layout;
    const volumes = (image: 'node' | 'overlay' | 'gateway') =>
      parseDockerfile(dockerfileOf(image))
        .stages.at(-1)
        ?.steps.find(({ keyword }) => keyword === 'VOLUME')?.list;
    expect(volumes('node')).toEqual([workspace, home, out, tmp, deps, agent, runner]);
    expect(volumes('overlay')).toEqual(volumes('node'));
    expect(volumes('gateway')).toEqual([tmp]);
  });

  test("R17: the runner's Node may be executed and not read", () => {
    const { steps = [] } = parseDockerfile(good).stages[0] ?? {};
    expect(steps.some(({ text }) => text.includes('chmod 0111 runner/node'))).toBe(true);
    const entry = parseDockerfile(good)
      .stages.at(-1)
      ?.steps.find(({ keyword }) => keyword === 'ENTRYPOINT');
    expect(entry?.list).toEqual([`${layout.tools}/runner/node`, layout.runnerProgram]);
  });
});

describe('what npm brings into an image', () => {
  test.each([
    'tools',
    ...agents.map((name) => `agents/${name}`),
  ])('%s is exact, with a checksum for all of it', (folder) => {
    const { dependencies = {}, optionalDependencies = {} } = manifest(folder, 'package.json') as Record<string, object>;
    const versions = Object.values({ ...dependencies, ...optionalDependencies });
    expect(versions.length).toBeGreaterThan(0);
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const { packages } = manifest(folder, 'package-lock.json') as { packages: Record<string, Record<string, unknown>> };
    const unchecked = Object.entries(packages).filter(
      ([name, entry]) => name !== '' && entry.integrity === undefined && entry.inBundle !== true,
    );
    expect(unchecked).toEqual([]);
    // Where it was resolved is whoever builds's registry.
    expect(JSON.stringify(packages)).not.toContain('"resolved"');
  });

  test('proprietary agents are in no image unless somebody names them', () => {
    const [, preset = ''] = /^ARG AGENTS="(.*)"$/m.exec(good) ?? [];
    expect(preset.split(' ')).toEqual(['gemini', 'pi']);
    for (const name of preset.split(' ')) expect(agents).toContain(name);
  });
});

describe('a rule finds', () => {
  const change = (from: string | RegExp, to: string): string => {
    const changed = good.replace(from, to);
    expect(changed).not.toBe(good);
    return changed;
  };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as the Dockerfile has it
  const base = '${DEBIAN}';
  test.each<[string, string, () => string]>([
    ['a base by its tag', 'base', () => change(base, 'debian:trixie-slim')],
    ['the newest of a base', 'base', () => change(base, 'debian')],
    ['a digest with a default', 'base', () => change('ARG DEBIAN\n', `ARG DEBIAN=sha256:${'0'.repeat(64)}\n`)],
    ['a variable that is none', 'base', () => change('ARG DEBIAN\n', 'ARG OTHER\n')],
    ['a stage from elsewhere', 'base', () => change('--from=tools', '--from=docker.io/some/image')],
    ['a frontend', 'directive', () => `# syntax=docker/dockerfile:1\n${good}`],
    ['ADD', 'instruction', () => change('COPY runner.cjs', 'ADD https://example.com/runner.cjs')],
    ['a download', 'fetch', () => change('RUN groupadd', 'RUN curl -O https://example.com/x && groupadd')],
    ['a download into a shell', 'fetch', () => change('RUN groupadd', 'RUN cat x | sh && groupadd')],
    ['an install without a lock', 'versions', () => change('npm ci --ignore-scripts --no-audit', 'npm install npm')],
    ['scripts of packages', 'versions', () => change('RUN npm ci --ignore-scripts', 'RUN npm ci')],
    ['lists of apt left behind', 'apt', () => change(' \\\n && rm -rf /var/cache/apt/* /var/lib/apt/lists/*', '')],
    ['recommended packages', 'apt', () => change('--no-install-recommends ', '')],
    ['an upgrade', 'apt', () => change('apt-get install', 'apt-get upgrade --yes && apt-get install')],
    ['old lists', 'apt', () => change('apt-get update \\\n && ', '')],
    ['root', 'user', () => change('USER 1000:1000\n', '')],
    ['a user by name', 'user', () => change('USER 1000:1000', 'USER agent')],
    ['an entrypoint for a shell', 'exec-form', () => change(/ENTRYPOINT .*/, 'ENTRYPOINT /opt/drydock/runner/node')],
    ['no entrypoint', 'image', () => change(/ENTRYPOINT .*/, '')],
    ['a volume of root', 'volume', () => change(' /out /deps', ' /deps')],
    ['setuid programs', 'setuid', () => change('-exec chmod a-s {} +', '-print')],
    ['setuid programs that come later', 'setuid', () => change('USER 1000', 'COPY runner.cjs /x\nUSER 1000')],
    ['sudo', 'privilege', () => change('git procps', 'git sudo')],
    ['a mode for all', 'privilege', () => change('chmod 0755', 'chmod 777')],
    ['a secret', 'secret', () => change('ENV LANG=C.UTF-8', 'ENV NPM_TOKEN=x')],
  ])('%s', (_name, rule, text) => {
    expect(rules(text())).toContain(rule);
  });
});
