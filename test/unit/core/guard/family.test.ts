/** Changes that act elsewhere than they seem to: kind, change, what the guard says. docs/guard.md has the same table. */
import { describe, expect, it } from 'vitest';
import { attentionJob } from '../../../../core/guard/attention/attention.ts';
import { guardChange } from '../../../../core/guard/guard.ts';
import { packagesOf } from '../../../../core/guard/locks/packages.ts';
import { type Edits, type Files, guardInput, link, program, submodule } from './changes.ts';

const elf = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
const sum = (of: string): string => `sha512-${of.repeat(86)}==`;
const npmLock = (checksum: string, host = 'registry.npmjs.org', version = '4.17.21', more = {}) =>
  JSON.stringify(
    {
      lockfileVersion: 3,
      packages: {
        '': {},
        'node_modules/lodash': {
          version,
          resolved: `https://${host}/lodash/-/lodash-${version}.tgz`,
          integrity: sum(checksum),
          ...more,
        },
      },
    },
    null,
    2,
  );
const yarnLock = (checksum: string, host = 'registry.yarnpkg.com', version = '4.17.21') =>
  `# yarn lockfile v1\n\nlodash@^4.0.0:\n  version "${version}"\n  resolved "https://${host}/lodash/-/lodash-${version}.tgz#abc"\n  integrity ${sum(checksum)}\n`;
const berryLock = (checksum: string, resolution = 'lodash@npm:4.17.21') =>
  `__metadata:\n  version: 8\n\n"lodash@npm:^4.0.0":\n  version: 4.17.21\n  resolution: "${resolution}"\n  checksum: 10c0/${checksum.repeat(64)}\n  languageName: node\n`;
const pnpmLock = (checksum: string, tarball = '') =>
  `lockfileVersion: '9.0'\n\npackages:\n\n  lodash@4.17.21:\n    resolution: {integrity: ${sum(checksum)}${tarball}}\n\n  '@a/b@1.0.0':\n    resolution: {integrity: ${sum('z')}}\n`;
const poetryLock = (hash: string, source = '', version = '2.32.0') =>
  `[[package]]\nname = "requests"\nversion = "${version}"\nfiles = [\n    {file = "requests-2.32.0.tar.gz", hash = "sha256:${hash.repeat(64)}"},\n]\n${source}\n[metadata]\npython-versions = "*"\n`;
const uvLock = (hash: string, host = 'files.pythonhosted.org', registry = 'pypi.org') =>
  `[[package]]\nname = "requests"\nversion = "2.32.0"\nsource = { registry = "https://${registry}/simple" }\nsdist = { url = "https://${host}/requests-2.32.0.tar.gz", hash = "sha256:${hash.repeat(64)}", size = 1 }\n`;
const cargoLock = (checksum: string, source = 'registry+https://github.com/rust-lang/crates.io-index') =>
  `[[package]]\nname = "serde"\nversion = "1.0.200"\nsource = "${source}"\nchecksum = "${checksum.repeat(64)}"\n`;
const goSum = (checksum: string) =>
  `github.com/pkg/errors v0.9.1 h1:${checksum.repeat(43)}=\ngithub.com/pkg/errors v0.9.1/go.mod h1:${'b'.repeat(43)}=\n`;
const gradle = (checksum: string) =>
  `<verification-metadata>\n<component group="junit" name="junit" version="4.13.2">\n<artifact name="junit-4.13.2.jar">\n<sha256 value="${checksum.repeat(64)}" origin="x"/>\n</artifact>\n</component>\n</verification-metadata>\n`;
const requirements = (hash: string) => `requests==2.32.0 \\\n    --hash=sha256:${hash.repeat(64)}\n`;
const changed = (path: string, before: string, after: string): [Files, Edits] => [{ [path]: before, 'src/a.js': 'a' }, [[path, after], ['src/a.js', 'b']]]; // biome-ignore format: one line
const added = (path: string, file: Edits[0][1]): [Files, Edits] => [{}, [[path, file]]];
const refused = 'refused until a person accepts it';

/** `protect` is what a policy protects by default. */
const family: [kind: string, change: string, situation: [Files, Edits], says: string][] = [
  ['workflows', 'a protected workflow', added('.github/workflows/ci.yml', 'on: push\n'), 'ProtectedPath'],
  ['workflows', 'a workflow of another CI', added('.woodpecker.yml', 'steps: []\n'), 'shown first: CiChanged'],
  ['lock files', 'npm: another checksum for a version', changed('package-lock.json', npmLock('a'), npmLock('b')), refused],
  ['lock files', 'npm: a checksum of a newer kind', changed('package-lock.json', npmLock('a').replace(/sha512-[^"]*/, 'sha1-PYpcZog6FqMMqGQ='), npmLock('b')), 'shown first: TestsWeakened shown first: InstallationChanged'],
  ['lock files', 'npm: a checksum of an older kind', changed('package-lock.json', npmLock('a'), npmLock('a').replace(/sha512-[^"]*/, 'sha1-PYpcZog6FqMMqGQ=')), refused],
  ['lock files', 'npm: no checksum any more', changed('package-lock.json', npmLock('a'), npmLock('a').replace(/,\s*"integrity": "[^"]*"/, '')), refused],
  ['lock files', 'npm: another host', changed('package-lock.json', npmLock('a'), npmLock('a', 'npm.evil.example')), refused],
  ['lock files', 'npm: the first version of the format', changed('npm-shrinkwrap.json', npmLock('a'), '{"lockfileVersion":1,"dependencies":{}}'), refused],
  ['lock files', 'yarn 1: another checksum', changed('yarn.lock', yarnLock('a'), yarnLock('b')), refused],
  ['lock files', 'yarn 1: another host', changed('yarn.lock', yarnLock('a'), yarnLock('a', 'npm.evil.example')), refused],
  ['lock files', 'yarn 4: another checksum', changed('yarn.lock', berryLock('a'), berryLock('b')), refused],
  ['lock files', 'yarn 4: an archive of another host', changed('yarn.lock', berryLock('a'), berryLock('a', 'lodash@npm:4.17.21::__archiveUrl=https%3A%2F%2Fevil.example%2Fa.tgz')), refused],
  ['lock files', 'pnpm: another checksum', changed('pnpm-lock.yaml', pnpmLock('a'), pnpmLock('b')), refused],
  ['lock files', 'pnpm: an archive of another host', changed('pnpm-lock.yaml', pnpmLock('a'), pnpmLock('a', ', tarball: https://evil.example/a.tgz')), refused],
  ['lock files', 'pnpm: another form of YAML', changed('pnpm-lock.yaml', pnpmLock('a'), pnpmLock('b').replace(':\n    resolution: {', ': {resolution: {').replace('}\n', '}}\n')), refused],
  ['lock files', 'pnpm: deeper margins', changed('pnpm-lock.yaml', pnpmLock('a'), pnpmLock('b').replace(/^ +/gm, '$&$&')), refused],
  ['lock files', 'pnpm: a key in quotes', changed('pnpm-lock.yaml', pnpmLock('a'), pnpmLock('b').replace('packages:', '"packages":')), refused],
  ['lock files', 'yarn 4: another form of YAML', changed('yarn.lock', berryLock('a'), `"lodash@npm:^4.0.0": {version: 4.17.21, checksum: 10c0/${'b'.repeat(64)}}\n`), refused],
  ['lock files', 'cargo: another form of TOML', changed('Cargo.lock', cargoLock('a'), cargoLock('b').replaceAll(' = "', "='").replaceAll('"\n', "'\n")), refused],
  ['lock files', 'uv: blanks in the head', changed('uv.lock', uvLock('a'), uvLock('b').replace('[[package]]', '[[ package ]]')), refused],
  ['lock files', 'poetry: an extra that is named source', changed('poetry.lock', poetryLock('a'), poetryLock('a', '\n[package.extras]\nsource = ["Cython (>=3)"]\n')), 'shown first: InstallationChanged'],
  ['lock files', 'poetry: another checksum', changed('poetry.lock', poetryLock('a'), poetryLock('b')), refused],
  ['lock files', 'poetry: another source', changed('poetry.lock', poetryLock('a'), poetryLock('a', '\n[package.source]\ntype = "legacy"\nurl = "https://evil.example/simple"\n')), refused],
  ['lock files', 'uv: another checksum', changed('uv.lock', uvLock('a'), uvLock('b')), refused],
  ['lock files', 'uv: another registry', changed('uv.lock', uvLock('a'), uvLock('a', 'files.pythonhosted.org', 'evil.example')), refused],
  ['lock files', 'cargo: another checksum', changed('Cargo.lock', cargoLock('a'), cargoLock('b')), refused],
  ['lock files', 'cargo: a repository of git', changed('Cargo.lock', cargoLock('a'), cargoLock('a', 'git+https://evil.example/serde#abc')), refused],
  ['lock files', 'go.sum: another checksum', changed('go.sum', goSum('a'), goSum('c')), refused],
  ['lock files', 'Gradle: another checksum', changed('gradle/verification-metadata.xml', gradle('a'), gradle('b')), refused],
  ['lock files', 'pip: another checksum', changed('requirements.txt', requirements('a'), requirements('b')), refused],
  ['lock files', 'a new version', changed('package-lock.json', npmLock('a'), npmLock('b', 'registry.npmjs.org', '4.17.22')), 'shown first: InstallationChanged'],
  ['lock files', 'a new version of poetry', changed('poetry.lock', poetryLock('a'), poetryLock('b', '', '2.33.0')), 'shown first: InstallationChanged'],
  ['installation', 'a script appears in a package of the lock file', changed('package-lock.json', npmLock('a'), npmLock('c', 'registry.npmjs.org', '4.17.22', { hasInstallScript: true })), refused],
  ['installation', 'a script around install', changed('package.json', '{}', '{"scripts":{"postinstall":"node x"}}'), refused],
  ['installation', 'a setting of npm', added('.npmrc', 'script-shell=./x\n'), refused],
  ['installation', 'settings of yarn', added('.yarnrc.yml', 'yarnPath: x.cjs\n'), refused],
  ['installation', 'setup.py', added('setup.py', 'import os\n'), 'shown first: InstallationChanged'],
  ['tool configuration', 'the compiler', changed('tsconfig.json', '{}', '{"a":1}'), 'shown first: TestSettingsChanged'],
  ['submodules', 'a submodule', added('vendor/a', submodule), 'SubmoduleAdded'],
  ['submodules', '.gitmodules', added('.gitmodules', '[submodule "a"]\n'), 'SubmoduleAdded'],
  ['Git LFS', 'a file in LFS', [{ '.gitattributes': '*.psd filter=lfs\n' }, [['a.psd', 'x']]], 'LfsChanged'],
  ['attributes', '.gitattributes', added('.gitattributes', '* -diff\n'), 'shown first: MachineSettingsChanged'],
  ['hooks', 'a hook of git', added('.git/hooks/pre-commit', '#!/bin/sh\n'), 'InvalidPath'],
  ['hooks', 'a hook of husky', added('.husky/pre-commit', 'x\n'), 'shown first: CiChanged'],
  ['executables', 'a program', added('bin/a', program(elf)), 'ExecutableAdded'],
  ['executables', 'a program without its mode', added('bin/a', elf), 'shown first: BinaryChanged'],
  ['binaries', 'an archive of classes', added('libs/a.jar', new Uint8Array([0x50, 0x4b, 3, 4, 0])), 'shown first: BinaryChanged'],
  ['binaries', 'a module of WebAssembly', added('src/a.bin', new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0])), 'shown first: BinaryChanged'],
  ['binaries', 'a picture', added('docs/a.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0])), ''],
  ['binaries', 'a source that git shows as binary', added('src/a.js', 'evil();\0\n'), 'HiddenCharacters'],
  ['links', 'a link out of the repository', added('a', link('../../etc')), 'SymlinkEscapes'],
  ['links', 'a link within it', added('a', link('b')), ''],
  ['names', 'names that differ by case', [{ 'README.md': '' }, [['readme.md', '']]], 'InvalidPath'],
  ['names', 'a name that is not Unicode', added('a\ud800', ''), 'InvalidPath'],
  ['names', 'a target that is not UTF-8', added('a', link(new Uint8Array([0xff, 0xfe]))), 'SymlinkEscapes'],
  ['names', 'a name that Windows does not have', added('aux.js', ''), 'shown first: NameNotPortable'],
  ['conflict markers', 'markers of a merge', added('a.js', '<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n'), 'ConflictMarker'],
  ['generated files', 'a bundle without its source', added('dist/app.js', 'evil();\n'), 'shown first: GeneratedChanged'],
  ['generated files', 'a bundle with its source', [{}, [['dist/app.js', 'x\n'], ['src/app.js', 'x\n']]], ''], // biome-ignore format: one line
  ['generated files', 'a file that says so', added('api/client.go', '// Code generated by x. DO NOT EDIT.\npackage api\n'), 'shown first: GeneratedChanged'],
  ['generated files', 'a file that attributes mark', [{ '.gitattributes': 'sdk/** linguist-generated=true\n' }, [['sdk/a.ts', 'x\n']]], 'shown first: GeneratedChanged'],
  ['generated files', 'a lock file without its manifest', [{ 'package-lock.json': npmLock('a') }, [['package-lock.json', npmLock('b', 'registry.npmjs.org', '4.17.22')]]], 'shown first: InstallationChanged'],
  ['instructions', 'what the next agent is told', added('AGENTS.md', 'x\n'), 'shown first: AgentInstructionsChanged'],
]; // biome-ignore format: one change a line

describe('the guard says of', () => {
  it.each(family)('%s, %s', (_kind, _change, [base, edits], says) => {
    const input = guardInput({ base, edits, protect: ['.github/**'] });
    const rules = [...new Set(guardChange(input).map(({ rule }) => rule))];
    const { weakened, first } = attentionJob.run(input);
    const said =
      rules.join(' ') === 'TestsWeakened' && weakened.some((each) => each.refused)
        ? refused
        : rules.length > 0
          ? rules.join(' ')
          : [...new Set([...weakened, ...first].map(({ rule }) => rule))]
              .map((rule) => `shown first: ${rule}`)
              .join(' ');
    expect(said).toBe(says);
    if (says === refused) expect(guardChange({ ...input, weakeningAccepted: true })).toEqual([]);
  });
});

describe('a lock file', () => {
  it.each([
    ['package-lock.json', npmLock('a'), ['npm lodash 4.17.21 registry.npmjs.org']],
    ['package-lock.json', '{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0"}}}', ['npm a 1.0.0 ']],
    ['yarn.lock', yarnLock('a'), ['npm lodash 4.17.21 registry.yarnpkg.com']],
    ['yarn.lock', berryLock('a'), ['npm lodash 4.17.21 ']],
    ['pnpm-lock.yaml', pnpmLock('a'), ['npm lodash 4.17.21 ', 'npm @a/b 1.0.0 ']],
    ['pnpm-lock.yaml', 'packages:\n\n  /@a/b/1.0.0:\n    resolution: {integrity: x}\n', ['npm @a/b 1.0.0 ']],
    ['poetry.lock', poetryLock('a'), ['PyPI requests 2.32.0 ']],
    ['uv.lock', uvLock('a'), ['PyPI requests 2.32.0 pypi.org']],
    ['Cargo.lock', cargoLock('a'), ['crates.io serde 1.0.200 github.com']],
    ['go.sum', goSum('a'), ['Go github.com/pkg/errors v0.9.1 ', 'Go github.com/pkg/errors v0.9.1 ']],
    ['gradle/verification-metadata.xml', gradle('a'), ['Maven junit:junit 4.13.2 ']],
    ['requirements.txt', requirements('a'), ['PyPI requests 2.32.0 ']],
  ])('%s is read: %s', (path, text, packages) => {
    const read = packagesOf(path, text) ?? [];
    expect(read.map(({ ecosystem, name, version, source }) => `${ecosystem} ${name} ${version} ${source}`)).toEqual(
      packages,
    );
    if (!text.includes('lockfileVersion":1')) expect(read.every(({ checksum }) => checksum !== '')).toBe(true);
  });

  it.each([
    ['package-lock.json', '{'],
    ['package-lock.json', '[]'],
  ])('%s that cannot be read has no packages: %s', (path, text) => {
    expect(packagesOf(path, text)).toBeUndefined();
  });
});
