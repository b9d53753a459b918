import { z } from 'zod';

/** Something that runs although no command of the spec names it. */
interface Unnamed {
  message: string;
  /** Refused until a person accepts it; otherwise it is only shown first. */
  refused: boolean;
}

/** Settings of npm that name no program, load no file and turn no check off. */
const harmlessSettings = new Set([
  ...[
    'access',
    'audit',
    'audit-level',
    'color',
    'depth',
    'description',
    'engine-strict',
    'fetch-retries',
    'fetch-timeout',
  ],
  ...[
    'fund',
    'heading',
    'include',
    'install-links',
    'install-strategy',
    'legacy-peer-deps',
    'lockfile-version',
    'loglevel',
  ],
  ...['maxsockets', 'message', 'omit', 'package-lock', 'prefer-dedupe', 'prefer-offline', 'progress', 'provenance'],
  ...['save', 'save-bundle', 'save-dev', 'save-exact', 'save-optional', 'save-peer', 'save-prefix', 'save-prod'],
  ...['strict-peer-deps', 'tag', 'tag-version-prefix', 'timing', 'unicode', 'update-notifier', 'usage', 'yes'],
]);

/** Files that a package manager runs, or whose settings name what it runs. */
const managerFile =
  /(?:^|\/)(?:\.pnpmfile\.[cm]?js|\.yarnrc(?:\.yml)?|pnpm-workspace\.yaml|package\.(?:json5|yaml)|binding\.gyp)$|(?:^|\/)\.yarn\/(?:plugins|releases)\//;

/** Scripts of a package.json that npm runs when it installs the project (docs.npmjs.com, "Life Cycle Operation Order"). */
export const installScripts = [
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
  'dependencies',
];
const permissions = ['allowScripts', 'pnpm', 'trustedDependencies'] as const;

const manifest = z.object({
  scripts: z.record(z.string(), z.unknown()).catch({}),
  allowScripts: z.unknown().optional(),
  pnpm: z.unknown().optional(),
  trustedDependencies: z.unknown().optional(),
});
const lock = z.object({ packages: z.record(z.string(), z.unknown()) });
const locked = z.object({
  name: z.string().optional().catch(undefined),
  version: z.unknown().optional(),
  resolved: z.unknown().optional(),
  integrity: z.unknown().optional(),
  hasInstallScript: z.unknown().optional(),
});
const unreadable = { message: 'cannot be read, so nobody knows what it lets run', refused: true };

export const mayNamePrograms = (path: string): boolean =>
  managerFile.test(path) || /(?:^|\/)(?:package\.json|package-lock\.json|npm-shrinkwrap\.json|\.npmrc)$/.test(path);

/**
 * What a changed file lets run beside the commands of the spec: scripts around install and other scripts, programs that
 * a package manager's settings name, and packages that run a script when they are installed. Such programs run before
 * the tests, and a diff shows the last kind as a line of a lock file.
 */
export function unnamedPrograms(path: string, before: string, after: string): Unnamed[] {
  if (after === '' || after === before) return [];
  if (managerFile.test(path)) return [{ message: 'decides what the package manager runs', refused: true }];
  switch (path.slice(path.lastIndexOf('/') + 1)) {
    case 'package.json':
      return scripts(before, after);
    case '.npmrc':
      return settings(before, after);
    default:
      return packages(before, after);
  }
}

function scripts(before: string, after: string): Unnamed[] {
  const [was, now] = [parsed(manifest, before), parsed(manifest, after)];
  if (now === undefined) return []; // npm reports the error
  const names = Object.keys(now.scripts);
  const around = new Set(names.flatMap((name) => [`pre${name}`, `post${name}`]));
  const own = names.filter((name) => installScripts.includes(name) || around.has(name));
  return [
    ...own
      .filter((name) => now.scripts[name] !== was?.scripts[name])
      .map((name) => ({
        message: `the script ${name} runs without being named: ${String(now.scripts[name]).slice(0, 200)}`,
        refused: true,
      })),
    ...permissions
      .filter((name) => JSON.stringify(now[name]) !== JSON.stringify(was?.[name]))
      .map((name) => ({ message: `${name} decides which packages may run scripts`, refused: true })),
  ];
}

function settings(before: string, after: string): Unnamed[] {
  const was = new Set(lines(before));
  return lines(after)
    .filter((line) => !was.has(line))
    .map(settingName)
    .filter((name) => !harmlessSettings.has(name))
    .map((name) => ({ message: `sets ${name || 'a section'} of npm, which can decide what runs`, refused: true }));
}

/** Lines of an INI file that are neither empty nor comments. */
const lines = (text: string): string[] =>
  text
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith(';'));

/** `"key[]" = value` → `key`; a section has none. */
function settingName(line: string): string {
  if (line.startsWith('[')) return '';
  const equals = line.indexOf('=');
  const name = (equals < 0 ? line : line.slice(0, equals)).trim().replace(/^["']|["']$/g, '');
  return name.replace(/\[\]$/, '').slice(0, 100);
}

function packages(before: string, after: string): Unnamed[] {
  const [was, now] = [running(before) ?? new Map<string, string>(), running(after)];
  // An old lock file does not say which packages run scripts, and npm repairs one that a merge has left.
  if (now === undefined) return [unreadable];
  const known = new Set([...was.values()]);
  return [...now]
    .filter(([archive]) => !was.has(archive))
    .map(([archive, source]) =>
      known.has(source)
        ? { message: `${archive} runs a script when it is installed, as another version did before`, refused: false }
        : { message: `${archive} is new and runs a script when it is installed`, refused: true },
    );
}

/**
 * Packages of a lock file that run a script when they are installed: where from, by name and version; undefined if the
 * file does not tell. npm takes any value for yes that JavaScript does.
 */
function running(text: string): Map<string, string> | undefined {
  const entries = parsed(lock, text)?.packages;
  if (entries === undefined) return undefined;
  const found = new Map<string, string>();
  for (const [location, value] of Object.entries(entries)) {
    const entry = locked.safeParse(value).data;
    if (entry === undefined) return undefined;
    if (!entry.hasInstallScript || location === '') continue;
    const name = entry.name ?? location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const checksum = String(entry.integrity ?? 'no checksum');
    found.set(`${name}@${String(entry.version)} (${checksum})`, sourceOf(name, entry.resolved, checksum));
  }
  return found;
}

/** A package of a registry without its version; npm installs under any name what the address says. */
function sourceOf(name: string, resolved: unknown, checksum: string): string {
  if (resolved === undefined) return name;
  const [, registry] = /^(https:\/\/[^?#]{1,500}\/-\/)/.exec(String(resolved)) ?? [];
  return registry === undefined ? `${name} ${String(resolved)} ${checksum}` : `${name} ${registry}`;
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
