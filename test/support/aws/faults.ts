/** What goes wrong between Drydock and AWS, call by call. */
import { type AwsCall, AwsRefusal } from './call.ts';

export interface AwsFault {
  match(call: AwsCall): boolean;
  /** How many matching calls go well before. */
  skip?: number;
  /** How many matching calls it then hits; one unless said otherwise. The SDK itself tries three times. */
  times?: number;
  /**
   * `cut` ends the connection before anything was done, `lost` after it was done; `throttled` and `broken` are what the
   * services say of themselves.
   */
  do: 'cut' | 'lost' | 'throttled' | 'broken' | 'denied' | { code: string; status: number };
}

/** Ends the connection instead of answering. */
export class Cut extends Error {}

const said = {
  throttled: { code: 'ThrottlingException', status: 400 },
  broken: { code: 'InternalServerError', status: 500 },
  denied: { code: 'AccessDeniedException', status: 403 },
} as const;

/** Takes the fault that hits this call, throws where it comes before the effect, and says whether the answer is lost. */
export function suffer(faults: AwsFault[], call: AwsCall): { lost: boolean } {
  const fault = faults.find((each) => each.match(call));
  if (!fault) return { lost: false };
  if ((fault.skip ?? 0) > 0) {
    fault.skip = (fault.skip ?? 0) - 1;
    return { lost: false };
  }
  fault.times = (fault.times ?? 1) - 1;
  if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1);
  if (fault.do === 'lost') return { lost: true };
  if (fault.do === 'cut') throw new Cut();
  const { code, status } = typeof fault.do === 'string' ? said[fault.do] : fault.do;
  throw new AwsRefusal(code, `${call.action} on ${call.resource}: ${code}`, status);
}

/** Matches one action, as IAM spells it. */
export const on =
  (action: string) =>
  (call: AwsCall): boolean =>
    call.action === action;
