import { verify } from '../pipeline/steps/verify.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('verify', verify);
