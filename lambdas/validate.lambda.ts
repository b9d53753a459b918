import { validate } from '../pipeline/steps/validate.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('validate', validate);
