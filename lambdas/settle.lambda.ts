import { settle } from '../pipeline/steps/settle.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('settle', settle);
