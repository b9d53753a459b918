/**
 * Import rules, enforced by `npm run check`: no cycles (types included), and the borders between folders and packages.
 * `core` ← `pipeline` ← (`lambdas`, `cli`, `adapters/local`); `engine` knows only itself; only `cli/local`, `lambdas` and
 * `programs` wire adapters together. The parser is swc because TypeScript 7 has no compiler API; it sees type imports too.
 */

/** Folder or file → what it may import of this repository besides itself. The entry with the longest path counts. */
const imports = {
  core: [],
  common: ['core/'],
  engine: [],
  pipeline: ['p-limit', 'core/', 'engine/asl/types.ts'],
  gateway: ['core/', 'sandbox/layout.ts', 'sandbox/boot.ts'],
  sandbox: ['core/'],
  'programs/gateway.process.ts': ['gateway/'],
  'programs/gateway.ecs.ts': ['core/', 'pipeline/', 'gateway/', 'sandbox/layout.ts', 'adapters/'],
  'programs/sandbox.process.ts': ['sandbox/'],
  'programs/sandbox.ecs.ts': ['sandbox/'],
  'programs/local-judge.thread.ts': ['core/', 'adapters/thread/', 'adapters/github/merge/'],
  'programs/judge.thread.ts': ['core/', 'adapters/thread/', 'adapters/github/merge/'],
  'adapters/aws': ['core/', 'pipeline/deps.ts'],
  'adapters/aws/gateway': ['core/', 'pipeline/', 'gateway/', 'sandbox/layout.ts', 'adapters/'],
  'adapters/email': ['core/', 'adapters/aws/'],
  'adapters/slack': ['core/'],
  'adapters/webhook': ['core/', 'gateway/egress/public-address.ts'],
  'adapters/thread': ['core/'],
  'adapters/git': ['core/'],
  'adapters/github': ['core/', 'adapters/git/'],
  'adapters/local': ['common/tar.ts', 'core/', 'pipeline/', 'engine/', 'adapters/aws/', 'gateway/', 'sandbox/'],
  web: ['core/', 'pipeline/'],
  lambdas: ['common/', 'core/', 'pipeline/', 'adapters/', 'web/'],
  lib: [
    'common/',
    'core/defined.ts',
    'core/deployment/',
    'core/errors.ts',
    'core/policy/',
    'pipeline/task.machine.ts',
    'pipeline/payloads.ts',
    'sandbox/layout.ts',
  ],
  cli: ['common/', 'core/', 'pipeline/', 'sandbox/work-tree-files.ts'],
  'cli/local/compose.ts': ['cli/', 'common/', 'core/', 'pipeline/', 'engine/', 'adapters/'],
  'cli/local/preflight.ts': ['cli/', 'common/', 'core/', 'pipeline/', 'adapters/'],
  'cli/messages': ['core/', 'pipeline/', 'adapters/'],
  'cli/local/compose-github.ts': ['cli/', 'core/', 'pipeline/', 'adapters/'],
  'cli/config/github.ts': ['core/', 'adapters/github/api/config.ts'],
  // One small signed request, on both sides of it.
  'cli/remote': ['cli/', 'common/', 'core/', 'pipeline/', 'adapters/aws/signed.ts'],
  'cli/commands/doctor.ts': [
    ...['cli/', 'common/', 'core/', 'pipeline/', 'adapters/github/doctor/'],
    'adapters/local/sandbox/choose-wall.ts',
    'adapters/local/agents/',
  ],
  'cli/commands/images.ts': ['cli/', 'common/', 'core/', 'pipeline/', 'adapters/local/containers/'],
  'cli/commands/demo.ts': ['cli/', 'common/', 'core/', 'pipeline/', 'adapters/local/agents/'],
  'cli/commands/agents.ts': ['cli/', 'common/', 'core/', 'pipeline/', 'adapters/local/agents/'],
  'cli/local/sandbox-choice.ts': ['core/', 'adapters/local/sandbox/choose-wall.ts'],
  // The steps of a deployment: small signed requests, and the checks before it.
  'cli/commands/aws': [
    ...['cli/', 'common/', 'core/', 'pipeline/', 'adapters/aws/account/', 'adapters/aws/signed.ts'],
    'adapters/aws/diagnose/policy.ts',
  ],
  'cli/commands/github-setup': ['cli/', 'core/', 'pipeline/', 'adapters/github/api/app-manifest.ts'],
  'cli/local/sign-in': ['cli/', 'core/', 'web/', 'adapters/local/secret-variable.ts'],
  'cli/commands/serve.ts': ['cli/', 'core/', 'pipeline/', 'web/', 'adapters/github/webhook/receiver.ts'],
  'bin/drydock.ts': ['cli/', 'common/'],
  'bin/app.ts': ['common/', 'core/defined.ts', 'core/deployment/', 'core/errors.ts', 'lib/'],
  // The benches and the check of the images run the worlds of the tests.
  scripts: [...product(), 'test/support/', 'test/machine/contract/phase-fixtures.ts'],
  test: [...product(), 'scripts/'],
};

/** Folder → packages that it may import. `node:*` stands for all modules of Node. */
const packages = {
  core: [
    'zod',
    'yaml',
    'picomatch',
    'semver',
    'croner',
    '@pydantic/genai-prices',
    'mdast-util-from-markdown',
    'mdast-util-gfm',
    'micromark-extension-gfm',
    'node:crypto',
  ],
  common: ['node:fs', 'node:path'],
  engine: ['jsonata', 'node:crypto', 'node:sqlite', 'node:util'],
  pipeline: ['p-limit', 'zod', 'node:crypto', 'node:events', 'node:path'],
  gateway: [
    ...['zod', 'picomatch', '@pydantic/genai-prices', '@peculiar/asn1-schema', '@peculiar/asn1-x509', 'node:*'],
    ...['aws4fetch', '@smithy/core', 'jose'],
  ],
  sandbox: ['zod', 'semver', '@agentclientprotocol/sdk', 'node:*'],
  'sandbox/mcp': ['zod', '@modelcontextprotocol/sdk', 'node:*'],
  programs: ['zod', '@aws-sdk/*', 'node:*'],
  'adapters/aws': ['zod', 'aws4fetch', '@aws-sdk/*', 'node:*'],
  'adapters/email': ['@aws-sdk/client-sesv2', 'nodemailer'],
  'adapters/webhook': ['node:*'],
  'adapters/slack': [],
  'adapters/thread': ['highlight.js', 'node:*'],
  'adapters/git': ['node:*'],
  'adapters/github': ['zod', 'diff', 'hono', '@octokit/rest', 'p-limit', 'universal-github-app-jwt', 'node:*'],
  'adapters/local': ['esbuild', 'zod', '@aws-sdk/credential-provider-node', 'node:*'],
  web: ['hono', 'openid-client', 'yaml', 'zod', 'node:crypto'],
  lambdas: ['zod', 'hono', '@aws-sdk/*', '@aws-lambda-powertools/*', 'node:*'],
  lib: ['aws-cdk-lib', 'constructs', 'node:*'],
  cli: [
    'picomatch',
    ...['commander', 'hono', '@hono/node-server', 'yaml', 'zod', '@octokit/rest', '@clack/core', '@clack/prompts'],
    ...['fast-string-width', 'fast-wrap-ansi'],
    ...['@aws-sdk/credential-provider-node', 'node:*'],
  ],
  'bin/drydock.ts': ['node:*'],
  'bin/app.ts': ['aws-cdk-lib', 'node:fs', 'node:path'],
};

/** Folders whose code is shipped bundled: their packages need not be dependencies of the package. */
const bundled = ['lambdas', 'programs/gateway.ecs.ts', 'adapters/aws', 'adapters/email', 'sandbox/mcp'];

function product() {
  const folders = ['adapters', 'bin', 'cli', 'common', 'core', 'engine', 'gateway'];
  return [...folders, 'lambdas', 'lib', 'pipeline', 'programs', 'sandbox', 'web'].map((folder) => `${folder}/`);
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
/** Regular expression of a folder, with or without a slash at its end, or of a file. */
const below = (name) => (/\.\w+$/.test(name) ? `^${escaped(name)}$` : `^${escaped(name.replace(/\/$/, ''))}/`);
/** What belongs to an entry of a table, and not to a more specific one. */
const from = (table, name) => ({
  path: below(name),
  pathNot: Object.keys(table)
    .filter((other) => other.startsWith(`${name}/`))
    .map(below),
});
const packagePath = (name) => {
  if (name === 'node:*') return '^[^/]+(?:/promises|/web)?$';
  if (name.startsWith('node:')) return `^(?:node:)?${name.slice(5)}(?:/|$)`;
  return `^node_modules/${name.endsWith('/*') ? escaped(name.slice(0, -1)) : `${escaped(name)}/`}`;
};

const folderRules = Object.entries(imports).map(([name, allowed]) => ({
  name: `imports-of-${name}`,
  severity: 'error',
  from: from(imports, name),
  to: {
    path: [...product(), 'scripts', 'test'].map(below),
    pathNot: [below(name), ...allowed.map(below)],
  },
}));
const packageRules = Object.entries(packages).map(([name, allowed]) => ({
  name: `packages-of-${name}`,
  severity: 'error',
  from: from(packages, name),
  to: {
    dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
    pathNot: allowed.map(packagePath),
  },
}));

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'every-folder-has-rules',
      comment: 'A new top-level folder needs an entry in both tables above.',
      severity: 'error',
      from: { pathNot: [...Object.keys(imports).map(below), '^vitest\\.config\\.ts$', '^node_modules/'] },
      to: {},
    },
    {
      name: 'declared-packages',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'deprecated'] },
    },
    {
      name: 'shipped-packages',
      comment: 'What is shipped unbundled may import only dependencies of the package; types vanish.',
      severity: 'error',
      // The programs of a phase are bundled on the spot only where the sources are.
      from: {
        path: product().map(below),
        pathNot: [...bundled.map(below), '^adapters/local/sandbox/programs\\.ts$'],
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    { name: 'tests-are-not-imported', severity: 'error', from: {}, to: { path: '\\.test\\.ts$' } },
    ...folderRules,
    ...packageRules,
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
