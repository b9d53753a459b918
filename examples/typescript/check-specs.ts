import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DrydockError } from 'drydock/errors';
import { parsePolicy } from 'drydock/policy';
import { type ParsedSpec, type Problem, parseSpec } from 'drydock/spec';

const describe = (file: string, problem: Problem): string =>
  `${file}:${problem.line}:${problem.column} ${problem.severity} ${problem.message}`;

/** Problems of every spec in `folder`, and of specs that name a repository which the policy does not list. */
function check(folder: string, policyFile: string): string[] {
  const { policy, problems } = parsePolicy(readFileSync(policyFile));
  if (policy === undefined) {
    throw new DrydockError('PolicyInvalid', problems.map((problem) => describe(policyFile, problem)).join('\n'));
  }
  return readdirSync(folder)
    .filter((name) => /\.(?:ya?ml|md)$/.test(name))
    .flatMap((name) => {
      const file = join(folder, name);
      const { spec, problems }: ParsedSpec = parseSpec(file, readFileSync(file));
      const unlisted = spec !== undefined && policy.repositories[spec.repository] === undefined;
      return [
        ...problems.map((problem) => describe(file, problem)),
        ...(unlisted ? [`${file}: the policy does not list ${spec.repository}`] : []),
      ];
    });
}

const [folder = '.agent-tasks', policyFile = 'drydock.policy.yaml'] = process.argv.slice(2);
try {
  const found = check(folder, policyFile);
  for (const line of found) console.log(line);
  process.exitCode = found.length === 0 ? 0 : 2;
} catch (error) {
  if (!(error instanceof DrydockError)) throw error;
  console.error(`${error.name}: ${error.message}\nremedy: ${error.remedy}`);
  process.exitCode = 2;
}
