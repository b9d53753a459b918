/**
 * The simple commands of a piece of shell, as words: enough of the language for what documents show. What it does not know it
 * refuses, so that no command is passed over.
 */

/** Words that begin or end a compound command. */
const keywords = new Set(['for', 'in', 'do', 'done', 'if', 'then', 'else', 'fi', 'while', '{', '}']);

/** @returns Each command without its assignments and redirections; words keep their variables (`$name`). */
export function commandsOf(shell: string): string[][] {
  const found: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  let at = 0;
  const heredocs: string[] = [];
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    // `for part in a b c` lists words, and `build() {` defines a function.
    const loop = words[0] === 'for';
    const define = /^\w+\(\)$/.test(words[0] ?? '');
    let rest = loop || define ? [] : words;
    while (rest[0] !== undefined && (keywords.has(rest[0]) || /^[A-Za-z_]\w*=/.test(rest[0]))) rest = rest.slice(1);
    if (define) rest = words.slice(words[1] === '{' ? 2 : 1);
    rest = withoutRedirections(rest);
    if (rest.length > 0 && !(rest.length === 1 && keywords.has(rest[0] ?? ''))) found.push(rest);
    words = [];
  };
  /** The text up to the bracket that closes the one before `at`. */
  const inBrackets = (): string => {
    const from = at;
    for (let depth = 1; depth > 0; at++) {
      if (at >= shell.length) throw new Error(`unclosed $( in ${shell}`);
      if (shell[at] === '(') depth++;
      if (shell[at] === ')') depth--;
    }
    return shell.slice(from, at - 1);
  };
  const expand = (): void => {
    if (shell.startsWith('$(', at)) {
      at += 2;
      found.push(...commandsOf(inBrackets()));
      word = `${word ?? ''}$(…)`;
    } else word = `${word ?? ''}${shell[at++]}`;
  };
  while (at < shell.length) {
    const letter = shell[at] as string;
    if (letter === '\\') {
      // A line that goes on.
      if (shell[at + 1] !== '\n') word = `${word ?? ''}${shell[at + 1] ?? ''}`;
      at += 2;
    } else if (letter === "'") {
      const end = shell.indexOf("'", at + 1);
      if (end < 0) throw new Error(`unclosed quote in ${shell}`);
      word = (word ?? '') + shell.slice(at + 1, end);
      at = end + 1;
    } else if (letter === '"') {
      word ??= '';
      for (at++; shell[at] !== '"'; ) {
        if (at >= shell.length) throw new Error(`unclosed quote in ${shell}`);
        if (shell[at] === '\\') at++;
        expand();
      }
      at++;
    } else if (letter === '#' && word === undefined) {
      while (at < shell.length && shell[at] !== '\n') at++;
    } else if (shell.startsWith('<<', at)) {
      const [all = '', name = ''] = /^<<-?\s*['"]?(\w+)['"]?/.exec(shell.slice(at)) ?? [];
      heredocs.push(name);
      at += all.length;
    } else if (letter === '\n') {
      endCommand();
      at++;
      for (const name of heredocs.splice(0)) {
        const end = shell.indexOf(`\n${name}`, at - 1);
        if (end < 0) throw new Error(`unclosed here-document ${name}`);
        at = end + 1 + name.length;
      }
    } else if (letter === '&' && /^\d?[<>]$/.test(word ?? '')) {
      word += letter;
      at++;
    } else if (/[;|&]/.test(letter)) {
      endCommand();
      while (/[;|&]/.test(shell[at] ?? '')) at++;
    } else if (/\s/.test(letter)) {
      endWord();
      at++;
    } else expand();
  }
  endCommand();
  return found;
}

function withoutRedirections(words: readonly string[]): string[] {
  const at = words.findIndex((word) => /^\d?[<>]/.test(word));
  if (at < 0) return [...words];
  return withoutRedirections([
    ...words.slice(0, at),
    ...words.slice(/^\d?[<>]+$/.test(words[at] ?? '') ? at + 2 : at + 1),
  ]);
}

/** Shell in a page: blocks, also in lists, and commands in running text. */
export function shellIn(markdown: string): { shell: string; line: number }[] {
  const lineAt = (index: number): number => markdown.slice(0, index).split('\n').length;
  const blocks = [...markdown.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].map(
    ({ 1: indent = '', 2: text = '', index }) => ({
      shell: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: lineAt(index),
    }),
  );
  const text = markdown.replaceAll(/^( *)```[\s\S]*?^ *```/gm, (block) => block.replaceAll(/[^\n]/g, ' '));
  const inline = [...text.matchAll(/`((?:drydock|npm|npx|aws|docker) [^`]+)`/g)].map(({ 1: shell = '', index }) => ({
    shell: shell.replaceAll(/\s+/g, ' '),
    line: lineAt(index),
  }));
  return [...blocks, ...inline];
}
