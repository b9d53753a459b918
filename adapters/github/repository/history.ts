import { blameLine } from '../../git/blame.ts';
import { createMirror } from './mirror.ts';

/**
 * The functions that need git and a copy of the repository. They are an option of the code host, because no
 * function on AWS needs them, and each would carry them: gateways serve the base there, and `why` asks a work tree.
 */
export const history = { createMirror, blameLine };
export type History = typeof history;
