// npm run picture: draws docs/architecture.svg from docs/architecture.dot. The same source gives the same bytes.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Graphviz } from '@hpcc-js/wasm-graphviz';

const docs = resolve(import.meta.dirname, '../docs');

/** The picture as SVG text. */
export async function drawArchitecture(): Promise<string> {
  const graphviz = await Graphviz.load();
  return graphviz.dot(readFileSync(join(docs, 'architecture.dot'), 'utf8'));
}

if (import.meta.main) writeFileSync(join(docs, 'architecture.svg'), await drawArchitecture());
