import {
  Composer,
  type CST,
  type Document,
  type DocumentOptions,
  type LineCounter,
  type ParsedNode,
  type ParseOptions,
  Parser,
  type SchemaOptions,
  YAMLParseError,
} from 'yaml';

/** A text may have an error at each character, and each error takes longer than the character. */
const maxErrors = 100;

/**
 * Parses YAML of anybody: as `parseDocument` of the library, but it stops after so many syntax errors, because nobody
 * reads more of them.
 */
export function parseYaml(
  source: string,
  options: ParseOptions & DocumentOptions & SchemaOptions,
  lineCounter?: LineCounter,
): Document.Parsed<ParsedNode, true> | undefined {
  const parser = new Parser(lineCounter?.addNewLine);
  let first: Document.Parsed<ParsedNode, true> | undefined;
  for (const document of new Composer(options).compose(bounded(parser.parse(source)), true, source.length)) {
    if (!first) {
      first = document as Document.Parsed<ParsedNode, true>;
      continue;
    }
    const [start, end] = document.range;
    first.errors.push(new YAMLParseError([start, end], 'MULTIPLE_DOCS', 'The source contains several documents.'));
    break;
  }
  return first;
}

function* bounded(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  let errors = 0;
  for (const token of tokens) {
    if (token.type === 'error' && ++errors > maxErrors) return;
    yield token;
  }
}
