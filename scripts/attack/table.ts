/** An attempt of the attack tables, and what it got, if that can be written in a row. */
export interface Attempt {
  file: string;
  name: string;
  shown: string | undefined;
}

const intro = `# Attempts

What is tried against Drydock by \`npm run attack\`, and against containers by \`npm run test:containers\`: each attempt runs for real, and
a run in which one does not end as this table says fails. The second column is what the attempt got when the table was
written, or what people read of it; \`–\` where a row has no room for it, and the test says it. Some rows are honest changes and
programs beside the attacks, which have to work. [security.md](security.md) has the promises and their limits.

Written by \`npm run attack -- -u\`.
`;

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '\\<');
const read = (text: string): string => text.replaceAll(/\\([\\|<])/g, '$1');

/** The document: a table for each file, in the order of the names. */
export function table(attempts: readonly Attempt[]): string {
  const files = Object.entries(Object.groupBy(attempts, ({ file }) => file)).sort(([a], [b]) => (a < b ? -1 : 1));
  const sections = files.map(([file, rows = []]) => {
    const lines = rows
      .map(({ name, shown }) => `| ${escaped(name)} | ${shown === undefined ? '–' : escaped(shown)} |`)
      .sort();
    return `## [${file}](../${file})\n\n${rows.length} attempts.\n\n| attempt | what it got |\n|---|---|\n${lines.join('\n')}\n`;
  });
  return `${intro}\n${attempts.length} attempts.\n\n${sections.join('\n')}`;
}

/** The attempts of a document that `table` wrote. */
export function attemptsIn(document: string): Attempt[] {
  const found: Attempt[] = [];
  let file = '';
  for (const line of document.split('\n')) {
    file = /^## \[(.*)\]\(/.exec(line)?.[1] ?? file;
    const [, name, shown] = /^\| ((?:[^\\|]|\\.)*) \| ((?:[^\\|]|\\.)*) \|$/.exec(line) ?? [];
    if (name === undefined || shown === undefined || name === 'attempt') continue;
    found.push({ file, name: read(name), shown: shown === '–' ? undefined : read(shown) });
  }
  return found;
}
