import { inert, oneLine, unskipped } from './escape.ts';
import type { PublishFacts } from './facts.ts';

/** Subject and trailers; the trailers lead from a line of code back to its spec, plan and approver. */
export function commitMessage(facts: PublishFacts): string {
  const subject = unskipped(oneLine(`${facts.taskId}: ${facts.title}`.slice(0, 500)))
    .slice(0, 72)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd();
  const phases = [...new Set(facts.files.flatMap((file) => (file.phase === undefined ? [] : [file.phase])))];
  const trailers: [string, string][] = [
    ['Drydock-Run', facts.runId],
    ['Drydock-Task', facts.taskId],
    ['Drydock-Spec', `${facts.specPath}@${facts.specBlob}`],
    ['Drydock-Base', facts.base],
    ['Drydock-Policy', facts.policyDigest],
    ['Drydock-Prompt', facts.promptVersion],
    ['Drydock-Agent', facts.agent],
    ...(facts.model === undefined ? [] : ([['Drydock-Model', facts.model]] as [string, string][])),
    ...phases.map((phase): [string, string] => ['Drydock-Plan-Phase', inert(phase)]),
    ...facts.planApprovers.map((person): [string, string] => ['Drydock-Plan-Approved-By', person]),
    ['Drydock-Requested-By', facts.requester],
  ];
  return `${subject}\n\n${trailers.map(([name, value]) => `${name}: ${oneLine(value)}`).join('\n')}\n`;
}
