import { unifiedDiff } from './diff.ts';
import { mergeChanges, mergeOnto } from './merge.ts';

/**
 * The functions that compare the contents of commits. They are an option of the code host, because they make up a tenth of
 * the size of a function on AWS, and three of 27 functions need them.
 */
export const comparing = { unifiedDiff, mergeOnto, mergeChanges };
export type Comparing = typeof comparing;
