import { awaitCi } from '../pipeline/steps/await-ci.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('await-ci', awaitCi);
