import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const product = ['adapters', 'bin', 'cli', 'common', 'core', 'engine', 'gateway', 'lambdas', 'lib', 'pipeline'];
const folders = [...product, 'programs', 'sandbox', 'scripts', 'web'].flatMap((top) => [
  top,
  ...readdirSync(join(root, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
]);

/** Each import that the rules of `.dependency-cruiser.mjs` forbid, as `file: rule`. */
function violations(files: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-imports-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), `${text}\nexport {};\n`);
  }
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(root, '.dependency-cruiser.mjs');
  const args = [program, '--config', config, '--output-type', 'json', ...Object.keys(files)];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`).sort();
}

test('the import rules allow the right direction, and refuse each wrong one', () => {
  const files = {
    'core/right.ts': "import { createHash } from 'node:crypto';",
    'pipeline/right.ts': "import '../core/right.ts';",
    'cli/commands/right.ts': "import '../../pipeline/right.ts';",
    'cli/local/compose.ts': "import '../../adapters/git/right.ts';",
    'adapters/git/right.ts': "import type { A } from '../../core/right.ts';",
    'adapters/local/right.ts': "import { tmpdir } from 'node:os';",
    'test/unit/right.test.ts': "import '../../cli/commands/right.ts';",
    'test/support/right.ts': "import 'node:fs';",
    // A cycle of types counts, and is reported once.
    'core/cycle-a.ts': "import type { B } from './cycle-b.ts';",
    'core/cycle-b.ts': "export type { A } from './cycle-a.ts';",
    'core/module-of-node.ts': "import 'node:fs';",
    'core/type-from-above.ts': "import type { B } from '../pipeline/right.ts';",
    'core/missing-file.ts': "import './missing.ts';",
    'web/import-when-needed.ts': "await import('../cli/commands/right.ts');",
    'cli/commands/adapter.ts': "export * from '../../adapters/git/right.ts';",
    'adapters/git/other-adapter.ts': "import '../local/right.ts';",
    'lib/support-of-tests.ts': "import '../test/support/right.ts';",
    'scripts/test.ts': "import '../test/unit/right.test.ts';",
    'extra/no-rules.ts': "import '../core/right.ts';",
  };
  expect(violations(files)).toEqual([
    'adapters/git/other-adapter.ts: imports-of-adapters/git',
    'cli/commands/adapter.ts: imports-of-cli',
    'core/cycle-a.ts: no-cycles',
    'core/missing-file.ts: resolvable',
    'core/module-of-node.ts: packages-of-core',
    'core/type-from-above.ts: imports-of-core',
    'extra/no-rules.ts: every-folder-has-rules',
    'lib/support-of-tests.ts: imports-of-lib',
    'scripts/test.ts: imports-of-scripts',
    'scripts/test.ts: tests-are-not-imported',
    'web/import-when-needed.ts: imports-of-web',
  ]);
});

test('no folder of the product holds more than 14 source files', () => {
  const crowded = folders.filter(
    (folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.ts')).length > 14,
  );
  expect(crowded).toEqual([]);
});

test('the trusted side starts git with the arguments and the environment of core/git/command.ts only', () => {
  // The runner starts git within the sandbox, in a layer of its own; its tests hold what that git may do.
  const trusted = folders.filter((folder) => !/^(?:sandbox|scripts)(?:\/|$)/.test(folder));
  const files = trusted.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const starting = files.filter((file) =>
    /\b(?:spawn|spawnSync|execFile|execFileSync|promisify\(execFile\))\(\s*'git'|\bexec(?:Sync)?\(\s*[`'"]git/.test(
      readFileSync(join(root, file), 'utf8'),
    ),
  );
  expect(starting.length).toBeGreaterThan(3);
  const unshielded = starting.filter((file) => !readFileSync(join(root, file), 'utf8').includes('gitCommand('));
  expect(unshielded).toEqual([]);
});
