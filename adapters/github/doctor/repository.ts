import type { Octokit } from '@octokit/rest';
import type { Check } from '../../../core/doctor/finding.ts';
import { wildcard } from '../../../core/policy/wildcard.ts';
import { faultOf, pass, statusOf, warn } from './findings.ts';

/** A repository of the policy with `host: github`. */
export interface HostedRepository {
  /** `OWNER/NAME` */
  name: string;
  installation?: number | undefined;
  trusted_branches: string[];
}

interface Installation {
  id: number;
  /** Permissions of the app that this installation has not accepted. */
  lacks: string[];
}

/** Looks at a repository with a credential for it; with a personal token there is no installation. */
export type RepositoryAccess = (
  repository: HostedRepository,
  look: (octokit: Octokit, installation?: Installation) => Promise<Check[]>,
) => Promise<Check[]>;

/** Branches that match a pattern are looked for among so many, and so many of them are checked. */
const listedBranches = 100;
const maxBranches = 20;

/** Whether a repository can be worked on, and whether something there requires a review. */
export async function repositoryChecks(repository: HostedRepository, access: RepositoryAccess): Promise<Check[]> {
  const { name } = repository;
  const said = (detail: string, remedy: string): Check => warn('repository', `${name}: ${detail}`, remedy);
  try {
    return await access(repository, async (octokit, installation) => {
      const [owner = '', repo = ''] = name.split('/');
      const { data } = await octokit.rest.repos.get({ owner, repo });
      const where = installation ? `, installation ${installation.id}` : '';
      const faults = [
        ...(installation ? installationFaults(repository, installation, said) : []),
        ...(data.archived ? [said('it is archived', 'Unarchive it, or take it out of the policy.')] : []),
        ...(!installation && data.permissions?.push === false
          ? [said('the token may not write to it', 'Give its owner write permission, or use another token.')]
          : []),
      ];
      return [
        ...(faults.length > 0 ? faults : [pass('repository', `${name}${where}`)]),
        ...(await branchChecks(octokit, repository)),
      ];
    });
  } catch (error) {
    return statusOf(error) === 404
      ? [said('GitHub shows no such repository', 'Install the app on it, or correct its name in the policy.')]
      : [said(faultOf(error), 'Try again; see githubstatus.com.')];
  }
}

function installationFaults(
  repository: HostedRepository,
  installation: Installation,
  said: (detail: string, remedy: string) => Check,
): Check[] {
  const { id, lacks } = installation;
  const other = repository.installation !== undefined && repository.installation !== id;
  return [
    ...(other
      ? [said(`the policy says installation ${repository.installation}, it is ${id}`, 'Correct the policy.')]
      : []),
    ...(lacks.length > 0
      ? [
          said(
            `the installation has not granted ${lacks.join(', ')}`,
            'Its owner accepts them in the account’s settings.',
          ),
        ]
      : []),
  ];
}

async function branchChecks(octokit: Octokit, repository: HostedRepository): Promise<Check[]> {
  const [owner = '', repo = ''] = repository.name.split('/');
  const of = { owner, repo };
  const patterns = repository.trusted_branches.filter((branch) => branch.includes('*'));
  const listed =
    patterns.length === 0
      ? []
      : (await octokit.rest.repos.listBranches({ ...of, per_page: listedBranches })).data
          .map(({ name }) => name)
          .filter((name) => wildcard(patterns, name));
  const exact = repository.trusted_branches.filter((branch) => !branch.includes('*'));
  const branches = [...new Set([...exact, ...listed])];
  const rows: Check[] = [];
  for (const branch of branches.slice(0, maxBranches)) {
    const reviews = await requiredReviews(octokit, of, branch);
    const where = `${repository.name}: ${branch}`;
    if (reviews === 'absent')
      rows.push(warn('review', `${where} does not exist`, 'Correct trusted_branches in the policy.'));
    else if (reviews === 'unseen') rows.push(warn('review', `${where}: its protection cannot be read`, remedy));
    else if (reviews === 0) rows.push(warn('review', `${where}: nothing there requires a review`, remedy));
    else rows.push(pass('review', `${where} requires ${reviews} approving review${reviews === 1 ? '' : 's'}`));
  }
  const more = branches.length - rows.length;
  if (more > 0)
    rows.push(warn('review', `${repository.name}: ${more} more branches were not looked at`, 'Trust fewer.'));
  return rows;
}

const remedy =
  'Require a pull request with an approval, by branch protection or a ruleset. Drydock never merges; whoever may write does.';

// What a branch's protection asks of those who are no administrators; REST shows it to administrators only.
const protection = `query ($owner: String!, $repo: String!, $ref: String!) {
  repository(owner: $owner, name: $repo) { ref(qualifiedName: $ref) { refUpdateRule { requiredApprovingReviewCount } } }
}`;
interface Protection {
  repository: { ref: { refUpdateRule: { requiredApprovingReviewCount: number | null } | null } | null } | null;
}

/** Approvals that a ruleset or the branch's protection asks for, whichever is more. */
async function requiredReviews(
  octokit: Octokit,
  of: { owner: string; repo: string },
  branch: string,
): Promise<number | 'absent' | 'unseen'> {
  const [rules, seen] = await Promise.all([
    octokit.rest.repos.getBranchRules({ ...of, branch, per_page: 100 }).then(
      ({ data }) => data,
      () => undefined,
    ),
    octokit.graphql<Protection>(protection, { ...of, ref: `refs/heads/${branch}` }).catch(() => undefined),
  ]);
  const byRules = (rules ?? []).map((rule) =>
    rule.type === 'pull_request' ? (rule.parameters?.required_approving_review_count ?? 0) : 0,
  );
  if (seen?.repository && seen.repository.ref === null) return 'absent';
  const count = Math.max(0, ...byRules, seen?.repository?.ref?.refUpdateRule?.requiredApprovingReviewCount ?? 0);
  return count === 0 && (rules === undefined || !seen?.repository) ? 'unseen' : count;
}
