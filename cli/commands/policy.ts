import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DrydockError } from '../../core/errors.ts';
import { parsePolicy } from '../../core/policy/parse.ts';
import { action, type CommonOptions, policyOption } from '../command.ts';
import { policyFile } from '../config/load-policy.ts';
import { plain, print } from '../terminal/output.ts';

export function register(program: Command): void {
  const policy = program.command('policy').description('the operator’s configuration');
  action<[string | undefined], CommonOptions>(
    policy
      .command('check [file]')
      .description('check a policy, every fault at once')
      .option(...policyOption),
    async (output, options, given) => {
      const file = given ?? policyFile(options.policy);
      let bytes: Uint8Array;
      try {
        bytes = readFileSync(file);
      } catch (error) {
        throw new DrydockError('FileUnreadable', `The policy ${file} cannot be read: ${(error as Error).message}`, {
          remedy: 'Write one with `drydock init`, or name it with --policy.',
        });
      }
      const { policy: parsed, problems } = parsePolicy(bytes);
      print(output, { file, valid: parsed !== undefined, problems }, () => [
        `${file}  ${parsed ? 'valid' : 'invalid'}`,
        ...problems.map((p) => `  ${file}:${p.line}:${p.column}  ${p.rule}  ${plain(p.message)}`),
      ]);
      return parsed ? 0 : 2;
    },
  );
}
