/** Which paths of the base are compared with a change: by their names alone, so that a step can ask it without a parser. */

import { mayNamePrograms } from '../install-scripts.ts';
import { isReadableLock } from '../locks/packages.ts';
import { holdsTestSettings } from '../tests/settings/files.ts';
import { isSnapshot } from '../tests/snapshots.ts';
import { languageOf, mayHoldTests } from '../tests/source/language.ts';
import { kindOf } from './file-kinds.ts';
import { isProse } from './orders.ts';
import { mayBeShownFirst } from './shown-first.ts';

/** Code that runs before or around the tests of other files. */
export const isHelper = (path: string): boolean =>
  languageOf(path) !== undefined &&
  (mayHoldTests(path) || kindOf(path) === 'TestSettingsChanged' || kindOf(path) === 'TestsChanged');

/** Whether the content of this path is compared with the base. */
export const mayWeaken = (path: string): boolean =>
  isHelper(path) || mayNamePrograms(path) || isReadableLock(path) || holdsTestSettings(path) || isSnapshot(path);

/** Whether the content of a path at the base is compared. */
export const mayNeedAttention = (path: string): boolean => mayWeaken(path) || mayBeShownFirst(path) || isProse(path);
