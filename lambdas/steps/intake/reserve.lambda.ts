import { reserve } from '../../../pipeline/steps/intake/reserve.ts';
import { telling } from '../../runtime/notices/telling.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('reserve', reserve, { telling });
