import { accessSync, constants, existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { installedVersion } from '../../adapters/local/agents/installed.ts';
import type { SandboxChoice } from '../../adapters/local/sandbox/choose-wall.ts';
import { packageRoot, version } from '../../common/package-info.ts';
import { agents } from '../../core/agents/agents.ts';
import { defined } from '../../core/defined.ts';
import { type Check, warn } from '../../core/doctor/finding.ts';
import { DrydockError } from '../../core/errors.ts';
import type { ModelEndpoint } from '../../core/models/endpoint.ts';
import { endpointOf } from '../../core/models/of-policy.ts';
import { credentialVariables } from '../../core/policy/key-variables.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { action, asOption, type CommonOptions, dataOption, policyOption } from '../command.ts';
import { askGit } from '../config/git.ts';
import { loadGitHubConfig } from '../config/github.ts';
import { loadPolicy } from '../config/load-policy.ts';
import { whyNoAnswer } from '../local/answers.ts';
import { dataFolder } from '../local/data-folder.ts';
import { hasProgram } from '../local/programs.ts';
import { sandboxOf } from '../local/sandbox-choice.ts';
import { openStackSession, stackFlags, stackOf } from '../remote/options.ts';
import { print, withError } from '../terminal/output.ts';

/** MiB; with less free space, the checkout and the packages of a phase may not fit. */
const minDiskMb = 2_048;

export function register(program: Command): void {
  action<[], CommonOptions & { aws?: boolean }>(
    stackFlags(
      program
        .command('doctor')
        .description('check this machine and the policy, and name a remedy for each problem')
        .option('--aws', 'check a deployment instead; changes nothing')
        .option(...policyOption)
        .option(...asOption)
        .option(...dataOption),
    ),
    async (output, options) => {
      const checks = options.aws || options.stack !== undefined ? await stackChecks(options) : await here(options);
      const failed = checks.filter((check) => check.required && !check.ok);
      const error =
        failed[0] && new DrydockError('CheckFailed', failed.map(({ name, detail }) => `${name}: ${detail}`).join('\n'));
      print(output, { ok: failed.length === 0, checks, ...withError(error) }, () =>
        checks.flatMap((check) => [
          `${check.ok ? output.style('green', 'ok  ') : check.required ? output.style('red', 'FAIL') : output.style('yellow', 'warn')}  ${check.name.padEnd(14)}  ${check.detail}`,
          ...(check.ok ? [] : [`      remedy: ${check.remedy}`]),
        ]),
      );
      return error?.exit ?? 0;
    },
  );
}

async function here(options: CommonOptions): Promise<Check[]> {
  const { machineChecks } = await import('../local/compose.ts');
  const dataDir = dataFolder(options.data);
  return [
    nodeCheck(),
    gitCheck(),
    ...(await machineChecks(sandboxChoice(options), dataDir)),
    dataCheck(dataDir),
    ...(await policyChecks(options)),
    ...(await hostChecks(options, dataDir)),
  ];
}

/** As the policy says; one that is invalid is reported by `policyChecks`. */
function sandboxChoice(options: CommonOptions): SandboxChoice {
  try {
    return sandboxOf(loadPolicy({ repositories: new Map(), ...defined({ policy: options.policy }) }).policy);
  } catch {
    return { driver: 'auto' };
  }
}

/** The deployment checks itself, so that a person's role needs no permission on its parts. */
export async function stackChecks(options: CommonOptions): Promise<Check[]> {
  const stack = stackOf(options);
  if (!stack) {
    throw new DrydockError('StackUnavailable', 'No deployment was named.', {
      remedy: 'Give --stack, or set DRYDOCK_STACK.',
    });
  }
  const session = await openStackSession(stack);
  const same = session.address.version === version();
  const deployed = `version ${session.address.version}`;
  const row: Check = {
    name: 'deployment',
    ok: same,
    required: false,
    detail: same ? deployed : `${deployed}; this command is version ${version()}`,
    remedy: same ? '' : 'Deploy this version, or use the deployed version here.',
  };
  return [row, ...((await session.call('diagnose', [], 'diagnose')) as Check[])];
}

/** Only if the policy has a repository on GitHub, or credentials for GitHub exist. */
async function hostChecks(options: CommonOptions, dataDir: string): Promise<Check[]> {
  let policy: Policy;
  try {
    ({ policy } = loadPolicy({ repositories: new Map(), ...defined({ policy: options.policy }) }));
  } catch (error) {
    if (!(error instanceof DrydockError)) throw error;
    return []; // `policyChecks` reports it.
  }
  try {
    const config = loadGitHubConfig({ dataDir, env: process.env });
    const hosted = Object.values(policy.repositories).some(({ host }) => host === 'github');
    if (!hosted && !config) return [];
    const { githubChecks } = await import('../../adapters/github/doctor/app.ts');
    return await githubChecks(config, policy);
  } catch (error) {
    if (!(error instanceof DrydockError)) throw error;
    return [{ name: 'github', ok: false, required: true, detail: error.message, remedy: error.remedy }];
  }
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const { engines } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  const required = engines.node.replace(/^>=/, '');
  const [minMajor = 0, minMinor = 0] = required.split('.').map(Number);
  const ok = major > minMajor || (major === minMajor && minor >= minMinor);
  return {
    name: 'node',
    ok,
    required: true,
    detail: process.versions.node,
    remedy: `Install Node ${required} or newer, for example with npm: npm install node-linux-${process.arch}`,
  };
}

function gitCheck(): Check {
  const version = /\d{1,9}\.\d{1,9}(?:\.\d{1,9})?/.exec(askGit('/', '--version') ?? '')?.[0] ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  // git 2.38 introduced `merge-tree --write-tree`.
  const ok = major > 2 || (major === 2 && minor >= 38);
  return {
    name: 'git',
    ok,
    required: true,
    detail: version || 'not on the path',
    remedy: 'Install git 2.38 or newer: apt-get install git',
  };
}

function dataCheck(dataDir: string): Check {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK);
    const { bavail, bsize } = statfsSync(dataDir);
    const freeMb = Math.floor((bavail * bsize) / 2 ** 20);
    return {
      name: 'data folder',
      ok: freeMb >= minDiskMb,
      required: false,
      detail: `${dataDir}, ${freeMb} MiB free`,
      remedy: `Free some space; a phase needs ${minDiskMb} MiB.`,
    };
  } catch (error) {
    return {
      name: 'data folder',
      ok: false,
      required: true,
      detail: (error as Error).message,
      remedy: 'Name a writable folder: --data DIR or $DRYDOCK_DATA.',
    };
  }
}

async function policyChecks(options: CommonOptions): Promise<Check[]> {
  let loaded: { policy: Policy; source: string };
  try {
    loaded = loadPolicy({
      repositories: new Map(),
      ...defined({ policy: options.policy, as: options.as }),
    });
  } catch (error) {
    if (!(error instanceof DrydockError)) throw error;
    return [{ name: 'policy', ok: false, required: true, detail: error.message, remedy: error.remedy }];
  }
  const checks: Check[] = [{ name: 'policy', ok: true, required: true, detail: loaded.source, remedy: '' }];
  for (const [name, profile] of Object.entries(loaded.policy.agents.profiles)) {
    checks.push(agentCheck(name, profile, dataFolder(options.data)));
    if (profile.files !== undefined && !existsSync(profile.files))
      checks.push(
        warn('agent', `${name}: no folder ${profile.files}`, 'Correct `files` of the profile, or make the folder.'),
      );
    const known = profile.agent === undefined ? undefined : agents[profile.agent];
    if (known?.takesMcp === false && Object.keys(loaded.policy.mcp).length > 0)
      checks.push(withoutMcp(name, known.title));
    if (profile.provider !== undefined)
      checks.push(keyCheck(name, profile.provider, endpointOf(loaded.policy, profile.provider)));
  }
  for (const [name, server] of Object.entries(loaded.policy.mcp)) checks.push(mcpCheck(name, server, loaded.policy));
  checks.push(...(await silentServers(loaded.policy)));
  const { messageChecks } = await import('../messages/check.ts');
  checks.push(...(await messageChecks(loaded.policy)));
  for (const [name, repository] of Object.entries(loaded.policy.repositories)) {
    if (repository.host !== 'git') continue;
    const ok = existsSync(join(repository.url, '.git')) || existsSync(join(repository.url, 'HEAD'));
    checks.push({
      name: 'repository',
      ok,
      required: false,
      detail: `${name} at ${repository.url}`,
      remedy: 'Correct the url in the policy, or clone the repository to that path.',
    });
  }
  return checks;
}

function agentCheck(profile: string, { agent, command }: Policy['agents']['profiles'][string], data: string): Check {
  const program = command[0] ?? '';
  const inPath = program.includes('/') || hasProgram(program);
  if (agent === undefined) {
    const remedy = `Install ${program} on this machine, and put it on the PATH.`;
    return { name: 'agent', ok: inPath, required: false, detail: `${profile}: ${program}`, remedy };
  }
  const { title, licence } = agents[agent];
  const version = installedVersion(data, agent);
  const found = version ?? (inPath ? `${program} in PATH` : 'not installed');
  return {
    name: 'agent',
    ok: version !== undefined || inPath,
    required: false,
    detail: `${profile}: ${title}, ${licence.kind === 'open' ? licence.id : 'proprietary'}, ${found}`,
    remedy: `Install it: drydock agents add ${agent}`,
  };
}

/** Of an agent that no spec with MCP servers can name. */
const withoutMcp = (profile: string, title: string): Check => ({
  name: 'mcp',
  ok: false,
  required: false,
  detail: `${profile}: ${title} takes no MCP servers`,
  remedy: 'Specs with sandbox.mcp need a profile with another agent.',
});

/** Servers of the policy on this machine or in private networks, at whose addresses nobody listens. */
async function silentServers({ providers, mcp }: Policy): Promise<Check[]> {
  const addresses = [
    ...Object.entries(providers).map(([name, provider]) => ['model server', name, provider.base_url] as const),
    ...Object.entries(mcp).map(([name, server]) => ['mcp', name, server.url] as const),
  ];
  const checks = addresses.map(async ([kind, name, address]) => {
    const why = await whyNoAnswer(address);
    const remedy = 'Start it, or correct its address in the policy.';
    return why === undefined ? [] : [warn(kind, `${name}: nobody listens at ${address} (${why})`, remedy)];
  });
  return (await Promise.all(checks)).flat();
}

/** Whether the credential of a server is there. The server itself is asked by the gateway of a phase only. */
function mcpCheck(name: string, { url, command, credential }: Policy['mcp'][string], { credentials }: Policy): Check {
  const variable = credential === undefined ? undefined : credentials[credential]?.env;
  return {
    name: 'mcp',
    ok: variable === undefined || Boolean(process.env[variable] || process.env[`${variable}_FILE`]),
    required: false,
    detail: `${name}: ${url ?? `${command?.join(' ')} in the sandbox`}`,
    remedy: `Set ${variable}; it stays outside the sandbox.`,
  };
}

function keyCheck(profile: string, provider: string, endpoint: ModelEndpoint | undefined): Check {
  const names = credentialVariables(provider, endpoint);
  // The tools of AWS know more places than variables; a run looks there.
  const elsewhere =
    endpoint?.credential === 'none' || (endpoint?.kind === 'bedrock' && endpoint.credential === undefined);
  const ok = elsewhere || names.some((name) => process.env[name] || process.env[`${name}_FILE`]);
  return {
    name: 'model key',
    ok,
    required: false,
    detail: `${profile}: ${provider}`,
    remedy: `Set ${names[0]}; it stays outside the sandbox.`,
  };
}
