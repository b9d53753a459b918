import { kindOf } from '../../attention/file-kinds.ts';

/** How a file says which tests run, and when they pass. */
export type SettingsForm =
  | 'package.json'
  | 'program'
  | 'data'
  | 'sections'
  | 'setup.cfg'
  | 'pyproject.toml'
  | 'Cargo.toml'
  | 'recipes'
  | 'build'
  | 'commands';

const files: [file: RegExp, form: SettingsForm][] = [
  [/(?:^|\/)package\.json$/, 'package.json'],
  [
    /(?:^|\/)(?:vitest|jest|playwright|karma|cypress|mocha|ava|wdio|nightwatch|stryker)\.(?:[^/]{1,100}\.)?[cm]?[jt]s$|(?:^|\/)\.(?:mocharc|nycrc|c8rc|taprc)\.[cm]?js$/,
    'program',
  ],
  [
    /(?:^|\/)\.(?:mocharc|nycrc|c8rc|taprc)(?:\.jsonc?|\.ya?ml)?$|(?:^|\/)(?:jest|vitest)\.[^/]{0,100}\.json$|(?:^|\/)\.?codecov\.ya?ml$/,
    'data',
  ],
  [/(?:^|\/)(?:pytest\.ini|tox\.ini|\.coveragerc)$/, 'sections'],
  [/(?:^|\/)setup\.cfg$/, 'setup.cfg'],
  [/(?:^|\/)pyproject\.toml$/, 'pyproject.toml'],
  [/(?:^|\/)Cargo\.toml$/, 'Cargo.toml'],
  [/(?:^|\/)(?:GNUm|m|M)akefile$|\.mk$/, 'recipes'],
  [/(?:^|\/)(?:pom\.xml|[^/]+\.gradle(?:\.kts)?)$/, 'build'],
  [/(?:^|\/)\.config\/nextest\.toml$/, 'sections'],
  [/(?:^|\/)noxfile\.py$/, 'commands'],
];

const isCi = (path: string): boolean => kindOf(path) === 'CiChanged' && /\.(?:ya?ml|sh)$|jenkinsfile/i.test(path);
const isScript = (path: string): boolean =>
  /\.(?:sh|bash|zsh|ps1|bat)$/.test(path) && kindOf(path) === 'TestSettingsChanged';

/** By the name of the file alone. */
export const formOf = (path: string): SettingsForm | undefined =>
  files.find(([file]) => file.test(path))?.[1] ?? (isCi(path) || isScript(path) ? 'commands' : undefined);

/** Whether a file decides which tests run, and when they pass. */
export const holdsTestSettings = (path: string): boolean => formOf(path) !== undefined;
