import { inFolder, type RepositoryFiles } from '../installation.ts';
import { detectJvm, gradleProgram, mavenProgram } from '../jvm.ts';
import type { FolderGuess, Machine } from './folder-guess.ts';
import { toolVersion } from './versions.ts';

/** How a Maven or Gradle build is tested. */
export function guessJvm(files: RepositoryFiles, folder: string, machine: Machine): FolderGuess | undefined {
  const { installation } = detectJvm(files, folder);
  if (installation === undefined) return undefined;
  const { manager } = installation;
  const java = javaVersion(files, folder, machine);
  return manager === 'maven'
    ? {
        runtime: `maven:3-eclipse-temurin-${java}`,
        packageManager: 'maven',
        testCommand: `${mavenProgram(files, folder)} --batch-mode test`,
      }
    : {
        runtime: `gradle:8-jdk${java}`,
        packageManager: 'gradle',
        testCommand: `${gradleProgram(files, folder)} --no-daemon test`,
      };
}

/** Versions of Java with long-term support. */
const supported = [8, 11, 17, 21, 25];
const usual = 21;

function javaVersion(files: RepositoryFiles, folder: string, machine: Machine): number {
  const named = files.read(inFolder(folder, '.java-version'))?.trim() ?? toolVersion(files, folder, 'java') ?? '';
  const found = /(?:^|[a-z]-)(?:1\.)?(\d{1,2})(?:\.|$)/.exec(named)?.[1];
  if (found !== undefined) return Number(found);
  const pom = files.read(inFolder(folder, 'pom.xml')) ?? '';
  const gradle = ['build.gradle', 'build.gradle.kts']
    .map((name) => files.read(inFolder(folder, name)) ?? '')
    .join('\n');
  const asked =
    /<(?:java\.version|maven\.compiler\.(?:release|source))>\s*(?:1\.)?(\d{1,2})\s*</.exec(pom)?.[1] ??
    /JavaLanguageVersion\.of\((\d{1,2})\)/.exec(gradle)?.[1];
  // Sources for an old version are compiled on the usual one, which all tools support.
  const wanted = Number(asked ?? 0);
  const own = machine.java();
  if (own !== undefined && wanted <= own && supported.includes(own)) return own;
  return wanted <= usual ? usual : (supported.find((version) => version >= wanted) ?? usual);
}

/** How a Go module or workspace is tested. */
export function guessGo(files: RepositoryFiles, folder: string): FolderGuess | undefined {
  const work = files.read(inFolder(folder, 'go.work'));
  if (work === undefined && !files.has(inFolder(folder, 'go.mod'))) return undefined;
  // `./...` means the modules below the folder it is given, and a workspace has no module at its root.
  const modules = (work ?? '')
    .split('\n')
    .map((line) => line.trim().replace(/^use[ \t]+/, ''))
    .filter((path) => /^\.[\w./-]*$/.test(path));
  const targets = modules.length === 0 ? './...' : modules.map((path) => `${path.replace(/\/$/, '')}/...`).join(' ');
  return {
    runtime: 'golang:1',
    packageManager: 'go',
    buildCommand: `go build ${targets}`,
    testCommand: `go test ${targets}`,
  };
}

/** How a Cargo package or workspace is tested. */
export function guessCargo(files: RepositoryFiles, folder: string): FolderGuess | undefined {
  if (!files.has(inFolder(folder, 'Cargo.toml'))) return undefined;
  const toolchain =
    files.read(inFolder(folder, 'rust-toolchain.toml')) ?? files.read(inFolder(folder, 'rust-toolchain'));
  const version = /(?:channel\s*=\s*"|^)(1\.\d{1,3}(?:\.\d{1,3})?)/m.exec(toolchain ?? '')?.[1];
  const manifest = files.read(inFolder(folder, 'Cargo.toml')) ?? '';
  const workspace = /^\[workspace\]/m.test(manifest) ? ' --workspace' : '';
  return {
    runtime: `rust:${version ?? '1'}`,
    packageManager: 'cargo',
    // Otherwise cargo may write the lock file anew, in another form.
    testCommand: `cargo test${workspace}${files.has(inFolder(folder, 'Cargo.lock')) ? ' --locked' : ''}`,
  };
}
