import { stringify } from 'yaml';
import { createWebhook } from '../../adapters/github/webhook/receiver.ts';
import { loadPolicy } from '../../cli/config/load-policy.ts';
import type { ServerProcess, ServerProcessOptions } from '../../cli/local/compose.ts';
import { listenForWebhooks } from '../../cli/local/webhook-listener.ts';
import { DrydockError } from '../../core/errors.ts';
import type { RunView } from '../../pipeline/service/service.ts';
import { type GitHubKit, startGitHub } from './github/kit.ts';
import { type Script, scriptedRunner } from './scripted-runner.ts';
import { createWorld, type World } from './world.ts';

/** A machine that serves a repository on a GitHub of its own: signed messages come in over HTTP, results go back by API. */
export interface GitHubWorld {
  world: World;
  github: GitHubKit;
  server: ServerProcess;
  /** What the server said of each message. */
  said: string[];
  policy(change?: Record<string, unknown>): void;
  /** A spec as it is pushed. */
  spec(change?: Record<string, unknown>): string;
  /** The run of a task, once it is as asked. */
  until(task: string, is: (run: RunView) => boolean): Promise<RunView>;
  /** Stops serving and starts again as a machine that never saw the repository. */
  forget(): Promise<void>;
  /** Stops serving and starts again on the same data. */
  restart(): Promise<void>;
  /** Stops serving; data and GitHub stay. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export const people = {
  lead: { github: 'lead-gh' },
  second: { github: 'second-gh' },
  dev: { github: 'dev-gh' },
};

export interface GitHubWorldOptions {
  script?: Script;
  /** The sandbox of this machine in place of a script. */
  sandbox?: boolean;
  policy?: Record<string, unknown>;
  /** A personal token of this account, in place of the App. */
  token?: string;
  now?: () => number;
}

export async function createGitHubWorld(options: GitHubWorldOptions = {}): Promise<GitHubWorld> {
  const world = createWorld();
  const github = await startGitHub({ files: repositoryFiles(world) });
  const policy = (change: Record<string, unknown> = {}): void =>
    writeGitHubPolicy(world, github, { ...options.policy, ...change });
  policy();
  const loaded = () => loadPolicy({ policy: `${world.folder}/policy.yaml`, repositories: new Map() }).policy;
  const said: string[] = [];
  let lives = 0;
  let serving: { server: ServerProcess; stop(): Promise<void> };

  const serve = async (): Promise<typeof serving> => {
    const serverOptions: Partial<ServerProcessOptions> = {
      github: options.token === undefined ? github.config : github.configOf(options.token),
      dataDir: `${world.data}-${lives}`,
      policy: loaded,
      ...(options.sandbox ? {} : { runner: scriptedRunner(options.script) }),
      ...(options.now ? { now: options.now } : {}),
    };
    const server = await world.open(serverOptions);
    const { webhooks } = server;
    if (!webhooks) throw new Error('the owner takes no webhooks');
    await server.resume();
    await webhooks.importBaselines((line) => said.push(line));
    const stopped = new AbortController();
    const working = webhooks.work(stopped.signal, (line) => said.push(line));
    const listener = await listenForWebhooks({
      app: createWebhook({
        secrets: webhooks.secrets,
        inbox: webhooks.inbox,
        onDropped: ({ event, outcome, reason }) => said.push(`${event} ${outcome}: ${reason}`),
      }),
      port: 0,
    });
    github.deliverTo(`${listener.url}/webhooks/github`);
    return {
      server,
      stop: once(async () => {
        await listener.close();
        stopped.abort();
        await working;
        await server.close();
      }),
    };
  };
  serving = await serve();

  return {
    world,
    github,
    get server() {
      return serving.server;
    },
    said,
    policy,
    spec: (change = {}) => pushedSpec(github, change),
    async until(task, is) {
      const patience = Date.now() + patienceMs;
      for (let seen: RunView | undefined; ; ) {
        seen = await serving.server.service.run(task).catch(notThere);
        if (seen && is(seen)) return seen;
        if (stuck(seen) || Date.now() > patience)
          throw new Error(`${task} did not get there: ${brief(seen)}\n${said.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    async forget() {
      await serving.stop();
      lives += 1;
      serving = await serve();
    },
    async restart() {
      await serving.stop();
      serving = await serve();
    },
    stop: () => serving.stop(),
    async close() {
      await serving.stop();
      await github.close();
      world.remove();
    },
  };
}

const brief = (run: RunView | undefined): string =>
  run
    ? [`${run.status} in ${run.state}`, ...run.events.map(({ type, text }) => `${type}: ${text}`)].join('\n')
    : 'there is no run';

const once = (work: () => Promise<void>): (() => Promise<void>) => {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
};

/** Longer than anything takes on a slow machine; what it waited for is then said. */
const patienceMs = 90_000;

const stuck = (run: RunView | undefined): boolean =>
  run?.endedAt !== null && run !== undefined && ['failed', 'rejected'].includes(run.status);

/** What the repository holds before anything is pushed. */
export const repositoryFiles = (world: World): Record<string, string> =>
  Object.fromEntries(
    world
      .git('ls-files')
      .split('\n')
      .map((path) => [path, `${world.git('show', `HEAD:${path}`)}\n`]),
  );

/** What an agent hands in as the spec of a draft. */
export const draftedSpec = {
  title: 'Correct add',
  instructions:
    'In `src/math.js`, `add` subtracts. Correct it so that `add(1, 2)` returns 3, and keep the exported names.',
  constraints: ['Keep the exported names as they are', 'Do not modify package.json'],
  target_paths: ['src/math.js'],
  excluded_paths: ['package.json'],
  success_criteria: [{ says: 'the tests pass', run: 'npm test' }],
  sandbox: { runtime: 'node:24', package_manager: 'npm', test_command: 'npm test' },
};

/** A spec as it is pushed. */
export const pushedSpec = (github: GitHubKit, change: Record<string, unknown> = {}): string =>
  stringify({
    task_id: 'FIX-1',
    repository: github.repository,
    target_branch: 'main',
    output_branch_prefix: 'agent/fix',
    instructions: 'Make add in src/math.js add.',
    constraints: ['Change only src/math.js'],
    sandbox: { package_manager: 'npm', runtime: 'node:24', test_command: 'npm test' },
    review: { require_human_approval: true, required_reviewers: 1 },
    ...change,
  });

/** The operator's policy for the kit's repository. */
export function writeGitHubPolicy(world: World, github: GitHubKit, change: Record<string, unknown> = {}): void {
  world.policy({
    people,
    repositories: { [github.repository]: { host: 'github', installation: github.app.installation } },
    review: { approvers: ['lead', 'second'], plan: 'optional' },
    ...change,
  });
}

/** @returns undefined for a run that does not exist. */
function notThere(error: unknown): undefined {
  if (!(error instanceof DrydockError) || error.name !== 'RunNotFound') throw error;
}
