import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childEnv } from './child-env.ts';
import { startGitHub } from './github/kit.ts';
import { pushedSpec, repositoryFiles, writeGitHubPolicy } from './github-world.ts';
import { createWorld } from './world.ts';

export interface Flood {
  /** Answers by status. */
  answers: Record<number, number>;
  slowestMs: number;
  /** From the first message to the last run's start. */
  ms: number;
  /** Task ids of all runs there are, each as often as it has runs. */
  tasks: string[];
  kills: number;
}

/**
 * So many distinct signed pushes at once, each with a spec of its own, to a server that is killed -9 `kills` times while it
 * works on them; what was not answered then is sent again, as a host's redelivery does.
 */
export async function flood(pushes: number, kills: number): Promise<Flood> {
  const world = createWorld();
  const github = await startGitHub({ files: repositoryFiles(world) });
  let child: ChildProcess | undefined;
  try {
    // One works, the others have their run and wait for a place.
    writeGitHubPolicy(world, github, {
      limits: { concurrent_runs: 1 },
      review: { approvers: ['lead', 'second'], plan: 'required' },
    });
    const bodies = await messages(github, pushes);
    writeFileSync(join(world.folder, 'child.json'), JSON.stringify({ config: github.config, specs: pushes }));
    const flood: Flood = { answers: {}, slowestMs: 0, ms: 0, tasks: [], kills: 0 };
    let unanswered = bodies;
    const began = Date.now();
    for (;;) {
      const life = serve(world.folder);
      child = life.child;
      const url = await life.url;
      github.deliverTo(`${url}/webhooks/github`);
      const sent = await Promise.all(
        unanswered.map(async (body) => {
          const start = Date.now();
          const status = await github.send({ event: 'push', body }).catch(() => 0);
          flood.slowestMs = Math.max(flood.slowestMs, Date.now() - start);
          flood.answers[status] = (flood.answers[status] ?? 0) + 1;
          return { body, status };
        }),
      );
      unanswered = sent.filter(({ status }) => status !== 202).map(({ body }) => body);
      if (flood.kills < kills) {
        // Some have their run by then, and some do not.
        await life.until((runs) => runs >= ((flood.kills + 1) * pushes) / (kills + 2));
        flood.kills += 1;
        child.kill('SIGKILL');
        await life.ended;
        continue;
      }
      const done = await life.done;
      await life.ended;
      return { ...flood, ms: Date.now() - began, tasks: done };
    }
  } finally {
    child?.kill('SIGKILL');
    await github.close();
    world.remove();
  }
}

/** Commits one after the other, each with one spec more, and what the host says of each. */
async function messages(github: Awaited<ReturnType<typeof startGitHub>>, pushes: number): Promise<string[]> {
  const { admin, at } = github;
  let parent = await github.head('main');
  let tree = (await admin.git.getCommit({ ...at, commit_sha: parent })).data.tree.sha;
  const bodies: string[] = [];
  for (let i = 0; i < pushes; i++) {
    const content = pushedSpec(github, { task_id: `T-${i}` });
    const entry = { path: `.agent-tasks/T-${i}.yaml`, mode: '100644', type: 'blob', content } as const;
    tree = (await admin.git.createTree({ ...at, base_tree: tree, tree: [entry] })).data.sha;
    const { data } = await admin.git.createCommit({ ...at, message: `spec ${i}`, tree, parents: [parent] });
    bodies.push(
      JSON.stringify({
        ref: 'refs/heads/main',
        before: parent,
        after: data.sha,
        repository: { full_name: github.repository },
        sender: { login: 'dev-gh', type: 'User' },
        installation: { id: github.app.installation },
      }),
    );
    parent = data.sha;
  }
  return bodies;
}

function serve(folder: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'flood-child.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: childEnv(),
  });
  let out = '';
  const waiting: { test: RegExp; is(match: RegExpMatchArray): boolean; resolve(text: string): void }[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    out += String(chunk);
    for (const wait of waiting) {
      for (const match of out.matchAll(wait.test)) if (wait.is(match)) wait.resolve(match[1] ?? '');
    }
  });
  const heard = (test: RegExp, is: (match: RegExpMatchArray) => boolean = () => true): Promise<string> =>
    new Promise((resolve, reject) => {
      waiting.push({ test, is, resolve });
      child.on('close', (code, signal) =>
        reject(new Error(`the server ended with ${code ?? signal}:\n${out.slice(-2_000)}`)),
      );
    });
  const url = heard(/^listening (\S+)$/gm);
  const done = heard(/^done (.*)$/gm).then((text) => JSON.parse(text) as string[]);
  done.catch(() => undefined);
  url.catch(() => undefined);
  return {
    child,
    url,
    done,
    ended: new Promise<void>((resolve) => child.on('close', () => resolve())),
    until: (is: (runs: number) => boolean) => heard(/^runs (\d+) /gm, (match) => is(Number(match[1]))),
  };
}
