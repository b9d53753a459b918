export { fail, pass, warn } from '../../../core/doctor/finding.ts';

/** HTTP status of an error of the client; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const { status, response } = error as { status?: unknown; response?: unknown };
  return typeof status === 'number' && response !== undefined ? status : undefined;
}

/** What to say of an error that nobody expected: the status, never the address or what was sent. */
export const faultOf = (error: unknown): string => {
  const status = statusOf(error);
  return status === undefined ? 'GitHub does not answer' : `GitHub answers ${status}`;
};
