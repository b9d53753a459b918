import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** For processes that start many times in a test: what is compiled once is kept, a quarter of what a start costs. */
export const compileCache = {
  NODE_COMPILE_CACHE: join(tmpdir(), `drydock-tests-${process.getuid?.() ?? 0}`),
};
export const childEnv = (): NodeJS.ProcessEnv => ({ ...process.env, ...compileCache });
