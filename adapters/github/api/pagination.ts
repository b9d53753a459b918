/** GitHub's maximum page size. */
export const perPage = 100;

/**
 * A map function for `octokit.paginate` that stops after a number of pages. Outsiders can make a list arbitrarily long,
 * so every read has a limit.
 */
export function atMost<T>(pages: number): (response: { data: T[] }, done: () => void) => T[] {
  let page = 0;
  return ({ data }, done) => {
    if (++page >= pages) done();
    return data;
  };
}

/** A text cut to `limit` UTF-16 units; a cut text ends in an ellipsis. */
export const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 2).toWellFormed()} …`;
