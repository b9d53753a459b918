import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type AskTopic, answerFile, maxAnswerBytes } from '../../../core/ask/names.ts';
import { defined } from '../../../core/defined.ts';
import { maxChangeBytes } from '../../../core/run/change-set.ts';
import { maxHiddenLine, type PhaseResult } from '../../../core/run/phase.ts';
import { lastLines } from '../../../core/text/last-lines.ts';
import { commandAgent } from '../../agents/command.ts';
import type { AgentDriver, AgentEnd } from '../../agents/driver.ts';
import { artifactNames } from '../../layout.ts';
import { openMcpServers } from '../../mcp/servers.ts';
import { changeFile } from '../commands/environment.ts';
import { type Phase, step } from '../phase.ts';
import { changeOf, contentsOf } from '../workspace/change.ts';
import { shown } from '../workspace/contents.ts';
import type { OwnGit } from '../workspace/git.ts';
import { flippedFiles, type LineEnds } from '../workspace/line-ends.ts';
import { readLeft, readOutputs } from '../workspace/outputs.ts';
import { recordedContent, recordFiles } from '../workspace/record.ts';
import { type Entry, type Tree, withoutPreparation } from '../workspace/trees.ts';

const drivers: Record<'command' | 'acp', () => Promise<AgentDriver>> = {
  command: async () => commandAgent,
  // Loaded on demand: the protocol's schemas take as long to load as the rest of the runner.
  acp: async () => (await import('../../agents/acp.ts')).acpAgent,
};

/** Files of one folder that are named one by one, and lines in all. */
const maxNamed = 5;
const maxHidden = 50;

/** Files for people: few of a folder by their names, many of them by the name of the folder. */
function summaryOf(paths: readonly string[]): string[] {
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    const folder = path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : '';
    const files = folders.get(folder);
    if (files === undefined) folders.set(folder, [shown(path)]);
    else files.push(shown(path));
  }
  const lines = [...folders].flatMap(([folder, files]) =>
    files.length > maxNamed && folder !== '' ? [`${shown(folder)} (${files.length} files)`] : files,
  );
  return lines
    .sort()
    .slice(0, maxHidden)
    .map((line) => line.slice(0, maxHiddenLine));
}

/** The part of the result that the phase determines. */
export type Outcome = Pick<PhaseResult, 'outcome'> &
  Partial<
    Pick<
      PhaseResult,
      'error' | 'question' | 'checkpoint' | 'plan' | 'answer' | 'handoff' | 'changeSet' | 'agent' | 'hidden' | 'flipped'
    >
  >;

/** @param files Files of the agent's home. */
async function runAgent(phase: Phase, files: Readonly<Record<string, string>> = {}): Promise<AgentEnd> {
  const kind = phase.spec.agent?.kind ?? 'command';
  const drive = await drivers[kind]();
  return step(
    phase,
    'agent',
    async () => {
      const mcp = await openMcpServers(phase);
      // The gateway serves MCP while the agent works, and has to know of it.
      await phase.gateway.flush();
      return drive(phase, { ...mcp, files: { ...mcp.files, ...files } }).finally(() => mcp.close());
    },
    ({ exitCode }) => exitCode === 0,
  );
}

const telemetry = ({ exitCode, stopReason, ms }: AgentEnd): NonNullable<PhaseResult['agent']> => ({
  exitCode,
  ms,
  ...defined({ stopReason }),
});

/** Plan: the agent reads and plans; its edits are discarded with the sandbox. */
export async function plan(phase: Phase): Promise<Outcome> {
  if (phase.spec.agent === null || !phase.spec.agent.plans) return { outcome: 'planned' };
  const end = await runAgent(phase);
  const left = await readOutputs(phase.folders.out);
  const common = { ...left, agent: telemetry(end) };
  if (left.question !== undefined) return { outcome: 'question', ...common };
  return failureOf(end, common) ?? { outcome: 'planned', ...common };
}

/** A question to an agent that changes nothing: it reads the tree and leaves one answer. Its edits are discarded. */
export async function ask(phase: Phase, topic: AskTopic, trees: { base: Tree; start: Tree }): Promise<Outcome> {
  const changed = trees.start !== trees.base;
  const files = changed ? { [changeFile]: await diffOf(phase.git, trees.base, trees.start) } : {};
  const end = await runAgent(phase, files);
  const answer = await readLeft(join(phase.folders.out, answerFile(topic)), maxAnswerBytes);
  const common = { agent: telemetry(end), ...defined({ answer }) };
  return failureOf(end, common) ?? { outcome: 'answered', ...common };
}

/** Bytes of the diff that an agent gets; `git diff` in the work tree shows the rest. */
const maxDiff = 1024 * 1024;

/** The difference of two trees. Nothing that the repository configures runs for it. */
async function diffOf(git: OwnGit, from: Tree, to: Tree): Promise<string> {
  const plain = ['--no-ext-diff', '--no-textconv', '--no-renames', '--no-color'];
  const diff = await git.run(['diff', ...plain, from.id, to.id]);
  if (diff.length <= maxDiff) return diff.toString('utf8');
  const end = diff.lastIndexOf('\n', maxDiff);
  return `${diff.toString('utf8', 0, end)}\n… the diff is cut after ${maxDiff} bytes\n`;
}

/**
 * Build and rework: the agent works; the change set is computed from the work tree, not from what the agent reports.
 */
export async function build(
  phase: Phase,
  trees: { base: Tree; start: Tree; prepared: Tree },
  hiddenBefore: ReadonlySet<string>,
  lineEnds: LineEnds,
): Promise<Outcome> {
  const { base, start, prepared } = trees;
  const { workspace } = phase.boot.paths;
  const end = await runAgent(phase);
  let hidden: string[] = [];
  let flipped: string[] = [];
  const changed = await step(phase, 'record change', async () => {
    const now = await recordFiles(phase.git, workspace, prepared, lineEnds, (paths) => {
      hidden = summaryOf([...paths].filter((path) => !hiddenBefore.has(path)));
    });
    const files = withoutPreparation({ start: start.files, prepared: prepared.files, end: now });
    const read = async (path: string, entry: Entry): Promise<Buffer | undefined> =>
      now.get(path)?.sha === entry.sha
        ? recordedContent(phase.git, workspace, path, entry, lineEnds)
        : phase.git.run(['cat-file', 'blob', entry.sha]); // preparation replaced it
    const change = await changeOf({ commit: phase.spec.base, files: base.files }, files, maxChangeBytes, read);
    flipped = await flippedFiles(phase.git, base, change);
    await phase.gateway.put(artifactNames.manifest, Buffer.from(JSON.stringify(change.manifest)));
    await phase.gateway.put(artifactNames.blobs, Readable.from(contentsOf(change), { objectMode: false }));
    return change.manifest.entries.length > 0;
  });
  const left = await readOutputs(phase.folders.out);
  const common = {
    ...left,
    changeSet: true,
    agent: telemetry(end),
    ...(hidden.length > 0 ? { hidden } : {}),
    ...(flipped.length > 0 ? { flipped } : {}),
  };
  if (left.question !== undefined) return { outcome: 'question', ...common };
  const failure = failureOf(end, common);
  if (failure !== undefined) return failure;
  if (left.checkpoint !== undefined) return { outcome: 'checkpoint', ...common };
  if (!changed)
    return {
      outcome: 'failed',
      ...common,
      error: { name: 'NoChanges', message: withoutChange(hidden) },
    };
  return { outcome: 'built', ...common };
}

/** A file that git ignores is in no change, so that an agent may have done what it was told, and nothing is left of it. */
const withoutChange = (hidden: readonly string[]): string =>
  [
    'the agent finished without a change to the base',
    ...(hidden.length === 0
      ? []
      : [
          `The repository's .gitignore leaves out what it wrote: ${hidden.slice(0, maxNamed).join(', ')}${hidden.length > maxNamed ? ` and ${hidden.length - maxNamed} more` : ''}. Ask for files that git does not ignore.`,
        ]),
  ].join('\n');

function failureOf(end: AgentEnd, common: Omit<Outcome, 'outcome'>): Outcome | undefined {
  const fail = (name: string, message: string): Outcome => ({ outcome: 'failed', ...common, error: { name, message } });
  if (end.timedOut) return fail('PhaseTimedOut', 'the agent reached the time limit of the phase');
  if (end.exitCode !== 0)
    return fail('AgentFailed', `the agent exited with ${end.exitCode ?? 'a signal'}\n${lastLines(end.output)}`.trim());
  return undefined;
}
