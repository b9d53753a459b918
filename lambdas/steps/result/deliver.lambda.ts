import { deliver } from '../../../pipeline/steps/result/deliver.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('deliver', deliver, { announcing });
