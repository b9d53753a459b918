import type { Check } from '../doctor.ts';

export const pass = (name: string, detail: string): Check => ({ name, ok: true, required: false, detail, remedy: '' });
/** Works, or works for others, but not as it should. */
export const warn = (name: string, detail: string, remedy: string): Check => ({
  ...pass(name, detail),
  ok: false,
  remedy,
});
export const fail = (name: string, detail: string, remedy: string): Check => ({
  ...warn(name, detail, remedy),
  required: true,
});

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
