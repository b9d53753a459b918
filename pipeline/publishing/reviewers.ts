import type { PullRequestRequest } from '../../core/ports/host/code-host.ts';
import { codeownersPaths, ownersOf } from '../../core/review/codeowners.ts';
import { involvedIn } from '../../core/review/may-act.ts';
import type { ChangeManifest } from '../../core/run/change-set.ts';
import type { RunContext } from '../runs/run-context.ts';

/**
 * The accounts and teams to request reviews from: the policy's approvers with an account on the host, without those
 * who started the run, and the owners of the changed paths by CODEOWNERS of the base.
 */
export async function reviewersOf(
  context: RunContext,
  base: string,
  manifest: ChangeManifest,
): Promise<PullRequestRequest['reviewers']> {
  const { task, host, location, record } = context;
  if (!host.collaboration) return { logins: [], teams: [] };
  const people = task.approvers.filter((person) => !involvedIn(record).includes(person));
  const logins = people.flatMap((person) => task.people[person]?.github ?? []);
  const owners = await codeowners(host, location, base);
  const { logins: more, teams } = ownersOf(
    owners,
    manifest.entries.map((entry) => entry.path),
  );
  const requester = task.people[record.requester]?.github?.toLowerCase();
  const all = [...logins, ...more].filter((login) => login.toLowerCase() !== requester);
  const once = new Map(all.map((login) => [login.toLowerCase(), login]));
  return { logins: [...once.values()], teams };
}

async function codeowners(host: RunContext['host'], location: string, base: string): Promise<string> {
  for (const path of codeownersPaths) {
    const bytes = await host.readFile(location, base, path);
    if (bytes) return new TextDecoder().decode(bytes);
  }
  return '';
}
