export { fail, pass, warn } from '../../../core/doctor/finding.ts';

/** HTTP status of an error of the client; `undefined` without a response. */
export function statusOf(error: unknown): number | undefined {
  const { status, response } = error as { status?: unknown; response?: unknown };
  return typeof status === 'number' && response !== undefined ? status : undefined;
}

/** The text for an unexpected error: its status, never the address or the request. */
export const faultOf = (error: unknown): string => {
  const status = statusOf(error);
  return status === undefined ? 'GitHub does not answer' : `GitHub answers ${status}`;
};
