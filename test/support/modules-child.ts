// node --import ./test/support/modules-child.ts PROGRAM…: says at the end on standard error which modules were loaded, one a line.
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
process.on('exit', () => writeSync(2, `${loaded.join('\n')}\n`));
