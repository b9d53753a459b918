/** Jobs that misbehave, for the tests of the thread. */
import { serveJobs } from '../../../../adapters/thread/serve.ts';
import { DrydockError } from '../../../../core/errors.ts';
import type { Job } from '../../../../core/ports/runtime/thread.ts';

export const double: Job<number, number> = { name: 'double', run: (n) => 2 * n };
export const spin: Job<null, never> = {
  name: 'spin',
  run: () => {
    for (;;);
  },
};
export const swell: Job<null, number> = {
  name: 'swell',
  run: () => {
    // In small steps: a thread is ended when its heap is full, and one large allocation at that moment ends the process.
    let held: object = {};
    for (let i = 0; ; i++) held = { held, text: `${i}` };
  },
};
export const refuse: Job<null, never> = {
  name: 'refuse',
  run: () => {
    throw new DrydockError('ResultInvalid', 'not this one', { remedy: 'another' });
  },
};
export const exit: Job<null, never> = { name: 'exit', run: () => process.exit(3) };
export const unknown: Job<null, never> = { name: 'unknown', run: refuse.run };

serveJobs([double, spin, swell, refuse, exit]);
