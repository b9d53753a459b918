import { deliver } from '../pipeline/steps/deliver.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('deliver', deliver);
