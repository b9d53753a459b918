import { deliver } from '../../../pipeline/steps/result/deliver.ts';
import { notifying } from '../../runtime/notices/notifying.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('deliver', deliver, { notifying });
