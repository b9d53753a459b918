import { realpathSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { readSpec } from '../../core/task-spec/parse.ts';
import type { CommonOptions } from '../command.ts';
import { requesterName } from '../config/home.ts';
import { loadPolicy, personId } from '../config/load-policy.ts';
import { elsewhere } from '../config/own-repository.ts';
import { gitRoot, repositoriesOf, standingIn } from '../config/repositories.ts';
import { readSpecFile } from '../lint/lint-file.ts';
import type { ServerProcessOptions } from '../local/compose.ts';
import { ServerGone } from '../local/control-client.ts';
import { dataFolder } from '../local/data-folder.ts';
import { type Driver, sandboxOf } from '../local/sandbox-choice.ts';
import { openSession } from '../local/session.ts';
import { openStackSession, stackOf } from '../remote/options.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { follow } from '../terminal/follow.ts';
import { type Output, print } from '../terminal/output.ts';
import { asDuplicate, duplicateLines, exitOf, type Outcome, sayAttempt, summary } from '../terminal/summary.ts';

export interface RunOptions extends CommonOptions {
  repo: string[];
  agent?: string;
  yes?: boolean;
  detach?: boolean;
  dryRun?: boolean;
  attempt?: number;
  sandbox?: Driver;
  unsafeNoSandbox?: boolean;
  strictRuntime?: boolean;
  replay?: string;
}

/** @param given The bytes of a spec that was made just now; `file` is then its path in the repository. */
export async function runCommand(
  output: Output,
  options: RunOptions,
  file: string,
  given?: Uint8Array,
): Promise<ExitCode> {
  const run = await runSpec(output, options, file, given);
  print(output, run, () =>
    run.status === 'duplicate'
      ? duplicateLines(run, output)
      : summary(run, output, given === undefined ? file : undefined),
  );
  return exitOf(run);
}

/** Submits a spec and follows the run until it ends, or until it waits for a person who cannot answer here. */
export async function runSpec(output: Output, options: RunOptions, file: string, given?: Uint8Array): Promise<Outcome> {
  const bytes = given ?? readSpecFile(file);
  const path = given === undefined ? shownPath(file) : file;
  const stack = stackOf(options);
  if (stack) {
    const { runOnStack } = await import('../remote/submit.ts');
    const request = {
      file: path,
      bytes,
      ...defined({ attempt: options.attempt }),
      dryRun: options.dryRun === true,
      ...defined({ agent: options.agent }),
    };
    return runOnStack(await openStackSession(stack), request, output, options.detach === true);
  }
  const read = readSpec(path, bytes);
  const standing = standingIn(read.spec?.repository, process.cwd());
  const repositories = repositoriesOf(options.repo, process.cwd());
  const { policy } = loadPolicy({
    repositories,
    ...defined({ standing, policy: options.policy, as: options.as }),
  });
  const requester = personId(policy, requesterName(options.as));
  // With `--repo` the user has chosen the repository.
  const otherLocation = standing && !repositories.has(standing.name) ? elsewhere(policy, standing) : undefined;
  if (otherLocation !== undefined) output.err(otherLocation);
  const server: ServerProcessOptions = {
    dataDir: dataFolder(options.data),
    messages: policy,
    sandbox: sandboxOf(policy, options.sandbox),
    ...defined({ unsafeNoSandbox: options.unsafeNoSandbox, strictRuntime: options.strictRuntime }),
    ...(options.replay === undefined ? {} : { replaySession: resolve(options.replay) }),
  };
  const request = {
    file: path,
    bytes,
    read,
    policy,
    requester,
    ...defined({ attempt: options.attempt }),
    dryRun: options.dryRun === true,
    ...defined({ agent: options.agent }),
  };
  let submitted: string | undefined;
  for (;;) {
    const session = await openSession(server);
    try {
      // Runs that an earlier server process left unfinished continue first; this run may be one of them.
      const left = new Set(session.server?.unfinished());
      if (submitted === undefined) {
        if (options.detach && session.server) throw noServerProcess();
        const { runId, outcome, ...next } = await session.service.submit(request);
        if (outcome === 'duplicate' && !left.has(runId)) {
          await session.server?.resume();
          return asDuplicate(await session.service.run(runId));
        }
        sayAttempt(output, next);
        submitted = runId;
      }
      await session.server?.resume();
      if (options.detach) return await session.service.run(submitted);
      const ended = await follow(session, submitted, output, { yes: options.yes === true, as: requester });
      await session.linger?.((line) => output.err(line));
      return ended;
    } catch (error) {
      // The server process that ran this run ended. The first process that opens the folder resumes the unfinished
      // runs.
      if (!(error instanceof ServerGone)) throw error;
      output.err('The server process ended; this process takes over.');
    } finally {
      await session.close();
    }
  }
}

const noServerProcess = () =>
  new DrydockError('UsageError', 'No server process owns the data folder, so nothing would run the spec.', {
    remedy: 'Start `drydock serve` in another terminal, or omit --detach.',
  });

/** Path of a spec from the root of its repository, for the provenance; the bare file name outside a repository. */
function shownPath(file: string): string {
  const root = gitRoot(dirname(resolve(file)));
  return root === undefined ? basename(file) : relative(root, realpathSync(file));
}
