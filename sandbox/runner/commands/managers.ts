import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EgressFacts } from '../../boot.ts';
import { javaTrust } from '../trust/trust.ts';

/**
 * What package managers are told: where the registries are, and to keep what they install outside of the work tree in
 * the folder of dependencies, which all commands of a phase share. Those that read a file instead of variables get one.
 */

/** Variables for all package managers, whichever the project uses: an agent may use others. */
export function managerVariables(
  relay: string,
  deps: string,
  tmp: string,
  facts: Pick<EgressFacts, 'npmHost' | 'privateModules'>,
): Record<string, string> {
  const npm = `${relay}/registry/npm/`;
  const pypi = `${relay}/registry/pypi/simple/`;
  const at = (name: string): string => join(deps, name);
  return {
    DRYDOCK_DEPS: deps,
    npm_config_registry: npm,
    ...(facts.npmHost === undefined ? {} : { npm_config_replace_registry_host: facts.npmHost }),
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    // The gateway is local, so an error is likely to repeat; npm's default of a minute between attempts would waste
    // time.
    npm_config_fetch_retry_mintimeout: '500',
    npm_config_fetch_retry_maxtimeout: '2000',
    npm_config_cache: join(tmp, '.npm'),
    pnpm_config_registry: npm,
    COREPACK_NPM_REGISTRY: npm.slice(0, -1),
    COREPACK_INTEGRITY_KEYS: '0',
    COREPACK_HOME: at('corepack'),
    COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
    YARN_REGISTRY: npm,
    YARN_NPM_REGISTRY_SERVER: npm.slice(0, -1),
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_GLOBAL_FOLDER: at('yarn'),
    BUN_CONFIG_REGISTRY: npm,
    BUN_INSTALL_CACHE_DIR: at('bun'),
    DO_NOT_TRACK: '1',
    PIP_INDEX_URL: pypi,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PIP_ROOT_USER_ACTION: 'ignore',
    UV_DEFAULT_INDEX: pypi,
    UV_INDEX_URL: pypi,
    UV_CACHE_DIR: at('uv-cache'),
    UV_LINK_MODE: 'copy',
    UV_PYTHON_DOWNLOADS: 'never',
    UV_PROJECT_ENVIRONMENT: at('venv'),
    POETRY_CACHE_DIR: at('poetry-cache'),
    PDM_PYPI_URL: pypi,
    PDM_CHECK_UPDATE: '0',
    ...(existsSync(at('venv/bin/python')) ? { VIRTUAL_ENV: at('venv') } : {}),
    GOPROXY: `${relay}/registry/go`,
    GOPATH: at('go'),
    GOMODCACHE: at('go/pkg/mod'),
    GOCACHE: at('go/build'),
    ...(facts.privateModules.length === 0 ? {} : { GONOSUMDB: facts.privateModules.join(',') }),
    GOTOOLCHAIN: 'local',
    GOTELEMETRY: 'off',
    CARGO_HOME: at('cargo'),
    CARGO_NET_RETRY: '1',
    GRADLE_USER_HOME: at('gradle'),
    MAVEN_OPTS: Object.entries(javaProperties(relay, deps))
      .map(([name, value]) => `-D${name}=${value}`)
      .join(' '),
    MVNW_REPOURL: `${relay}/registry/maven`,
  };
}

/** System properties with which a JVM uses the relay as its proxy, and trusts the authority of the phase. */
const javaProperties = (relay: string, deps: string): Record<string, string> => ({
  ...Object.fromEntries(
    ['http', 'https'].flatMap((scheme) => [
      [`${scheme}.proxyHost`, '127.0.0.1'],
      [`${scheme}.proxyPort`, new URL(relay).port],
    ]),
  ),
  ...javaTrust(deps),
});

/** Folders of PATH with what package managers install. */
export const managerPaths = (deps: string, workspace: string): string[] => [
  join(deps, 'bin'),
  join(deps, 'venv/bin'),
  join(workspace, 'node_modules/.bin'),
  join(deps, 'cargo/bin'),
  join(deps, 'go/bin'),
];

/** Files of the home of each command: those of package managers, and an identity for tests that commit. */
export const homeFiles = (relay: string, deps: string): Record<string, string> => ({
  '.gitconfig': '[user]\n\tname = Drydock agent\n\temail = agent@drydock.invalid\n',
  '.npmrc': `registry=${relay}/registry/npm/\n`,
  '.m2/settings.xml': `<settings>
  <localRepository>${join(deps, 'maven')}</localRepository>
  <mirrors><mirror><id>drydock</id><mirrorOf>central</mirrorOf><url>${relay}/registry/maven/</url></mirror></mirrors>
</settings>
`,
});

/** Files of the folder of dependencies, written before the first command. */
export const dependencyFiles = (relay: string, deps: string): Record<string, string> => ({
  'cargo/config.toml': `[source.crates-io]
replace-with = "drydock"
[source.drydock]
registry = "sparse+${relay}/registry/crates/"
`,
  'gradle/gradle.properties': Object.entries(javaProperties(relay, deps))
    .map(([name, value]) => `systemProp.${name}=${value}\n`)
    .join(''),
});
