import { claim } from '../pipeline/steps/claim.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('claim', claim);
