// A command agent that renames an identifier below src/ and test/. The task has to say: Rename `before` to `after`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const out = process.env.DRYDOCK_OUT ?? '.';
const prompt = readFileSync(process.env.DRYDOCK_PROMPT_FILE ?? 0, 'utf8');
const [, before, after] = /Rename `([A-Za-z_$][\w$]*)` to `([A-Za-z_$][\w$]*)`/.exec(prompt) ?? [];

if (before === undefined || after === undefined) ask();
else rename(before, after);

/** A question stops the run until a person answers; the answer is part of the next prompt. */
function ask() {
  const question = {
    question: 'Which identifier should be renamed?',
    context: 'The task names none in the form that this agent reads.',
    options: ['Answer: Rename `before` to `after`'],
    suggested: 'Answer: Rename `before` to `after`',
  };
  writeFileSync(join(out, 'question.json'), JSON.stringify(question));
}

function rename(before, after) {
  const word = new RegExp(`(?<![\\w$])${before.replaceAll('$', '\\$')}(?![\\w$])`, 'g');
  const changed = [];
  for (const file of sources()) {
    const text = readFileSync(file, 'utf8');
    const renamed = text.replace(word, () => after);
    if (renamed === text) continue;
    writeFileSync(file, renamed);
    changed.push(file);
  }
  console.log(`Renamed ${before} to ${after} in ${changed.length} files`);
  writeFileSync(join(out, 'handoff.md'), `Renamed \`${before}\` in ${changed.join(', ') || 'no file'}.\n`);
}

function sources() {
  return ['src', 'test'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}
