import type { PackageManager } from '../task-spec/package-managers.ts';
import { type Detected, inFolder, type RepositoryFiles } from './installation.ts';

/** How the packages of a Maven or Gradle build are fetched. */
export function detectJvm(files: RepositoryFiles, folder: string, wanted?: PackageManager): Detected {
  const has = (name: string): boolean => files.has(inFolder(folder, name));
  const of = (manager: PackageManager, from: string, commands: string[]): Detected => ({
    installation: { manager, toolchain: 'java', folder, from: inFolder(folder, from), commands },
    faults: [],
  });
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
