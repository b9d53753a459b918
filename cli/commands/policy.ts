import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parsePolicy } from '../../core/policy/parse.ts';
import { policyJsonSchema } from '../../core/policy/schema.ts';
import { action, type CommonOptions, policyOption } from '../command.ts';
import { invalidPolicy, policyFile, policyRemedy } from '../config/load-policy.ts';
import { unreadable } from '../config/unreadable.ts';
import { plain, print, withError } from '../terminal/output.ts';

export function register(program: Command): void {
  const policy = program.command('policy').description('work with the policy, the operator’s configuration');
  action<[string | undefined], CommonOptions & { schema?: boolean }>(
    policy
      .command('check [file]')
      .description('check a policy, and report all problems at once')
      .option(...policyOption)
      .option('--schema', 'print the JSON Schema of a policy, for editors'),
    async (output, options, given) => {
      if (options.schema) {
        output.out(JSON.stringify(policyJsonSchema(), null, output.json ? 0 : 2));
        return 0;
      }
      const file = given ?? policyFile(options.policy);
      let bytes: Uint8Array;
      try {
        bytes = readFileSync(file);
      } catch (error) {
        throw unreadable('policy', file, error, policyRemedy);
      }
      const { policy: parsed, problems } = parsePolicy(bytes);
      const error = parsed ? undefined : invalidPolicy(file, problems);
      print(output, { file, valid: parsed !== undefined, problems, ...withError(error) }, () => [
        `${file}  ${parsed ? 'valid' : 'invalid'}`,
        ...problems.map((p) => `  ${file}:${p.line}:${p.column}  ${p.rule}  ${plain(p.message)}`),
      ]);
      return error?.exit ?? 0;
    },
  );
}
