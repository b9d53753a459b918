import type { Command } from 'commander';
import {
  type AgentRow,
  addAgent,
  installedVersion,
  listAgents,
  removeAgent,
} from '../../adapters/local/agents/installed.ts';
import { packageRoot } from '../../common/package-info.ts';
import { type AgentName, agentNames } from '../../core/agents/names.ts';
import { DrydockError } from '../../core/errors.ts';
import { action, type CommonOptions, dataOption } from '../command.ts';
import { dataFolder, makeDataFolder } from '../local/data-folder.ts';
import { type Output, print, table } from '../terminal/output.ts';

export function register(program: Command): void {
  const agents = program.command('agents').description('the coding agents that Drydock knows by name');
  action<[], CommonOptions>(
    agents
      .command('list')
      .description('agents, their licences, and the versions in the data folder')
      .option(...dataOption),
    async (output, options) => {
      show(output, await listAgents(packageRoot(), dataFolder(options.data)));
      return 0;
    },
  );
  action<[string[]], CommonOptions>(
    agents
      .command('add <agent...>')
      .description('install agents into the data folder, pinned and checked')
      .option(...dataOption),
    async (output, options, given) => {
      const names = namesOf(given);
      const folder = dataFolder(options.data);
      makeDataFolder(folder);
      for (const name of names) {
        output.err(`Installing ${name} …`);
        await addAgent(packageRoot(), folder, name);
      }
      const rows = await listAgents(packageRoot(), folder);
      show(
        output,
        rows.filter(({ name }) => names.includes(name)),
      );
      return 0;
    },
  );
  action<[string[]], CommonOptions>(
    agents
      .command('remove <agent...>')
      .description('remove agents from the data folder')
      .option(...dataOption),
    async (output, options, given) => {
      const names = namesOf(given);
      const folder = dataFolder(options.data);
      const absent = names.filter((name) => installedVersion(folder, name) === undefined);
      for (const name of names) await removeAgent(folder, name);
      print(output, { removed: names, absent }, () =>
        names.map((name) => `${name} ${absent.includes(name) ? `was not installed in ${folder}` : 'removed'}`),
      );
      return 0;
    },
  );
}

function namesOf(given: readonly string[]): AgentName[] {
  const unknown = given.filter((name) => !(agentNames as readonly string[]).includes(name));
  if (unknown.length === 0) return given as AgentName[];
  throw new DrydockError('UsageError', `Unknown agents: ${unknown.join(', ')}.`, {
    remedy: `Known are ${agentNames.join(', ')}. Any other agent is a profile with kind and command.`,
  });
}

function show(output: Output, rows: readonly AgentRow[]): void {
  print(output, { agents: rows }, () =>
    table(
      rows.map(({ name, title, version, installed, licence }) => [
        name,
        title,
        installed ?? 'not installed',
        installed === undefined || installed === version ? `pinned ${version}` : `pinned ${version}: add it again`,
        licence.kind === 'open' ? licence.id : 'proprietary: installing it accepts its licence',
      ]),
    ),
  );
}
