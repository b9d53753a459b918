import { Octokit } from '@octokit/rest';
import type { GitHubAccess } from '../../../../../adapters/github/api/access.ts';

/** What GitHub answers to a path with its query; a function sees the request. */
export type Answer = { status?: number; body: unknown; type?: string; headers?: Record<string, string> };

/**
 * Access with real Octokit to answers as GitHub gives them, cut to the fields that matter; no server. A path that is not
 * listed is 404. `asked` collects what was asked, in order.
 */
export function recorded(answers: Record<string, Answer>, mode: GitHubAccess['mode'] = 'app') {
  const asked: string[] = [];
  const octokit = new Octokit({
    log: { debug() {}, info() {}, warn() {}, error() {} },
    request: {
      fetch: async (url: string, init: { method: string }) => {
        const path = url.replace('https://api.github.com', '');
        asked.push(`${init.method} ${path}`);
        const answer = answers[path] ?? { status: 404, body: { message: 'Not Found' } };
        const type = answer.type ?? 'application/json';
        const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
        const headers = { 'content-type': type, ...answer.headers };
        const response = new Response(body, { status: answer.status ?? 200, headers });
        return Object.defineProperty(response, 'url', { value: url });
      },
    },
  });
  const access: GitHubAccess = {
    mode,
    gitUrl: 'https://github.com',
    use: (_scope, _purpose, call) => call(octokit),
    writing: (_scope, work) => work(),
    app: (call) => call(octokit),
    readToken: async () => 'none',
    release: async () => undefined,
  };
  return { access, asked };
}
