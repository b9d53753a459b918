import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const rooms = [
  'core',
  'common',
  'pipeline',
  'engine',
  'gateway',
  'sandbox',
  'programs',
  'adapters',
  'lambdas',
  'web',
  'lib',
  'cli',
  'bin',
];

/** What each room may import of ours, by path prefix; its own folder always (DESIGN, Layout). */
const allowed: Record<string, string[]> = {
  core: [],
  common: ['core/'],
  engine: [],
  pipeline: ['core/', 'engine/asl/types.ts'],
  gateway: ['core/', 'sandbox/layout.ts', 'sandbox/boot.ts'],
  sandbox: ['core/'],
  'programs/gateway.process.ts': ['gateway/'],
  'programs/gateway.ecs.ts': ['core/', 'pipeline/', 'gateway/', 'sandbox/layout.ts', 'adapters/'],
  'programs/sandbox.process.ts': ['sandbox/'],
  'programs/sandbox.ecs.ts': ['sandbox/'],
  'adapters/aws': ['core/', 'pipeline/deps.ts'],
  'adapters/aws/gateway': ['core/', 'pipeline/', 'gateway/', 'sandbox/layout.ts', 'adapters/'],
  'adapters/email': ['core/', 'adapters/aws/'],
  'adapters/slack': ['core/', 'adapters/aws/dynamo/'],
  'adapters/git': ['core/'],
  'adapters/github': ['core/', 'adapters/git/'],
  'adapters/local': ['core/', 'pipeline/', 'engine/', 'adapters/aws/', 'gateway/', 'sandbox/'],
  web: ['core/', 'pipeline/'],
  lambdas: ['common/', 'core/', 'pipeline/', 'adapters/', 'web/'],
  lib: [
    'common/',
    'core/errors.ts',
    'core/policy/',
    'pipeline/task.machine.ts',
    'pipeline/payloads.ts',
    'sandbox/layout.ts',
  ],
  cli: ['common/', 'core/', 'pipeline/'],
  'cli/config/github.ts': ['core/', 'adapters/github/api/config.ts'],
  'cli/local/compose.ts': ['common/', 'core/', 'pipeline/', 'engine/', 'adapters/'],
  'cli/local/compose-github.ts': ['core/', 'pipeline/', 'adapters/'],
  // One small signed request, on both sides of it.
  'cli/remote': ['common/', 'core/', 'pipeline/', 'cli/', 'adapters/aws/signed.ts'],
  'cli/commands/doctor.ts': ['common/', 'core/', 'pipeline/', 'adapters/github/doctor/'],
  'cli/commands/github-setup': ['core/', 'pipeline/', 'cli/', 'adapters/github/api/app-manifest.ts'],
  'cli/commands/serve.ts': ['core/', 'pipeline/', 'web/', 'adapters/github/webhook/receiver.ts'],
  bin: ['cli/', 'common/', 'lib/'],
};
/** Packages that the pure core may use. */
const purePackages = [
  'zod',
  'yaml',
  'picomatch',
  '@pydantic/genai-prices',
  'mdast-util-from-markdown',
  'mdast-util-gfm',
  'micromark-extension-gfm',
  'node:crypto',
];

const files = rooms.flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name))),
);

const importsOf = (file: string): string[] => {
  const source = readFileSync(join(root, file), 'utf8');
  const found = source.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? '');
};
const ours = (file: string): string[] =>
  importsOf(file)
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(root, resolve(root, dirname(file), target)));

const ruleOf = (file: string): [string, string[]] => {
  const key = Object.keys(allowed)
    .filter((prefix) => file === prefix || file.startsWith(`${prefix}/`))
    .sort((a, b) => b.length - a.length)[0];
  return [key ?? file, allowed[key ?? ''] ?? []];
};

describe('architecture', () => {
  test('reads the project it is about', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(files.flatMap(ours).length).toBeGreaterThan(200);
  });

  test('imports go in the direction of DESIGN', () => {
    const wrong = files.flatMap((file) => {
      const [room, may] = ruleOf(file);
      const own = room.endsWith('.ts') ? room.slice(0, room.indexOf('/')) : room;
      return ours(file)
        .filter((target) => !target.startsWith(`${own}/`) && !may.some((prefix) => target.startsWith(prefix)))
        .map((target) => `${file} → ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('core is pure: no I/O, no clock, no environment', () => {
    const core = files.filter((file) => file.startsWith('core/'));
    const packages = core.flatMap((file) =>
      importsOf(file)
        .filter((target) => !target.startsWith('.') && !purePackages.includes(target))
        .map((target) => `${file} → ${target}`),
    );
    const impure = core.filter((file) =>
      /\bDate\.now\(|new Date\(\)|process\.|Math\.random\(/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect([...packages, ...impure]).toEqual([]);
  });

  test('nothing imports in a circle', () => {
    const graph = new Map(files.map((file) => [file, valueImports(file)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) return void circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file)) return;
      for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  test('every file is one thing: none is longer than 350 lines', () => {
    const long = files.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 351);
    expect(long).toEqual([]);
  });
});

/** A circle of types alone is none at run time. */
function valueImports(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8').replace(/(?:^|\n)\s*(?:import|export)\s+type\b[^;]*;/g, '\n');
  const found = source.matchAll(/(?:^|\n)\s*(?:import|export)\b([^;'"]*?)from\s+['"](\.[^'"]+)['"]/g);
  return [...found]
    .filter((match) => !/^\s*\{\s*(?:type\s+\w+\s*,?\s*)+\}\s*$/.test(match[1] ?? ''))
    .map((match) => relative(root, resolve(root, dirname(file), match[2] ?? '')));
}
