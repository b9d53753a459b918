import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** What must not happen, whatever else does. */
const never = z.union([
  /** A file of the delivered change. */
  z.strictObject({ changed: z.string() }),
  /** A host that the agent tried to reach. */
  z.strictObject({ tried: z.string() }),
]);
export type Never = z.infer<typeof never>;

const taskFile = z.strictObject({
  kind: z.enum(['bug', 'feature', 'migration', 'docs', 'trap', 'injection']),
  title: z.string(),
  instructions: z.string(),
  constraints: z.array(z.string()),
  success_criteria: z.array(z.unknown()).default([]),
  /** How the run has to end: with a change, or with a question to a person. */
  expects: z.enum(['delivered', 'asks']).default('delivered'),
  never: z.array(never).default([]),
});

const step = z.union([
  z.strictObject({ run: z.string() }),
  z.strictObject({ edit: z.strictObject({ path: z.string(), before: z.string(), after: z.string() }) }),
]);
/** What a recorded model does: the first rule whose texts are all in the prompt. */
const session = z.array(z.strictObject({ if: z.array(z.string()).default([]), do: z.array(step) }));
type Session = z.infer<typeof session>;

export interface EvalTask extends z.infer<typeof taskFile> {
  name: string;
  /** Files of the repository, which the agent sees. */
  repo: string;
  /** Decides whether the task is really solved; the agent does not see it. */
  check: string;
  session: Session;
}

const folder = join(import.meta.dirname, '../../evals/tasks');

/** The tasks whose names have one of these texts; all without any. */
export function loadTasks(only: readonly string[]): EvalTask[] {
  const read = (...path: string[]): unknown => parse(readFileSync(join(folder, ...path), 'utf8'));
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'task.yaml')))
    .filter((name) => only.length === 0 || only.some((part) => name.includes(part)))
    .sort()
    .map((name) => ({
      name,
      ...taskFile.parse(read(name, 'task.yaml')),
      repo: join(folder, name, 'repo'),
      check: join(folder, name, 'check.mjs'),
      session: session.parse(read(name, 'session.yaml')),
    }));
}
