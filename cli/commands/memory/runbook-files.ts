import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { readRunbook } from '../../../core/runbook/parse.ts';
import { runbookFolder, runbookName } from '../../../core/runbook/record.ts';
import type { ReadRunbook, Runbook } from '../../../core/runbook/schema.ts';
import { invalid } from '../../../core/runbook/use.ts';
import type { Problem } from '../../../core/task-spec/text.ts';
import { markdownName } from '../../../core/text/file-name.ts';
import type { CommonOptions } from '../../command.ts';
import { loadPolicy } from '../../config/load-policy.ts';
import { repositoryName } from '../../config/own-repository.ts';
import { markdownFiles, readBytes } from '../../config/task-files.ts';
import { type Output, plain } from '../../terminal/output.ts';

const readOne = (root: string, file: string): ReadRunbook =>
  readRunbook(`${runbookFolder}${file}`, readBytes('runbook', join(root, runbookFolder, file)));

export const readAll = (root: string): ReadRunbook[] =>
  markdownFiles(root, runbookFolder).map((file) => readOne(root, file));

/** A runbook of the work tree by its name. @throws RunbookNotFound, RunbookInvalid with every fault. */
export function find(root: string, name: string): ReadRunbook & { runbook: Runbook } {
  if (!runbookName.safeParse(name).success || !existsSync(join(root, runbookFolder, `${name}.md`)))
    throw new DrydockError('RunbookNotFound', `${runbookFolder} has no runbook ${JSON.stringify(name.slice(0, 100))}.`);
  const read = readOne(root, `${name}.md`);
  const { runbook, file, problems } = read;
  if (runbook) return { ...read, runbook };
  throw invalid(
    'RunbookInvalid',
    file,
    problems.filter(({ severity }) => severity === 'error'),
  );
}

/** The repository that a runbook works on: as its spec says, else that of the work tree. */
export function repositoryOf(root: string, { spec }: Runbook, options: CommonOptions): string {
  if (typeof spec.repository === 'string') return spec.repository;
  return repositoryName(root, knownPolicy(options));
}

/** The policy, for the repository names in it; undefined if the default policy file is invalid. */
export function knownPolicy({ policy }: CommonOptions): Policy | undefined {
  try {
    return loadPolicy({ repositories: new Map(), ...defined({ policy }) }).policy;
  } catch (error) {
    if (policy !== undefined || !(error instanceof DrydockError)) throw error;
    return undefined;
  }
}

export const viewOf = ({ file, read, runbook }: ReadRunbook) => {
  const data = runbook ?? read.data;
  return {
    name: data?.runbook ?? markdownName(file) ?? file,
    version: data?.version ?? null,
    description: data?.description ?? null,
    file,
    digest: data?.digest ?? null,
    parameters: data?.parameters ?? {},
    triggers: data?.triggers ?? [],
  };
};

export const faultLines = (file: string, problems: Problem[]): string[] =>
  problems
    .filter(({ severity }) => severity === 'error')
    .map((p) => `${file}:${p.line}:${p.column} ${p.rule}: ${p.message}`);

export const problemLines = (output: Output, file: string, problems: Problem[]): string[] =>
  problems.map(
    (p) =>
      `  ${file}:${p.line}:${p.column}  ${output.style(p.severity === 'error' ? 'red' : 'yellow', p.rule)}  ${plain(p.message)}`,
  );
