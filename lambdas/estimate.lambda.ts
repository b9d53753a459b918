import { estimate } from '../pipeline/steps/estimate.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('estimate', estimate);
