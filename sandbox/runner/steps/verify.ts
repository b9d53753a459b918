import { firstTests, testsAgain } from '../../../core/run/test-report.ts';
import { commandEnvironment } from '../commands/environment.ts';
import { describe, mustPass, type Phase, shell, step, tests, withHints } from '../phase.ts';
import { TreeWatch } from '../watch/watch.ts';
import type { LineEnds } from '../workspace/line-ends.ts';
import { checkOutSubmodules } from '../workspace/submodules.ts';
import type { Tree } from '../workspace/trees.ts';
import { checkOut } from '../workspace/work-tree.ts';
import { prepare } from './prepare.ts';
import type { Outcome } from './work.ts';

/**
 * Verify: installs, and runs the build, the tests, then every success criterion, check and gate. A failure does not stop the others,
 * so that one round reports all problems; the error names the first. A command that changes the tree ends it: what
 * follows would verify something else.
 */
export async function verify(phase: Phase, tree: Tree, lineEnds: LineEnds): Promise<Outcome> {
  const { sandbox, commands, baseTests } = phase.spec;
  await step(phase, 'checkout', async () => {
    await checkOut(phase.git, tree);
    await lineEnds.apply(phase.boot.paths.workspace, tree);
    await checkOutSubmodules(phase.git, phase.boot.paths.workspace, tree.files);
  });
  phase.watch = new TreeWatch(phase.git, phase.boot.paths.workspace, phase.boot.paths.deps, tree, lineEnds);
  await prepare(phase, true);
  phase.watch.freezeInstalled();
  const env = commandEnvironment(phase);
  if (sandbox.buildCommand !== undefined) await mustPass(phase, 'build', sandbox.buildCommand, env, 'VerifyFailed');
  let first: string | undefined;
  let timedOut = false;
  const all = [
    () => testsTwice(phase, env, baseTests),
    ...commands.map(({ name, command }) => async () => {
      const result = await shell(phase, name, command, env);
      return { ...result, passed: result.exitCode === 0 };
    }),
  ];
  for (const run of all) {
    const result = await run();
    timedOut ||= result.timedOut;
    if (result.timedOut) break;
    if (!result.passed) first ??= withHints(phase, describe(result));
  }
  if (timedOut)
    return {
      outcome: 'failed',
      error: { name: 'PhaseTimedOut', message: 'verification reached the time limit of the phase' },
    };
  if (first !== undefined) return { outcome: 'failed', error: { name: 'VerifyFailed', message: first } };
  return { outcome: 'verified' };
}

/** Tests that fail are run once more on the same tree: if they then pass they are flaky, and no agent can mend that. */
async function testsTwice(phase: Phase, env: Record<string, string>, baseTests: number | undefined): Promise<Tested> {
  const first = await tests(phase, firstTests, env, () => baseTests);
  if (first.passed || first.timedOut) return first;
  const again = await tests(phase, testsAgain, env, () => baseTests);
  return { ...again, name: firstTests };
}

type Tested = Awaited<ReturnType<typeof tests>>;
