import { reserve } from '../../../pipeline/steps/intake/reserve.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('reserve', reserve, { announcing });
