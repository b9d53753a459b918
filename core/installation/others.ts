import type { PackageManager } from '../task-spec/toolchains.ts';
import { type Detected, type Installation, inFolder, lineOf, type RepositoryFiles } from './installation.ts';

/** How the packages of a Maven or Gradle build are fetched. */
export function detectJvm(files: RepositoryFiles, folder: string, wanted?: PackageManager): Detected {
  const has = (name: string): boolean => files.has(inFolder(folder, name));
  const of = (manager: PackageManager, from: string, commands: string[]): Detected =>
    found({ manager, toolchain: 'java', folder, from: inFolder(folder, from), commands });
  if (has('pom.xml') && (wanted === undefined || wanted === 'maven')) {
    const maven = mavenProgram(files, folder);
    // Tests are compiled and not run, so that Maven fetches what both need.
    return of('maven', 'pom.xml', [`${maven} --batch-mode --quiet --no-transfer-progress test-compile`]);
  }
  const build = ['settings.gradle', 'settings.gradle.kts', 'build.gradle', 'build.gradle.kts'].find(has);
  if (build !== undefined && (wanted === undefined || wanted === 'gradle'))
    return of('gradle', build, [`${gradleProgram(files, folder)} --no-daemon --quiet testClasses`]);
  return { faults: [] };
}

/** Maven, or the wrapper of the repository. */
export const mavenProgram = (files: RepositoryFiles, folder: string): string =>
  files.has(inFolder(folder, 'mvnw')) && files.has(inFolder(folder, '.mvn/wrapper/maven-wrapper.properties'))
    ? 'sh ./mvnw'
    : 'mvn';

/** Gradle, or the wrapper of the repository. */
export const gradleProgram = (files: RepositoryFiles, folder: string): string =>
  files.has(inFolder(folder, 'gradlew')) && files.has(inFolder(folder, 'gradle/wrapper/gradle-wrapper.properties'))
    ? 'sh ./gradlew'
    : 'gradle';

/** How the modules of a Go module or workspace are fetched. */
export function detectGo(files: RepositoryFiles, folder: string): Detected {
  const from = ['go.work', 'go.mod'].map((name) => inFolder(folder, name)).find((path) => files.has(path));
  if (from === undefined) return { faults: [] };
  return found({ manager: 'go', toolchain: 'go', folder, from, commands: ['go mod download'] });
}

/** How the crates of a Cargo package or workspace are fetched. */
export function detectCargo(files: RepositoryFiles, folder: string): Detected {
  const manifest = inFolder(folder, 'Cargo.toml');
  if (!files.has(manifest)) return { faults: [] };
  const lock = inFolder(folder, 'Cargo.lock');
  const locked = files.has(lock);
  const pattern = /^version = (\d+)/m;
  const version = pattern.exec(files.read(lock)?.slice(0, 1_000) ?? '')?.[1];
  if (locked && version !== undefined && Number(version) > 4) {
    const line = lineOf(files.read(lock) ?? '', pattern);
    return {
      faults: [
        {
          path: lock,
          ...(line === undefined ? {} : { line }),
          message: `the format of the lock file, ${version}, is not one that cargo writes`,
          remedy: 'Write the lock file again with a current cargo: cargo generate-lockfile',
        },
      ],
    };
  }
  return found({
    manager: 'cargo',
    toolchain: 'rust',
    folder,
    from: locked ? lock : manifest,
    commands: [locked ? 'cargo fetch --locked' : 'cargo fetch'],
  });
}

const found = (installation: Installation): Detected => ({ installation, faults: [] });
