import { awaitCi } from '../../../pipeline/steps/result/await-ci.ts';
import { notifying } from '../../runtime/notices/notifying.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('await-ci', awaitCi, { notifying });
