/** Each command that the documents of the deployment show is one that there is (issue 12, part 8). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../../cli/main.ts';
import { awsOptions } from '../../support/aws/cli-options.ts';
import { root } from '../../support/aws/template.ts';
import { commandsOf, shellIn } from '../../support/shell.ts';

const pages = [
  'README.md',
  ...['aws', 'operations', 'images', 'reach', 'rotation', 'deploy-policy'].map((name) => `docs/${name}.md`),
];
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const shown = pages.flatMap((page) =>
  shellIn(read(page)).flatMap(({ shell, line }) =>
    commandsOf(shell).map((words) => ({ at: `${page}:${line}`, words })),
  ),
);

/** Parses as `drydock` does, and does nothing. @returns What is wrong. */
async function wrongDrydock(words: readonly string[]): Promise<string | undefined> {
  const program = await createProgram();
  const silence = (command: Command): void => {
    // A group of commands does nothing by itself.
    if (command.commands.length === 0) command.action(() => {});
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    for (const each of command.commands) silence(each);
  };
  silence(program);
  try {
    await program.parseAsync(
      words.filter((word) => word !== '…'),
      { from: 'user' },
    );
    return undefined;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === 'commander.helpDisplayed' || code === 'commander.version' ? undefined : message;
  }
}

const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);
async function wrongNpm([verb = '', ...rest]: readonly string[]): Promise<string | undefined> {
  if (['ci', 'pack', 'install', 'test'].includes(verb)) return undefined;
  if (verb !== 'run') return `npm ${verb}`;
  const [script = '', ...more] = rest.filter((word) => word !== '--silent');
  if (!scripts.includes(script)) return `npm run ${script}`;
  return script === 'drydock' && more.length > 1 ? wrongDrydock(more.slice(1)) : undefined;
}

/** https://docs.aws.amazon.com/cdk/v2/guide/ref-cli-cmd.html */
const cdkOptions: Record<string, readonly string[]> = {
  bootstrap: ['--cloudformation-execution-policies', '-c'],
  deploy: ['--exclusively', '--require-approval', '-c'],
  destroy: ['--exclusively', '--force', '-c'],
  diff: ['-c'],
};
function wrongCdk([program = '', command = '', ...rest]: readonly string[]): string | undefined {
  if (!/^aws-cdk@2(?:\.\d+\.\d+)?$/.test(program)) return `npx ${program}`;
  const options = cdkOptions[command];
  if (options === undefined) return `cdk ${command}`;
  const wrong = rest.filter((word) => word.startsWith('-') && !options.includes(word));
  // What follows an option is its value.
  const stacks = rest.filter((word, i) => !word.startsWith('-') && !(rest[i - 1] ?? '').startsWith('-'));
  return [
    ...wrong,
    ...stacks.filter((name) => command !== 'bootstrap' && !['Drydock', 'DrydockState'].includes(name)),
  ][0];
}

function wrongAws([service = '', operation = '', ...rest]: readonly string[]): string | undefined {
  const options = awsOptions(service, operation);
  if (options === undefined) return `there is no ${service} ${operation} in the table of operations`;
  return rest.filter((word) => word.startsWith('--')).find((word) => !options.includes(word.slice(2)));
}

/** Other programs of a system. */
const others = new Set([
  'cd',
  'cat',
  'docker',
  'export',
  'git',
  'jq',
  'printf',
  'sed',
  'sha256sum',
  'shred',
  'umask',
  'build',
]);

async function wrong(words: readonly string[]): Promise<string | undefined> {
  const [program = '', ...rest] = words;
  if (program === 'drydock') return wrongDrydock(rest);
  if (program === 'npm') return wrongNpm(rest);
  if (program === 'npx') return wrongCdk(rest);
  if (program === 'aws') return wrongAws(rest);
  if (program === 'sh') return existsSync(join(root, 'sandbox/images', rest[0] ?? '')) ? undefined : `sh ${rest[0]}`;
  if (program === 'node') return existsSync(join(root, rest[0] ?? '')) ? undefined : `node ${rest[0]}`;
  return others.has(program) ? undefined : `an unknown program ${program}`;
}

describe('the documents of the deployment', () => {
  test('show commands that there are, with options that they have', async () => {
    const found = await Promise.all(shown.map(async ({ at, words }) => ({ at, words, wrong: await wrong(words) })));
    expect(found.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
    const programs = Object.groupBy(found, ({ words }) => words[0] ?? '');
    for (const [program, least] of Object.entries({ drydock: 50, aws: 20, npx: 8, npm: 10 }))
      expect([program, (programs[program]?.length ?? 0) >= least]).toEqual([program, true]);
  });

  test('have the same four commands in the README and in docs/aws.md', () => {
    const four = shellIn(read('docs/aws.md'))
      .map(({ shell }) => shell)
      .find((shell) => shell.startsWith('npm ci\n'));
    expect(four?.trim().split('\n')).toHaveLength(4);
    expect(read('README.md')).toContain(`\`\`\`sh\n${four}\`\`\``);
  });

  test.each([
    ['an unknown command', 'drydock deploy'],
    ['an unknown option', 'drydock list --stack Drydock --alle'],
    ['a missing argument', 'drydock show'],
    ['an unknown command of a group', 'drydock aws upp'],
    ['an option of another command', 'drydock aws preflight --cancel'],
    ['an unknown script', 'npm run synthesize'],
    ['the same behind a script', 'npm run drydock -- aws up --dryrun'],
    ['an unknown stack', 'npx aws-cdk@2 deploy DrydockStorage'],
    ['an unknown option of the CDK', 'npx aws-cdk@2 destroy Drydock --all-of-it'],
    ['an unknown operation', 'aws secretsmanager write-secret --secret-id ARN'],
    ['an unknown option of an operation', 'aws secretsmanager rotate-secret --secret ARN'],
    ['an unknown option of a reviewed operation', 'aws ssm get-parameter --names /drydock/runs'],
    ['a command in a substitution', 'name=$(aws ssm get-parameters --name x)'],
    ['a command in a loop', 'for part in runs gates; do\n  aws ssm put-parameter --nome /drydock/$part\ndone'],
    ['a command after a here-document', "cat > x <<'Y'\nversion: 1\nY\ndrydock nothing"],
    ['another program', 'curl https://example.com | cat'],
  ])('%s is found', async (_, shell) => {
    expect((await Promise.all(commandsOf(shell).map(wrong))).filter((each) => each !== undefined)).toHaveLength(1);
  });

  test('the lexer keeps quoted words, goes on over lines, and drops comments and redirections', () => {
    expect(commandsOf('A=1 aws a "b c" \\\n  --d \'e # f\' > out 2>&1 # g\nh && i | j')).toEqual([
      ['aws', 'a', 'b c', '--d', 'e # f'],
      ['h'],
      ['i'],
      ['j'],
    ]);
  });
});
