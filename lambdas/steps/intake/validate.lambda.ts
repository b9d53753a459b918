import { validate } from '../../../pipeline/steps/intake/validate.ts';
import { stepHandler } from '../../runtime/handler.ts';

export const handler = stepHandler('validate', validate);
