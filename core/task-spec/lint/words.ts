/** Heuristics on prose: the paths it names and how concrete it is. Shared by clarity and advice. */

const extension =
  'tsx?|mts|cts|jsx?|mjs|cjs|json|ya?ml|toml|md|mdx|rst|txt|py|java|kt|go|rs|rb|php|cs|c|h|cpp|css|scss|html|vue|svelte|sql|sh|xml|gradle|lock|proto|tf|env|ini|cfg';
const roots =
  'src|lib|app|apps|bin|cmd|pkg|internal|core|test|tests|spec|__tests__|docs?|packages|modules|services|scripts|config|public|web|api';
// A known extension, a common top-level folder, or two slashes: `and/or` and `3.x` are not paths.
const pathWord = new RegExp(
  `^(?:(?:[\\w@.*-]+/)*[\\w@.*-]+\\.(?:${extension})|(?:${roots})/[\\w@.*/-]*|(?:[\\w@.*-]+/){2,}[\\w@.*-]*|(?:[\\w@-]+/)+\\*\\*?)$`,
);
// Without spaces: a quoted text with a space is a command or a phrase.
const quoted = /`[^`\s]{2,120}`/;

/** Paths, globs and file names that a text names, each once. */
export function pathsIn(text: string): string[] {
  const found = new Set<string>();
  for (const word of text.split(/[\s,;()"'`<>]+/)) {
    if (!word.includes('/') && !word.includes('.')) continue;
    const path = word.replace(/(?<![.:!?])[.:!?]+$/, '');
    if (pathWord.test(path)) found.add(path);
  }
  return [...found];
}

/** Whether a text names a path, or an identifier in backticks. */
export const namesCode = (text: string): boolean => quoted.test(text) || pathsIn(text).length > 0;

/** Whether a text names a kind of file that a reader can find without a path. */
export const namesKind = (text: string): boolean =>
  /\b(?:unit|integration|legacy|existing|failing|snapshot|end-to-end|e2e|jest|mocha|junit|pytest)\s+(?:\w+\s+)?tests?\b|\b(?:configuration|config|lock|test|migration|template|style|source)\s+files?\b|\b(?:endpoints?|components?|modules?|packages?)\s+of\b/i.test(
    text,
  );

/** Whether a text names a measurable or observable result: a command or test that passes, a threshold, a value. */
export const namesOutcome = (text: string): boolean =>
  /\b(?:tests?|suites?|builds?|checks?|lint(?:er)?|pipeline|npm|pnpm|yarn|pytest|cargo|go|mvn|gradle|typecheck|tsc)\b[^.\n]{0,60}\b(?:pass(?:es)?|green|succeeds?|exits? (?:with )?0|works? under)\b/i.test(
    text,
  ) || isMeasurable(text);

export const isMeasurable = (text: string): boolean =>
  /[<>≤≥]=?\s*\d|\b\d+(?:\.\d+)?\s?%|\bat (?:least|most) \d|\b(?:is|are|returns?|equals?|yields?|throws?|prints?|gives?) (?:exactly )?[`"'-]?\d|\breturns? `|\bthrows? `|\bexits? (?:with )?\d/i.test(
    text,
  );

/** Whether a text declares a part of the code off limits. */
export const namesExclusion = (text: string): boolean =>
  /\b(?:(?:do|must|should|may) not|don't|don’t|never)\s+(?:change|modify|touch|edit|alter|move|rename|delete|remove)\b|\bwithout (?:changing|modifying|touching)\b|\bleave\b.{1,60}\b(?:alone|as (?:it|they) (?:is|are)|untouched|unchanged)\b|\b(?:out of scope|off limits|except for|skip|excluding)\b/i.test(
    text,
  );

const empty = new Set(
  `a an the it its this that these those they them all any some each every and or of to in on for from by with as at be is are was do does not no so if but
  code codebase thing things stuff project repo repository everything something work works make makes making keep keeps write writes ensure sure use uses try please should must
  improve improved improvement improvements better best good nice nicely clean cleaner clean-up cleanup up tidy refactor optimize optimise enhance modernize fix fixes
  quality practice practices careful carefully proper properly appropriate robust efficient readable maintainable simple simply well great high possible needed necessary more less very`.split(
    /\s+/,
  ),
);

/** Whether a statement is concrete enough to be checked; "improve the code" and "write clean code" are not. */
export function isConcrete(text: string): boolean {
  if (namesCode(text) || /\d/.test(text)) return true;
  const words = text.toLowerCase().match(/[\p{L}][\p{L}'’-]*/gu) ?? [];
  return new Set(words.filter((word) => !empty.has(word))).size >= 2;
}
