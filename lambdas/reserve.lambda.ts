import { reserve } from '../pipeline/steps/reserve.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('reserve', reserve);
