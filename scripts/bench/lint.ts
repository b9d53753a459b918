import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lintFiles } from '../../cli/lint/threads.ts';

const count = 10_000;

/** A spec of usual size, every one another: names, paths, text and number of constraints differ. */
function specText(i: number): string {
  const constraints = Array.from(
    { length: 1 + (i % 4) },
    (_, n) => `  - Keep the signature of function${i}x${n} in src/part${n}/index.ts\n`,
  );
  return `task_id: TASK-${i}
repository: acme/service-${i % 97}
target_branch: main
output_branch_prefix: agent/task-${i}
instructions: |
  Move packages/p${i}, packages/q${i} and packages/r${i} from the http client 3.x to 4.x.
  Each package is independent. In each: raise the version in package.json, replace the removed
  \`client.defaults\` with \`createClient(options)\`, and keep the package's tests green.
constraints:
  - Touch only packages/p${i}, packages/q${i} and packages/r${i}
${constraints.join('')}success_criteria:
  - npm test --workspaces passes
  - {says: the result is ${i}, run: npm run check -- ${i}}
excluded_paths:
  - packages/gateway${i}/**
sandbox:
  runtime: node:24
  package_manager: npm
  dependencies:
    - "@acme/http@^4.${i % 20}.0"
  test_command: npm test --workspaces
  egress:
    - docs${i}.example.com
  cpu: 2
  timeout_minutes: ${30 + (i % 30)}
budget:
  max_usd: ${1 + (i % 9)}.5
review:
  required_reviewers: 2
  ci_gates: [build, unit]
`;
}

export interface LintFigures {
  lintedSpecs: number;
  /** As `drydock lint FILE…` does it, from reading the files to all reports. */
  ms: number;
  /** The same in this thread alone. */
  oneThreadMs: number;
}

/** How long it takes to read, parse, check, score and advise on 10,000 distinct specs. */
async function benchLint(): Promise<LintFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-lint-'));
  try {
    const files = Array.from({ length: count }, (_, i) => {
      const file = join(folder, `${i}.yaml`);
      writeFileSync(file, specText(i));
      return file;
    });
    const time = async (options: { threads?: number }): Promise<number> => {
      const start = performance.now();
      const reports = await lintFiles(files, { facts: {}, policy: undefined }, options);
      const invalid = reports.filter(({ valid }) => !valid).length;
      if (invalid > 0 || reports.length !== count) throw new Error(`${invalid} specs of the bench are not valid.`);
      return Math.round(performance.now() - start);
    };
    return { lintedSpecs: count, ms: await time({}), oneThreadMs: await time({ threads: 1 }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) console.log(JSON.stringify(await benchLint()));
