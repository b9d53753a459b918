import { reserve } from '../../../pipeline/steps/intake/reserve.ts';
import { notifying } from '../../runtime/notices/notifying.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('reserve', reserve, { notifying });
