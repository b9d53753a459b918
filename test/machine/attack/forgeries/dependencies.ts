/** By the folder of dependencies, which all commands of a phase share and which comes before the system in PATH. */
import type { Forgery } from './forgery.ts';

const source = (program: string): string =>
  `import fs from 'node:fs';\nconst bin = process.env.DRYDOCK_DEPS + '/bin';\n${program}\nexport const add = (a, b) => b + a;\n`;
/** The base has a program in the folder that judges the change, as setup installed it. */
const sandbox = {
  setupCommand:
    'mkdir -p "$DRYDOCK_DEPS/bin" && printf \'#!/bin/sh\\ngrep -q documented add.mjs\\n\' > "$DRYDOCK_DEPS/bin/judge" && chmod +x "$DRYDOCK_DEPS/bin/judge"',
};
const criteria = { 'it is documented': 'judge' };
const passes = "'#!/bin/sh\\nexit 0\\n'";

export const byDependencies: Forgery[] = [
  {
    how: 'tests rewrite a program that setup installed',
    change: { 'add.mjs': source(`fs.writeFileSync(bin + '/judge', ${passes});`) },
    named: /^test .* changed \/deps\/bin\/judge\./,
  },
  {
    how: 'tests replace it by a link',
    change: {
      'add.mjs': source("fs.rmSync(bin + '/judge', { force: true }); fs.symlinkSync('/bin/true', bin + '/judge');"),
    },
    named: /^test .* changed \/deps\/bin\/judge\./,
  },
  {
    how: 'tests put a program of the same name as one of the system before it',
    change: { 'add.mjs': source(`fs.writeFileSync(bin + '/grep', ${passes}, { mode: 0o755 });`) },
    named: /^success: it is documented .* exited with 1/,
  },
  {
    how: 'tests take the rights of the folder, so that what is new in it stays',
    change: {
      'add.mjs': source(`fs.writeFileSync(bin + '/grep', ${passes}, { mode: 0o755 }); fs.chmodSync(bin, 0o555);`),
    },
    named: /^(?:test .* made \/deps\/bin\/grep|success: it is documented .* exited with 1)/,
  },
  {
    how: 'tests put a program into a virtual environment that was not made',
    change: {
      'add.mjs': source(
        `fs.mkdirSync(bin + '/../venv/bin', { recursive: true }); fs.writeFileSync(bin + '/../venv/bin/grep', ${passes}, { mode: 0o755 });`,
      ),
    },
    named: /^success: it is documented .* exited with 1/,
  },
].map((forgery) => ({ ...forgery, sandbox, criteria }));
