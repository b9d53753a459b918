import { lintSpec } from '../../core/task-spec/lint/lint.ts';

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

/** How long it takes to parse, check, score and advise on 10,000 distinct specs, one after the other. */
async function benchLint(): Promise<{ lintedSpecs: number; ms: number }> {
  const encoder = new TextEncoder();
  const specs = Array.from({ length: count }, (_, i) => encoder.encode(specText(i)));
  const start = performance.now();
  const lintedSpecs = specs.filter((bytes) => lintSpec('task.yaml', bytes).valid).length;
  const ms = Math.round(performance.now() - start);
  if (lintedSpecs !== count) throw new Error(`${count - lintedSpecs} specs of the bench are not valid.`);
  return { lintedSpecs, ms };
}

if (import.meta.main) console.log(JSON.stringify(await benchLint()));
