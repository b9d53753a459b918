import { createPublicKey, randomUUID, verify } from 'node:crypto';
import type { Octokit } from '@octokit/rest';

interface Answer {
  status: number;
  value?: unknown;
  headers?: Record<string, string>;
}

interface Attempt {
  id: number;
  guid: string;
  delivered_at: string;
  redelivery: boolean;
  duration: number;
  status: string;
  status_code: number;
  event: string;
  action: string | null;
}

export interface StandInOptions {
  /** Of the front, for links to further pages. */
  url: string;
  /** Of the emulator. */
  api: string;
  admin: Octokit;
  at: { owner: string; repo: string };
  privateKey: string;
  /** From now on the App's messages are signed with it. */
  signWith(secret: string): void;
  /** Sends a message once more. */
  again(delivery: { event: string; body: string }, guid: string): void;
}

/** What the emulator lacks, or answers otherwise than GitHub, of checks, reviews, comments and the App's deliveries. */
export function standInCollaboration({ url, api, admin, at, privateKey, signWith, again }: StandInOptions) {
  const repo = `/repos/${at.owner}/${at.repo}`;
  const attempts: (Attempt & { body: string })[] = [];

  const forward = async (method: string, path: string, token: string | undefined, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${api}${path}`, {
      method,
      headers: { ...(token ? { authorization: `token ${token}` } : {}), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const link = response.headers.get('link');
    const value = (await response.json()) as unknown;
    return { status: response.status, value, headers: link ? { link } : {} };
  };

  const routes: [string, RegExp, (match: string[], body: string, token: string | undefined) => Promise<Answer>][] = [
    // https://docs.github.com/en/rest/pulls/comments#create-a-reply-for-a-review-comment
    [
      'POST',
      /^\/pulls\/(\d+)\/comments\/(\d+)\/replies$/,
      async ([, pull, id], body, token) => {
        const parent = await forward('GET', `${repo}/pulls/comments/${id}`, token);
        if (parent.status !== 200) return { status: 404, value: { message: 'Not Found' } };
        const { path, in_reply_to_id } = parent.value as { path: string; in_reply_to_id: number | null };
        if (in_reply_to_id !== null) return { status: 422, value: { message: 'Replies to replies are not supported' } };
        const given = JSON.parse(body) as { body: string };
        return forward('POST', `${repo}/pulls/${pull}/comments`, token, { ...given, path, in_reply_to_id: Number(id) });
      },
    ],
    // https://docs.github.com/en/rest/pulls/comments#list-review-comments-on-a-pull-request: with the line.
    [
      'GET',
      /^(\/pulls\/\d+\/comments(?:\?.*)?)$/,
      async ([, path], _, token) => {
        const answer = await forward('GET', `${repo}${path}`, token);
        if (answer.status !== 200) return answer;
        const value = (answer.value as { line: number | null; position: number | null }[]).map((each) => ({
          ...each,
          line: each.line ?? each.position,
        }));
        return { ...answer, value };
      },
    ],
    // https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
    [
      'GET',
      /^\/commits\/([0-9a-f]{40})\/pulls(?:\?.*)?$/,
      async ([, sha]) => {
        const { data } = await admin.pulls.list({ ...at, state: 'all', per_page: 100 });
        return { status: 200, value: data.filter((pull) => pull.merge_commit_sha === sha || pull.head.sha === sha) };
      },
    ],
    // https://docs.github.com/en/rest/commits/commits#list-commits with a path: the newest one, as git simplifies history.
    [
      'GET',
      /^\/commits\?(.*\bpath=.*)$/,
      async ([, query = '']) => {
        const asked = new URLSearchParams(query);
        const blobAt = async (sha: string): Promise<string | undefined> => {
          const { data } = await admin.git.getTree({ ...at, tree_sha: sha, recursive: '1' });
          return data.tree.find(({ path }) => path === asked.get('path'))?.sha;
        };
        let sha = asked.get('sha') ?? '';
        for (;;) {
          const here = await blobAt(sha);
          const { data } = await admin.git.getCommit({ ...at, commit_sha: sha });
          const parents = await Promise.all(
            data.parents.map(async (each) => ({ ...each, blob: await blobAt(each.sha) })),
          );
          const same = parents.find(({ blob }) => blob === here);
          if (same) sha = same.sha;
          else return { status: 200, value: here === undefined && data.parents.length === 0 ? [] : [{ sha }] };
        }
      },
    ],
    // https://docs.github.com/en/rest/checks/runs#update-a-check-run: annotations are added to those there are.
    [
      'PATCH',
      /^\/check-runs\/(\d+)$/,
      async ([, id], body, token) => {
        const given = JSON.parse(body) as { output?: { annotations?: unknown[] } };
        const { data } = await admin.request('GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', {
          ...at,
          check_run_id: Number(id),
          per_page: 100,
        });
        const before = (data as unknown as { check_annotations: unknown[] }).check_annotations;
        const added = given.output?.annotations ?? [];
        if (added.length > 50) return { status: 422, value: { message: 'No more than 50 annotations per request' } };
        const output = given.output && { ...given.output, annotations: [...before, ...added] };
        return forward('PATCH', `${repo}/check-runs/${id}`, token, { ...given, ...(output ? { output } : {}) });
      },
    ],
  ];

  /** https://docs.github.com/en/rest/apps/webhooks: the App's own deliveries, for its JSON web token only. */
  function hookDeliveries(path: string, token: string | undefined): Answer | undefined {
    const [, id, query = ''] = /^\/app\/hook\/deliveries(?:\/(\d+))?(?:\?(.*))?$/.exec(path) ?? [undefined];
    if (!path.startsWith('/app/hook/deliveries')) return undefined;
    if (!isSigned(token)) return { status: 401, value: { message: 'A JSON web token could not be decoded' } };
    if (id !== undefined) {
      const found = attempts.find((attempt) => attempt.id === Number(id));
      if (!found) return { status: 404, value: { message: 'Not Found' } };
      const { body, ...attempt } = found;
      return { status: 200, value: { ...attempt, request: { headers: {}, payload: JSON.parse(body) }, response: {} } };
    }
    const asked = new URLSearchParams(query);
    const from = Number(asked.get('cursor') ?? 0);
    const size = Number(asked.get('per_page') ?? 30);
    const newestFirst = attempts.toReversed().map(({ body, ...attempt }) => attempt);
    const next = `<${url}/app/hook/deliveries?per_page=${size}&cursor=${from + size}>; rel="next"`;
    return {
      status: 200,
      value: newestFirst.slice(from, from + size),
      headers: from + size < newestFirst.length ? { link: next } : {},
    };
  }

  function isSigned(token: string | undefined): boolean {
    const [head = '', claims = '', signature = ''] = (token ?? '').split('.');
    const signed = Buffer.from(signature, 'base64url');
    return verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), createPublicKey(privateKey), signed);
  }

  return {
    async answer(method: string, path: string, body: Buffer, token: string | undefined): Promise<Answer | undefined> {
      // https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook
      const repeats = /^\/app\/hook\/deliveries\/(\d+)\/attempts$/.exec(path)?.[1];
      if (method === 'POST' && repeats !== undefined) {
        if (!isSigned(token)) return { status: 401, value: { message: 'A JSON web token could not be decoded' } };
        const found = attempts.find((attempt) => attempt.id === Number(repeats));
        if (!found) return { status: 404, value: { message: 'Not Found' } };
        again(found, found.guid);
        return { status: 202, value: {} };
      }
      // https://docs.github.com/en/rest/apps/webhooks#update-a-webhook-configuration-for-an-app
      if (method === 'PATCH' && path === '/app/hook/config') {
        if (!isSigned(token)) return { status: 401, value: { message: 'A JSON web token could not be decoded' } };
        const { secret } = JSON.parse(body.toString()) as { secret?: string };
        if (secret !== undefined) signWith(secret);
        return { status: 200, value: { content_type: 'json', insecure_ssl: '0', secret: '********', url } };
      }
      if (method === 'GET' && path.startsWith('/app/')) return hookDeliveries(path, token);
      if (!path.startsWith(`${repo}/`)) return undefined;
      const rest = path.slice(repo.length);
      for (const [verb, route, answer] of routes) {
        const match = verb === method ? route.exec(rest) : null;
        if (match) return answer([...match], body.toString(), token);
      }
      return undefined;
    },

    /** Writes down that the App's hook was called; with the id of an earlier attempt, once more. */
    attempted(delivery: { event: string; body: string }, statusCode: number, guid?: string): string {
      const attempt = {
        id: attempts.length + 1,
        guid: guid ?? randomUUID(),
        delivered_at: new Date().toISOString(),
        redelivery: guid !== undefined,
        duration: 0.1,
        status: statusCode === 200 ? 'OK' : 'failed to connect to host',
        status_code: statusCode,
        event: delivery.event,
        action: null,
        body: delivery.body,
      };
      attempts.push(attempt);
      return attempt.guid;
    },
  };
}
