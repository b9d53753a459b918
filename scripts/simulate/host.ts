import { createHash } from 'node:crypto';
import { DrydockError } from '../../core/errors.ts';
import type { CodeHost, CodeHostScope } from '../../core/ports/host/code-host.ts';
import type { GateResult } from '../../core/ports/host/collaboration.ts';
import { gitBlobSha } from '../../core/task-spec/fingerprint.ts';
import type { Meter } from './meter.ts';

const sha = (text: string): string => createHash('sha1').update(text).digest('hex');
const files = new Map([
  ['package.json', Buffer.from('{"name":"calc","scripts":{"test":"node --test"}}\n')],
  ['src/math.js', Buffer.from('export const add = (a, b) => a - b;\n')],
]);

/**
 * GitHub with its budgets of requests. What each operation asks is as the adapter was counted to ask it in the scenario of
 * a run on the stand-ins: about 60 requests of the installation a run, 12 of which create content.
 */
export class SimulatedGitHub {
  /** Results of CI by head, once they are there. */
  readonly ci = new Map<string, GateResult>();
  readonly #branches = new Map<string, string>();
  readonly #swept = new Set<string>();
  readonly #meter: Meter;
  readonly #untilReset: () => number;
  #pulls = 0;

  constructor(meter: Meter, now: () => number) {
    this.#meter = meter;
    this.#untilReset = () => 3_600_000 - (now() % 3_600_000);
  }

  /** @throws HostRateLimited, as the client does without asking. */
  ask(repository: string, reads: number, creates = 0): void {
    const owner = repository.split('/', 1)[0] ?? '';
    this.#meter.count('github request', reads + creates);
    this.#meter.take('githubPerMinute', reads + 5 * creates, owner);
    if (creates > 0) this.#meter.take('githubContentPerHour', creates, owner);
    if (this.#meter.take('githubPerHour', reads + creates, owner)) return;
    throw new DrydockError('HostRateLimited', `The budget of ${owner} is used up.`, {
      details: { status: 429, retryAfterMs: this.#untilReset() },
    });
  }

  host(scope: CodeHostScope): CodeHost {
    const { repository } = scope;
    const base = sha(`base ${repository}`);
    const trees = new Set<string>();
    const key = (branch: string): string => `${repository} ${branch}`;
    const tree = (commit: string): Map<string, { mode: string; blobSha: string; bytes: number }> => {
      if (!trees.has(commit)) this.ask(repository, 1);
      trees.add(commit);
      return new Map(
        [...files].map(([path, bytes]) => [path, { mode: '100644', blobSha: gitBlobSha(bytes), bytes: bytes.length }]),
      );
    };
    const unsupported = async (): Promise<never> => {
      throw new DrydockError('Internal', 'The simulated host does not do this.');
    };
    return {
      resolve: async (_, branch) => {
        // Sweeps ask with the ETag of the answer before: an unchanged head is none of the hourly budget.
        if (scope.run === undefined && this.#swept.has(key(branch))) {
          this.#meter.count('github request, unchanged');
          return base;
        }
        if (scope.run === undefined) this.#swept.add(key(branch));
        this.ask(repository, 1);
        if (branch === 'main') return base;
        const head = this.#branches.get(key(branch));
        if (head === undefined) throw new DrydockError('PolicyRefused', `There is no branch ${branch}.`);
        return head;
      },
      exportBase: unsupported,
      blame: unsupported,
      merge: unsupported,
      listTree: async (_, commit) => tree(commit),
      diff: async () => ({ text: '', truncated: false }),
      readFile: async (_, commit, path) => {
        if (tree(commit).has(path)) this.ask(repository, 1);
        return files.get(path);
      },
      readFiles: async (_, commit, paths) => {
        const found = paths.flatMap((path) => {
          const bytes = tree(commit).has(path) ? files.get(path) : undefined;
          return bytes ? [[path, bytes] as const] : [];
        });
        this.ask(repository, found.length);
        return new Map(found);
      },
      publishing: async (work) => {
        // The token for writing is revoked after it.
        this.ask(repository, 1);
        return work();
      },
      publish: async ({ branch, previous, message }) => {
        this.ask(repository, 2, 3);
        const commit = sha(`${repository} ${branch} ${previous ?? ''} ${message}`);
        this.#branches.set(key(branch), commit);
        return { commit };
      },
      rebase: async (_, change) => ({ change, conflicts: [] }),
      openPullRequest: async () => {
        this.ask(repository, 2, 3);
        this.#pulls += 1;
        return { id: String(this.#pulls), url: `https://github.example/${repository}/${this.#pulls}`, draft: true };
      },
      readPullRequest: async () => {
        this.ask(repository, 1);
        return undefined;
      },
      markReady: async () => this.ask(repository, 2, 1),
      release: async () => this.ask(repository, 2),
      collaboration: {
        reportCheck: async () => this.ask(repository, 1, 1),
        comment: async () => this.ask(repository, 1, 1),
        reply: async () => this.ask(repository, 1, 1),
        permission: async () => {
          this.ask(repository, 1);
          return 'write';
        },
        reviews: async () => {
          this.ask(repository, 1);
          return [];
        },
        reviewComments: async () => [],
        pusherOf: async () => undefined,
        pullRequestsOf: async () => [],
        pullRequest: async () => ({ author: { login: 'dev', bot: false }, target: 'main', head: '', merged: false }),
        lastChange: async () => undefined,
        gateResults: async (_, head) => {
          this.ask(repository, 2);
          return [this.ci.get(head) ?? { name: 'test', state: 'pending', conclusion: 'pending', detail: '' }];
        },
      },
    };
  }
}
