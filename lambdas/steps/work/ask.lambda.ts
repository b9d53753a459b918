import { ask } from '../../../pipeline/steps/work/ask.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('ask', ask);
