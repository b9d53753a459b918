import { approversOf, personOfAccount } from '../../core/policy/people.ts';
import { wildcard } from '../../core/policy/wildcard.ts';
import type { Account, Collaboration, Review } from '../../core/ports/host/collaboration.ts';
import type { FoundRunbook, TriggerPlace } from './place.ts';

/** More pull requests than a commit is in. */
const maxPulls = 10;

/**
 * Why a runbook may not start runs by itself; undefined if its content was reviewed: the commit that changed it last came to
 * a trusted branch by a merged pull request, whose last commit has exactly this content and was approved by an approver
 * of the policy who did not open it. Asked of the host each time, because anybody with write access can push.
 */
export async function whyUnreviewed(
  place: TriggerPlace,
  commit: string,
  { file, blob }: Pick<FoundRunbook, 'file' | 'blob'>,
): Promise<string | undefined> {
  const { host, location, policy } = place;
  const { collaboration } = host;
  if (!collaboration)
    return policy.review.solo
      ? undefined
      : `${file}: a plain git repository does not tell who reviewed a change; only a policy with review.solo lets its runbooks start runs`;
  const changed = await collaboration.lastChange(location, commit, file);
  const numbers = changed === undefined ? [] : await collaboration.pullRequestsOf(location, changed);
  for (const number of numbers.slice(0, maxPulls))
    if (await brings(place, collaboration, number, { file, blob })) return undefined;
  return `${file} was changed by an unreviewed commit, ${(changed ?? commit).slice(0, 12)}: it has to come by a merged pull request that another approver approved`;
}

async function brings(
  place: TriggerPlace,
  collaboration: Collaboration,
  number: string,
  { file, blob }: Pick<FoundRunbook, 'file' | 'blob'>,
): Promise<boolean> {
  const { host, location, policy, trustedBranches } = place;
  const pull = await collaboration.pullRequest(location, number);
  if (!pull.merged || !wildcard(trustedBranches, pull.target)) return false;
  // A commit within the pull request may have had another content than the one that was approved.
  if ((await host.listTree(location, pull.head)).get(file)?.blobSha !== blob) return false;
  const approvers = approversOf(policy);
  const verdicts = new Map<string, Review>();
  for (const review of await collaboration.reviews(location, number))
    if (review.state !== 'commented') verdicts.set(review.author.login, review);
  const author = personOfAccount(policy, pull.author);
  return [...verdicts.values()].some((review) => {
    const person = review.author.bot ? undefined : personOfAccount(policy, review.author);
    const isOther = !isSame(review.author, pull.author) && person !== author;
    return (
      review.state === 'approved' &&
      review.head === pull.head &&
      isOther &&
      person !== undefined &&
      approvers.includes(person)
    );
  });
}

const isSame = (a: Account, b: Account): boolean => a.login.toLowerCase() === b.login.toLowerCase();
