/** The built-in toolchains, which need no entry in the policy: images, package managers and defaults. */
import type { PackageManager } from './package-managers.ts';

interface Toolchain {
  /** Image names, without a tag. */
  images: readonly string[];
  /** Default runtime. */
  runtime: string;
  /** Default test command by package manager; the first one is the default of the toolchain. */
  tests: Partial<Record<PackageManager, string>>;
}

export const toolchains = {
  node: {
    images: ['node'],
    runtime: 'node:24',
    tests: { npm: 'npm test', pnpm: 'pnpm test', yarn: 'yarn test', bun: 'bun run test' },
  },
  python: {
    images: ['python'],
    runtime: 'python:3.13',
    tests: { pip: 'python -m pytest', uv: 'uv run pytest', poetry: 'poetry run pytest', pdm: 'pdm run pytest' },
  },
  java: {
    images: ['eclipse-temurin', 'maven', 'gradle', 'amazoncorretto', 'openjdk'],
    runtime: 'maven:3-eclipse-temurin-21',
    tests: { maven: 'mvn --batch-mode test', gradle: 'gradle test' },
  },
  go: { images: ['golang', 'go'], runtime: 'golang:1', tests: { go: 'go test ./...' } },
  rust: { images: ['rust'], runtime: 'rust:1', tests: { cargo: 'cargo test' } },
} as const satisfies Record<string, Toolchain>;

export type ToolchainName = keyof typeof toolchains;
export const toolchainNames = Object.keys(toolchains) as ToolchainName[];

const all: Toolchain[] = Object.values(toolchains);

/** `python:3.13-slim` → `python`; undefined if the runtime is not a built-in toolchain. */
export function toolchainOf(runtime: string): ToolchainName | undefined {
  const image = runtime.split(/[:@]/)[0] ?? '';
  return toolchainNames.find((name) => (toolchains[name].images as readonly string[]).includes(image));
}

/**
 * `node:20.1-slim` → `20.1`. For Java, the version after the vendor: `maven:3-eclipse-temurin-21` has two versions.
 */
export function versionAsked(runtime: string, toolchain: ToolchainName): string | undefined {
  const java = /(?:temurin|corretto|jdk)[:-]?(\d+(?:\.\d+)*)/;
  return (toolchain === 'java' ? java : /:(\d+(?:\.\d+)*)/).exec(runtime)?.[1];
}

/** Whether a version matches the requested one to its precision: 24.1.0 matches 24 and 24.1, but not 2. */
export const isVersion = (found: string, asked: string): boolean => found === asked || found.startsWith(`${asked}.`);

const byImage = (runtime: string): Toolchain | undefined => {
  const name = toolchainOf(runtime);
  return name && toolchains[name];
};

/** Whether a runtime is one of the built-in toolchains. */
export const isBuiltIn = (runtime: string): boolean => byImage(runtime) !== undefined;

/**
 * Runtime and test command of a spec, with defaults derived from its other fields. A wrong default is safe: the
 * baseline fails before an agent costs anything.
 */
export function fillToolchain(given: {
  runtime?: string | undefined;
  package_manager?: PackageManager | undefined;
  test_command?: string | undefined;
}): { runtime: string; test_command: string } {
  const manager = given.package_manager;
  const toolchain: Toolchain =
    (given.runtime ? byImage(given.runtime) : undefined) ??
    all.find((each) => manager !== undefined && each.tests[manager] !== undefined) ??
    toolchains.node;
  const defaultTests = Object.values(toolchain.tests)[0] ?? toolchains.node.tests.npm;
  return {
    runtime: given.runtime ?? toolchain.runtime,
    test_command: given.test_command ?? (manager ? toolchain.tests[manager] : undefined) ?? defaultTests,
  };
}
