import { type Check, warn } from '../../../core/doctor/finding.ts';
import { DrydockError } from '../../../core/errors.ts';
import { ServiceFault } from '../signed.ts';

const denied = /^(?:AccessDenied(?:Exception)?|UnauthorizedOperation|NotAuthorized|AuthorizationError)$/;
const invalid = /Token|Signature|UnrecognizedClient|InvalidClient|AuthFailure|InvalidAccessKeyId|MissingAuthentication/;

/** Whether a role lacks the permission for a call. */
const isDenied = (error: ServiceFault): boolean => denied.test(error.code.replace(/^Client\./, ''));

/**
 * The rows of one check. What cannot be asked is a row too, so that one refusal hides no other row.
 * @throws SecretMissing for credentials that AWS does not take, as no row could be read with them.
 */
export async function row(name: string, check: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof ServiceFault) {
      const { code, action } = error;
      if (isDenied(error)) {
        const remedy = `Allow ${action} to the role that you use, or check it by hand.`;
        return [warn(name, `not known: your role may not call ${action}`, remedy)];
      }
      if (invalid.test(code)) throw badKeys(code);
      return [warn(name, `not known: AWS answered ${code.slice(0, 80)} to ${action}`, 'Try again.')];
    }
    if (error instanceof DrydockError) throw error;
    return [warn(name, 'not known: AWS does not answer', 'Check the network and --region, and try again.')];
  }
}

/** The error that a person reads when a call fails whose result is needed. Other errors are returned unchanged. */
export function asRefusal(error: unknown): unknown {
  if (!(error instanceof ServiceFault)) {
    if (error instanceof DrydockError || !(error instanceof Error)) return error;
    // What `fetch` throws: no connection, a timeout.
    if (!(error instanceof TypeError) && error.name !== 'TimeoutError') return error;
    return new DrydockError('StackUnavailable', 'AWS does not answer.', {
      remedy: 'Check the network and --region, and type the same command again.',
    });
  }
  if (invalid.test(error.code)) return badKeys(error.code);
  if (isDenied(error)) {
    return new DrydockError('ServiceRefused', `Your role may not call ${error.action}.`, {
      remedy: `Allow ${error.action} to it, and type the same command again.`,
    });
  }
  const said = error.message === '' ? '' : `: ${error.message.slice(0, 300)}`;
  return new DrydockError('StackUnavailable', `AWS answered ${error.code.slice(0, 80)} to ${error.action}${said}`);
}

const badKeys = (code: string): DrydockError =>
  new DrydockError('SecretMissing', `AWS refused your credentials: ${code.slice(0, 80)}.`, {
    remedy: 'Log in again, for example with `aws sso login`; check that the clock of this machine is right.',
  });
