// node scripts/sentences.ts SEED: ten sentences from comments, ten from messages and ten from documents, picked at random.
// A person reads them to check the language: each has to be plain technical English. The same seed picks the same ones.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const tracked = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');

/** A small generator of numbers in [0, 1) from a seed: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const sentencesOf = (text: string): string[] =>
  text
    .replace(/\s+/g, ' ')
    .split(/(?<=[.!?])\s+(?=[A-Z`"])/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence.split(' ').length >= 4);

const sources = tracked('*.ts').filter((file) => !file.startsWith('test/'));
const comments = sources.flatMap((file) => {
  const text = read(file);
  const blocks = [...text.matchAll(/^[ \t]*\/\*\*?([\s\S]*?)\*\//gm)].map((match) =>
    (match[1] ?? '').replace(/^\s*\* ?/gm, ' '),
  );
  const runs = [...text.matchAll(/(?:^[ \t]*\/\/[^\n]*\n)+/gm)].map((match) => match[0].replace(/^[ \t]*\/\/ ?/gm, ''));
  return [...blocks, ...runs].flatMap(sentencesOf);
});
const messages = sources.flatMap((file) =>
  [...read(file).matchAll(/(['`])((?:(?!\1|\n).){20,}?[.:!?])\1/g)].map((match) => match[2] ?? '').flatMap(sentencesOf),
);
const documents = tracked('*.md')
  .filter((file) => !file.startsWith('test/') && !file.startsWith('.agent-tasks/'))
  .flatMap((file) =>
    read(file)
      .replace(/```[\s\S]*?```/g, '')
      .split(/\n{2,}/)
      .filter((block) => !/^\s*[|#]/.test(block))
      .flatMap(sentencesOf),
  );

const seed = Number(process.argv[2] ?? 1);
const next = random(seed);
for (const [name, all] of Object.entries({ comments, messages, documents })) {
  console.log(`\n${name} (${all.length} sentences, seed ${seed})`);
  for (let i = 0; i < 10; i++) console.log(`- ${all[Math.floor(next() * all.length)]}`);
}
