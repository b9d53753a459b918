/**
 * Changes that try to be verified while they are wrong, by every mechanism of Verify. None is delivered, and people read
 * what was found. The controls are honest changes of the same shapes.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { judged, removeWorlds } from './forgeries/forgery.ts';
import { byGit } from './forgeries/git.ts';

afterAll(removeWorlds);

describe.concurrent('not delivered', () => {
  test.each([...byGit])('$how', async (forgery) => {
    const { passed, text } = await judged(forgery);
    expect({ passed, text }).toEqual({ passed: false, text: expect.stringMatching(forgery.named) });
  });
});
