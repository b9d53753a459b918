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
  /** Permissions that the app requests and this installation has not granted. */
  lacking: string[];
}

/** Runs a check with a credential for the repository. With a personal token there is no installation. */
export type RepositoryAccess = (
  repository: HostedRepository,
  check: (octokit: Octokit, installation?: Installation) => Promise<Check[]>,
) => Promise<Check[]>;

/** Branches that are read to match a pattern, and branches that are checked. */
const listedBranches = 100;
const maxBranches = 20;

/** Checks whether Drydock can work on a repository, and whether its trusted branches require a review. */
export async function repositoryChecks(repository: HostedRepository, access: RepositoryAccess): Promise<Check[]> {
  const { name } = repository;
  const finding = (detail: string, remedy: string): Check => warn('repository', `${name}: ${detail}`, remedy);
  try {
    return await access(repository, async (octokit, installation) => {
      const [owner = '', repo = ''] = name.split('/');
      const { data } = await octokit.rest.repos.get({ owner, repo });
      const where = installation ? `, installation ${installation.id}` : '';
      const faults = [
        ...(installation ? installationFaults(repository, installation, finding) : []),
        ...(data.archived ? [finding('it is archived', 'Unarchive it, or remove it from the policy.')] : []),
        ...(!installation && data.permissions?.push === false
          ? [
              finding(
                'the token has no write permission for it',
                'Give its owner write permission, or use another token.',
              ),
            ]
          : []),
      ];
      return [
        ...(faults.length > 0 ? faults : [pass('repository', `${name}${where}`)]),
        ...(await branchChecks(octokit, repository)),
      ];
    });
  } catch (error) {
    return statusOf(error) === 404
      ? [finding('GitHub does not show it', 'Install the app on it, or correct its name in the policy.')]
      : [finding(faultOf(error), 'Try again; see githubstatus.com.')];
  }
}

function installationFaults(
  repository: HostedRepository,
  installation: Installation,
  finding: (detail: string, remedy: string) => Check,
): Check[] {
  const { id, lacking } = installation;
  const other = repository.installation !== undefined && repository.installation !== id;
  return [
    ...(other
      ? [finding(`the policy names installation ${repository.installation}, but it is ${id}`, 'Correct the policy.')]
      : []),
    ...(lacking.length > 0
      ? [
          finding(
            `the installation has not granted ${lacking.join(', ')}`,
            'Its owner grants them in the account’s settings.',
          ),
        ]
      : []),
  ];
}

async function branchChecks(octokit: Octokit, repository: HostedRepository): Promise<Check[]> {
  const [owner = '', repo = ''] = repository.name.split('/');
  const address = { owner, repo };
  const patterns = repository.trusted_branches.filter((branch) => branch.includes('*'));
  const listed =
    patterns.length === 0
      ? []
      : (await octokit.rest.repos.listBranches({ ...address, per_page: listedBranches })).data
          .map(({ name }) => name)
          .filter((name) => wildcard(patterns, name));
  const exact = repository.trusted_branches.filter((branch) => !branch.includes('*'));
  const branches = [...new Set([...exact, ...listed])];
  const rows: Check[] = [];
  for (const branch of branches.slice(0, maxBranches)) {
    const reviews = await requiredReviews(octokit, address, branch);
    const where = `${repository.name}: ${branch}`;
    if (reviews === 'absent')
      rows.push(warn('review', `${where} does not exist`, 'Correct trusted_branches in the policy.'));
    else if (reviews === 'unknown') rows.push(warn('review', `${where}: its protection cannot be read`, remedy));
    else if (reviews === 0) rows.push(warn('review', `${where}: no rule requires a review`, remedy));
    else rows.push(pass('review', `${where} requires ${reviews} approving review${reviews === 1 ? '' : 's'}`));
  }
  const more = branches.length - rows.length;
  if (more > 0)
    rows.push(
      warn(
        'review',
        `${repository.name}: ${more} more branches were not checked`,
        'Reduce trusted_branches in the policy.',
      ),
    );
  return rows;
}

const remedy =
  'Require a pull request with an approval, by branch protection or a ruleset. Drydock never merges; anyone with write permission can.';

// The protection that applies to non-administrators; REST shows it to administrators only.
const protection = `query ($owner: String!, $repo: String!, $ref: String!) {
  repository(owner: $owner, name: $repo) { ref(qualifiedName: $ref) { refUpdateRule { requiredApprovingReviewCount } } }
}`;
interface Protection {
  repository: { ref: { refUpdateRule: { requiredApprovingReviewCount: number | null } | null } | null } | null;
}

/** The number of approvals that a ruleset or branch protection requires, the higher of the two. */
async function requiredReviews(
  octokit: Octokit,
  address: { owner: string; repo: string },
  branch: string,
): Promise<number | 'absent' | 'unknown'> {
  const [rules, branchState] = await Promise.all([
    octokit.rest.repos.getBranchRules({ ...address, branch, per_page: 100 }).then(
      ({ data }) => data,
      () => undefined,
    ),
    octokit.graphql<Protection>(protection, { ...address, ref: `refs/heads/${branch}` }).catch(() => undefined),
  ]);
  const byRules = (rules ?? []).map((rule) =>
    rule.type === 'pull_request' ? (rule.parameters?.required_approving_review_count ?? 0) : 0,
  );
  if (branchState?.repository && branchState.repository.ref === null) return 'absent';
  const count = Math.max(0, ...byRules, branchState?.repository?.ref?.refUpdateRule?.requiredApprovingReviewCount ?? 0);
  return count === 0 && (rules === undefined || !branchState?.repository) ? 'unknown' : count;
}
