import { deliver } from '../../../pipeline/steps/result/deliver.ts';
import { telling } from '../../runtime/notices/telling.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('deliver', deliver, { telling });
