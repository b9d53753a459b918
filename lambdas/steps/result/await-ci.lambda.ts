import { awaitCi } from '../../../pipeline/steps/result/await-ci.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('await-ci', awaitCi, { announcing });
