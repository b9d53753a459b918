/** Entries that GitHub gives at once, at most. */
export const perPage = 100;

/**
 * For `octokit.paginate`: takes all pages, and stops after so many. A list that somebody outside can make long must not
 * keep us reading.
 */
export function atMost<T>(pages: number): (response: { data: T[] }, done: () => void) => T[] {
  let page = 0;
  return ({ data }, done) => {
    if (++page >= pages) done();
    return data;
  };
}

/** A text cut to so many UTF-16 units, with a sign that it was. */
export const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 2).toWellFormed()} …`;
