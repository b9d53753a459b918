import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DrydockError } from '../../../core/errors.ts';
import { type Checkpoint, checkpoint, type Question, question } from '../../../core/run/phase.ts';
import { outputs } from '../../layout.ts';

const maxPlan = 200_000;
const maxHandoff = 100_000;
const maxJson = 64 * 1024;

interface AgentOutputs {
  plan?: string;
  handoff?: string;
  question?: Question;
  checkpoint?: Checkpoint;
}

/**
 * Reads a regular file of at most `max` bytes as text; `undefined` if it does not exist. The agent controlled the
 * folder, so links and pipes are not followed.
 */
export async function readLeft(file: string, max: number): Promise<string | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DrydockError('ResultInvalid', `${basename(file)} is not a readable file`);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new DrydockError('ResultInvalid', `${basename(file)} is not a regular file`);
    if (stat.size > max) throw new DrydockError('ResultInvalid', `${basename(file)} exceeds ${max} bytes`);
    const bytes = Buffer.alloc(max);
    const { bytesRead } = await handle.read(bytes, 0, max, 0);
    return bytes.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Reads the agent's outputs in `$DRYDOCK_OUT`. @throws ResultInvalid if a file is not valid for its name. */
export async function readOutputs(folder: string): Promise<AgentOutputs> {
  const read = (name: string, max: number): Promise<string | undefined> => readLeft(join(folder, name), max);
  const found: AgentOutputs = {};
  const plan = await read(outputs.plan, maxPlan);
  if (plan !== undefined) found.plan = plan;
  const handoff = await read(outputs.handoff, maxHandoff);
  if (handoff !== undefined) found.handoff = handoff;
  const asked = await read(outputs.question, maxJson);
  if (asked !== undefined) found.question = checked(outputs.question, asked, (value) => question.safeParse(value));
  const reached = await read(outputs.checkpoint, maxJson);
  if (reached !== undefined)
    found.checkpoint = checked(outputs.checkpoint, reached, (value) => checkpoint.safeParse(value));
  return found;
}

type Parsed<T> =
  | { success: true; data: T }
  | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };

function checked<T>(name: string, text: string, parse: (value: unknown) => Parsed<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DrydockError('ResultInvalid', `${name} is not valid JSON`);
  }
  const parsed = parse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  throw new DrydockError('ResultInvalid', `${name}: ${problems.join('; ')}`);
}
