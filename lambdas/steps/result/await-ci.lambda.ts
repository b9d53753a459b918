import { awaitCi } from '../../../pipeline/steps/result/await-ci.ts';
import { telling } from '../../runtime/notices/telling.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('await-ci', awaitCi, { telling });
