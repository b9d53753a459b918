/** The name of a Markdown file without its folder and its extension; undefined for another file. */
export const markdownName = (path: string): string | undefined =>
  path.endsWith('.md') ? path.slice(path.lastIndexOf('/') + 1, -'.md'.length) : undefined;
