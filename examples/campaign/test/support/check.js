/** The old way to test: a file of checks, which ends at the first one that fails. */
export function check(title, holds) {
  if (!holds) throw new Error(`${title}: failed`);
}
