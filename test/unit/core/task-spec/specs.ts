/** Specs for tests: a complete one, and bytes of variations of it. */

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** As people write it, with evidence for every part of clarity. */
export const complete = {
  task_id: 'T-1',
  repository: 'acme/app',
  target_branch: 'main',
  output_branch_prefix: 'agent/t',
  instructions: 'Fix the rounding in `src/money/round.ts` so that npm test passes.',
  constraints: ['Change only src/money/round.ts and its tests', 'Keep the public signature of roundHalfEven'],
  target_paths: ['src/money/**'],
  excluded_paths: ['src/ledger/**'],
  success_criteria: ['roundHalfEven(2.5) is 2', { says: 'the suite passes', run: 'npm test' }],
  sandbox: { runtime: 'node:24', package_manager: 'npm', test_command: 'npm test' },
  review: { require_human_approval: true, required_reviewers: 1 },
};

/** The complete spec with some fields replaced; `undefined` takes a field out. JSON is YAML. */
export const specBytes = (changes: Record<string, unknown> = {}): Uint8Array =>
  bytesOf(JSON.stringify({ ...complete, ...changes }, null, 2));
