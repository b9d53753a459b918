/**
 * Changes that try to be verified while they are wrong, by every mechanism of Verify. None is delivered, and people read
 * what was found. The controls are honest changes of the same shapes.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { byCommands } from './forgeries/commands.ts';
import { judged, removeWorlds } from './forgeries/forgery.ts';
import { byGit } from './forgeries/git.ts';
import { honest } from './forgeries/honest.ts';
import { byInstall } from './forgeries/install.ts';
import { byKnownFailures, knownFailure } from './forgeries/known.ts';

afterAll(removeWorlds);

describe.concurrent('not delivered', () => {
  const all = [...byGit, ...byCommands, ...byInstall, ...byKnownFailures];
  test.each(all.map((forgery) => [forgery.how, forgery] as const))('%s', async (_how, forgery) => {
    const { passed, text } = await judged(forgery);
    expect({ passed, text }).toEqual({ passed: false, text: expect.stringMatching(forgery.named) });
  });
});

describe.concurrent('verified', () => {
  const all = [...honest, knownFailure];
  test.each(all.map((attempt) => [attempt.what, attempt] as const))('%s', async (_what, attempt) => {
    expect(await judged(attempt)).toEqual({ passed: true, text: '' });
  });
});
