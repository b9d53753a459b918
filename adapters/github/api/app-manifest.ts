/** The permissions that the App requests, each with its reason. `setup`, the documentation and `doctor` show them. */
export const permissions: Record<string, { access: 'read' | 'write'; reason: string }> = {
  metadata: {
    access: 'read',
    reason: 'GitHub requires it for every app. It reads names, permissions of accounts and branch rules',
  },
  contents: { access: 'write', reason: 'read specs and the base; push the run’s branch. Nothing is merged' },
  pull_requests: {
    access: 'write',
    reason: 'open the draft pull request, request reviewers, read reviews, answer threads',
  },
  checks: { access: 'write', reason: 'the checks “Drydock” and “Drydock specs”; read CI results' },
  statuses: { access: 'write', reason: 'CI gates that report as commit statuses' },
  issues: { access: 'write', reason: 'labels, and comments in the conversation of a pull request or an issue' },
  actions: { access: 'read', reason: 'read the end of a failed job’s log, for rework' },
};

/** The webhook events that the App subscribes to, each with the feature that needs it. */
export const events: Record<string, string> = {
  push: 'a spec on a trusted branch starts a run',
  pull_request: 'a spec in a pull request is checked and priced; a closed one ends its run',
  pull_request_review: 'a review counts as a vote, or asks for rework',
  issue_comment: 'a command such as /drydock status in a pull request, or /drydock run in an issue',
  issues: 'a label on an issue starts a run of a runbook',
  check_run: 'a CI gate has finished',
  check_suite: 'a CI gate has finished',
  status: 'a CI gate has finished',
};

export interface AppManifest {
  name: string;
  url: string;
  description: string;
  public: false;
  redirect_url: string;
  /** GitHub rejects this without a url, and rejects a url that it cannot reach from outside. */
  hook_attributes?: { url: string; active: true };
  default_permissions: Record<string, 'read' | 'write'>;
  default_events?: string[];
}

/** GitHub's limit for the name of an app, in characters. */
export const maxName = 34;

/** The manifest of a private app. Without a webhook URL, it subscribes to no events. */
export function appManifest(options: {
  name: string;
  homepage: string;
  redirectUrl: string;
  webhookUrl?: string;
}): AppManifest {
  const { webhookUrl } = options;
  return {
    name: options.name,
    url: options.homepage,
    description: 'Runs coding agents in sandboxes and opens draft pull requests. It never merges.',
    public: false,
    redirect_url: options.redirectUrl,
    ...(webhookUrl === undefined ? {} : { hook_attributes: { url: webhookUrl, active: true } }),
    default_permissions: Object.fromEntries(Object.entries(permissions).map(([name, { access }]) => [name, access])),
    ...(webhookUrl === undefined ? {} : { default_events: Object.keys(events) }),
  };
}

const rank = { read: 1, write: 2, admin: 3 } as const;
const rankOf = (access: string | undefined): number => (rank as Record<string, number>)[access ?? ''] ?? 0;

/** Requested permissions that are not granted, `NAME: ACCESS` each. */
export const missingPermissions = (granted: Record<string, string | undefined>): string[] =>
  Object.entries(permissions).flatMap(([name, { access }]) =>
    rankOf(granted[name]) < rankOf(access) ? [`${name}: ${access}`] : [],
  );

/** Granted permissions that were not requested, `NAME: ACCESS` each. */
export const excessPermissions = (granted: Record<string, string | undefined>): string[] =>
  Object.entries(granted).flatMap(([name, access]) =>
    access !== undefined && rankOf(access) > rankOf(permissions[name]?.access) ? [`${name}: ${access}`] : [],
  );

export const missingEvents = (subscribed: readonly string[]): string[] =>
  Object.keys(events).filter((event) => !subscribed.includes(event));
