/**
 * A change that tries to be verified while it is wrong: the guard and the Verify phase judge it as they judge every
 * change, in the real sandbox, and the verdict is the pipeline's.
 */
import { defined } from '../../../../core/defined.ts';
import { guardChange } from '../../../../core/guard/guard.ts';
import { formatViolations } from '../../../../core/guard/violation.ts';
import type { PhaseJob } from '../../../../core/ports/runtime/phase-runner.ts';
import type { PhaseEnd } from '../../../../core/run/phase-end.ts';
import { verifyVerdict } from '../../../../pipeline/phases/evidence.ts';
import { type File, guardInput } from '../../../unit/core/guard/changes.ts';
import { type JobChanges, makeJob, makeWorld, runJob, type World } from '../../contract/phase-fixtures.ts';

export interface Attempt {
  /** Files of the base beside the shared ones. */
  base?: Record<string, string | Buffer>;
  /** Path → commit. */
  submodules?: Record<string, string>;
  /** The change; null deletes a file. */
  change: Record<string, File | null>;
  sandbox?: JobChanges['sandbox'];
  /** Success criteria: what they say, and the command. */
  criteria?: Record<string, string>;
  knownFailures?: string[];
  /** Number of tests that the baseline of this base counted. */
  baseTests?: number;
  /** A person accepted what the guard refuses until somebody does. */
  accepted?: true;
}

export interface Forgery extends Attempt {
  /** What the change tries. */
  how: string;
  /** What people read of it. */
  named: RegExp;
}

/** Its test fails unless `add(1, 2)` is 3, so each forgery changes `add`. */
const calc: Record<string, string | Buffer> = {
  '.gitignore': 'node_modules\ndist/\n',
  'package.json': JSON.stringify({ name: 'calc', private: true, type: 'module', scripts: { test: 'node test.mjs' } }),
  'add.mjs': 'export const add = (a, b) => a - -b;\n',
  'test.mjs':
    "import { add } from './add.mjs';\nif (add(1, 2) !== 3) { console.log('not ok 1 - adds'); process.exit(1); }\nconsole.log('ok 1 - adds');\n",
};
export const right = 'export const add = (a, b) => b + a;\n';
export const wrong = 'export const add = (a, b) => a - b;\n';

const worlds = new Map<string, World>();

/** One repository for all attempts that start from the same files. */
function worldOf(files: Record<string, string | Buffer>, submodules: Record<string, string>): World {
  const key = JSON.stringify([files, submodules]);
  const world = worlds.get(key) ?? makeWorld(files, {}, submodules);
  worlds.set(key, world);
  return world;
}

export function removeWorlds(): void {
  for (const world of worlds.values()) world.remove();
}

type RunPhase = (world: World, job: PhaseJob) => Promise<PhaseEnd>;

/** Judges the change; the text is what people read where it is not delivered. */
export async function judged(attempt: Attempt, run: RunPhase = runJob): Promise<{ passed: boolean; text: string }> {
  const base = { ...calc, ...attempt.base };
  const world = worldOf(base, attempt.submodules ?? {});
  const input = guardInput({
    base,
    edits: Object.entries(attempt.change),
    protect: ['.github/**', '.agent-tasks/**'],
    weakeningAccepted: attempt.accepted === true,
  });
  const refused = formatViolations(await guardChange(input));
  if (refused !== '') return { passed: false, text: refused };
  const { sandbox = {}, criteria = {}, knownFailures = [], baseTests } = attempt;
  const inputs = new Map<string, Uint8Array>([
    ['changeset.json', Buffer.from(JSON.stringify({ ...input.change.manifest, base: world.base }))],
    ['changeset.blobs', input.change.blobs],
  ]);
  const commands = Object.entries(criteria).map(([says, command]) => ({ name: `success: ${says}`, command }));
  const end = await run(
    world,
    makeJob(world, {
      inputs,
      spec: { phase: 'verify', agent: null, commands, knownFailures, ...defined({ baseTests }) },
      sandbox,
    }),
  );
  if (end.failure !== undefined) return { passed: false, text: `${end.failure.name}: ${end.failure.message}` };
  if (end.result === undefined) return { passed: false, text: 'the phase ended without a result' };
  const task = {
    spec: {
      success_criteria: Object.entries(criteria).map(([says, run]) => ({ says, run })),
      sandbox: { build_command: sandbox.buildCommand },
    },
    checks: [],
    ci: [],
    knownFailures,
  };
  return verifyVerdict(task, end.result, baseTests);
}
