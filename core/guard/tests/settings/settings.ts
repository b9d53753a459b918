import { isSameCommand, runsTests } from './commands.ts';
import {
  type Entries,
  entriesOfJson,
  entriesOfProgram,
  entriesOfSections,
  entriesOfValue,
  entriesOfYaml,
} from './entries.ts';
import { formOf, type SettingsForm } from './files.ts';
import { mattering } from './harmless.ts';
import { changedBuild, changedRecipes, changedRuns } from './lines.ts';

type Compare = (before: string, after: string) => string[];

/** Every change of a file matters that cannot be read. */
const unreadable = ['changes, and cannot be read as settings'];

const byEntries =
  (read: (text: string) => Entries | undefined): Compare =>
  (before, after) => {
    const keys = mattering(read(before), read(after));
    return keys === undefined ? unreadable : keys.map((key) => (key === '' ? 'has other code' : `sets ${key}`));
  };

const compares: Record<SettingsForm, Compare> = {
  'package.json': packageScripts,
  program: byEntries(entriesOfProgram),
  data: byEntries((text) => entriesOfJson(text) ?? entriesOfYaml(text)),
  sections: byEntries((text) => entriesOfSections(text, /./)),
  'setup.cfg': byEntries((text) =>
    entriesOfSections(text, /^(?:tool:pytest|pytest|tox|testenv|coverage|aliases|flake8)/),
  ),
  'pyproject.toml': byEntries((text) =>
    entriesOfSections(text, /^tool\.(?:pytest|coverage|tox|hatch\.envs|poe|nox|taskipy|pdm\.scripts)/),
  ),
  'Cargo.toml': byEntries((text) => cargoEntries(text)),
  recipes: changedRecipes,
  build: changedBuild,
  commands: changedRuns,
};

/** `name` of a test is its own; `test = false` and the like matter. */
const cargoEntries = (text: string): Entries =>
  new Map(
    [...entriesOfSections(text, /^(?:test|bench|lib|bin|profile\.test|package)$/)].flatMap(([key, value]) =>
      /\.(?:test|harness|doctest|autotests|required-features|bench)$/.test(key)
        ? // A package elsewhere is a description.
          [[key.replace(/^package\./, 'tests of the package.'), value]]
        : [],
    ),
  );

/** What changed in how the tests run, for a person; nothing for changes that cannot make them weaker. */
export const testSettingChanges = (path: string, before: string, after: string): string[] =>
  before === after ? [] : compareAs(formOf(path), before, after);

const compareAs = (form: SettingsForm | undefined, before: string, after: string): string[] =>
  form === undefined ? [] : compares[form](before, after);

const tools = ['jest', 'mocha', 'ava', 'vitest', 'nyc', 'c8', 'tap'];

function packageScripts(before: string, after: string): string[] {
  const [was, now] = [parsed(before), parsed(after)];
  if (!was || !now) return unreadable;
  const scripts = Object.entries(scriptsOf(was)).flatMap(([name, command]) => {
    const other = scriptsOf(now)[name];
    if (other === command || !runsTests(`${name} ${command}`)) return [];
    if (other === undefined) return [`has no script ${name} any more`];
    return isSameCommand(command, other) ? [] : [`runs another command for the script ${name}: ${other.slice(0, 200)}`];
  });
  const settings = tools.flatMap((tool) => {
    const read = (value: Record<string, unknown>) =>
      value[tool] === undefined ? new Map<string, string>() : entriesOfValue(value[tool]);
    return (mattering(read(was), read(now)) ?? []).map((key) => `sets ${tool}.${key}`);
  });
  return [...scripts, ...settings];
}

function parsed(text: string): Record<string, unknown> | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const scriptsOf = ({ scripts }: Record<string, unknown>): Record<string, string> =>
  typeof scripts === 'object' && scripts !== null
    ? Object.fromEntries(Object.entries(scripts).map(([name, command]) => [name, String(command)]))
    : {};
