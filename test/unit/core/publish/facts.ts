import { plan } from '../../../../core/plan/schema.ts';
import type { PublishFacts } from '../../../../core/publish/facts.ts';

export const factsOf = (more: Partial<PublishFacts> = {}): PublishFacts => ({
  runId: 'r-1',
  link: undefined,
  taskId: 'T-1',
  title: 'Fix the rounding',
  instructions: 'x',
  specPath: '.agent-tasks/t.yaml',
  specBlob: 'b'.repeat(40),
  policyDigest: 'd'.repeat(64),
  promptVersion: '1',
  base: 'a'.repeat(40),
  agent: 'careful',
  model: 'gemini-2.5-pro',
  requester: 'dev',
  planApprovers: ['lead'],
  solo: false,
  plan: plan.parse({ phases: [{ name: 'one' }] }),
  files: [{ path: 'src/a.ts', op: 'put', phase: 'one' }],
  constraints: [],
  verify: {
    commands: [{ name: 'test', command: 'npm test', exitCode: 0, timedOut: false, ms: 1_200, output: '' }],
    versions: { node: '24.0.0' },
    enforcer: 'cgroup2',
  },
  weakened: [],
  first: [],
  refusals: [],
  usdMicros: 1_234_500,
  tokens: { input: 10, output: 2, cached: 3 },
  ...more,
});
