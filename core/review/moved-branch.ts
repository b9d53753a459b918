import { DrydockError } from '../errors.ts';

/** The error for a branch whose head is no longer the commit that people vote on. @param now Undefined: no branch. */
export const movedBranch = (branch: string, approved: string, now: string | undefined): DrydockError =>
  new DrydockError(
    'BranchTaken',
    `${branch} ${now === undefined ? 'is gone' : `points to ${now.slice(0, 12)}`}, but the votes are about ${approved.slice(0, 12)}.`,
    { remedy: `Put ${branch} back to ${approved.slice(0, 12)}, or reject the run and start it again.` },
  );
