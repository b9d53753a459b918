import { validate } from '../../../pipeline/steps/intake/validate.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('validate', validate);
